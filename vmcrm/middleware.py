"""The signed-in person's own language and time zone, for the length of one request."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.decorators import sync_and_async_middleware

GetResponse = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]


@sync_and_async_middleware
def PersonalSettingsMiddleware(get_response: GetResponse) -> GetResponse:  # noqa: N802 - a class to its users
    """Follows LocaleMiddleware (browser's wish, cookie) and AuthenticationMiddleware."""
    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> HttpResponse:
            _activate(request, await request.auser())
            return await get_response(request)

        return serve_async

    def serve(request: HttpRequest) -> HttpResponse:
        _activate(request, request.user)
        return get_response(request)  # type: ignore[return-value]

    return serve


def _activate(request: HttpRequest, user: object) -> None:
    """A language chosen on this device (cookie) wins over the one kept with the account."""
    timezone.deactivate()
    if not getattr(user, "is_authenticated", False):
        return
    language = getattr(user, "language", "")
    has_chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    if not has_chosen and language in dict(settings.LANGUAGES):
        translation.activate(language)
        request.LANGUAGE_CODE = language
    zone_name = getattr(user, "time_zone", "")
    if zone_name:
        try:
            timezone.activate(ZoneInfo(zone_name))
        except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine does not know
            timezone.deactivate()
