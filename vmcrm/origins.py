"""At which addresses this system is served: the ones whose pages may open a socket."""

from urllib.parse import urlparse, urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings


def find_allowed_origins() -> list[str]:
    """Pages whose scripts may open a socket: those of BASE_URL and of ALLOWED_HOSTS.

    Cookies go along to every port of a host, so a page on another port would act with the
    person's session: the port must be the one of BASE_URL, too.
    """
    base = urlsplit(settings.BASE_URL)
    port = f":{base.port}" if base.port else ""
    hosts = [f"{base.scheme}://{host}{port}" for host in settings.ALLOWED_HOSTS]
    return sorted({settings.BASE_URL, *hosts})


def is_served_at(url: str) -> bool:
    """Whether pages and rooms work when people come by this address."""
    return bool(OriginValidator(None, find_allowed_origins()).valid_origin(urlparse(url)))
