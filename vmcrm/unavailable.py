"""What people read when a part is busy or away: a sentence, a status for programs, a time.

A database that is locked, gone or full for a moment is no fault of the page that asked: whatever
page it was, the answer is 503 and the same request may be sent again. Passwords that had to wait
too long answer 429. Faults of our own stay what they are.
"""

import logging
import sys
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import get_template
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from vmcrm.password_hashing import PasswordsBusy

RETRY_AFTER_S: Final = 5
RETRY_AFTER_A_LIMIT_S: Final = 60
_SQLITE_ERROR: Final = 1
"""SQLite's code for a wrong statement, a missing table: ours to mend, not to wait for."""

logger = logging.getLogger(__name__)


class UnavailableMiddleware(MiddlewareMixin):
    """Answers what a view could not, because a part was busy or away."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        return _answer(request, exception)


def answer_failure(request: HttpRequest) -> HttpResponseBase:
    """The site's handler500: it also sees what failed outside of views, as a session's storing."""
    return _answer(request, sys.exc_info()[1]) or server_error(request)


def refuse_too_many(request: HttpRequest) -> HttpResponse:
    """The site's handler429, which allauth's limits call."""
    return _say(request, 429, _("Too many tries in a short time."), RETRY_AFTER_A_LIMIT_S)


def is_passing(error: BaseException | None) -> bool:
    """Whether the database itself is busy, gone or full, so that trying again can help."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return bool(code != _SQLITE_ERROR)


def _answer(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    if isinstance(error, PasswordsBusy):
        logger.warning("%s: too many passwords at once", request.path)
        return _say(request, 429, _("Too many tries in a short time."), RETRY_AFTER_S)
    if is_passing(error):
        logger.warning("%s: the database does not answer: %s", request.path, error)
        return _say(request, 503, _("The system is busy. Please try again."), RETRY_AFTER_S)
    return None


def _say(request: HttpRequest, status: int, sentence: str, retry_after_s: int) -> HttpResponse:
    """The pages need neither context nor database: what failed may be needed for both."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        code = "busy" if status == 503 else "too_many_tries"
        response = JsonResponse({"code": code, "detail": sentence}, status=status)
    else:
        response = HttpResponse(get_template(f"{status}.html").render(), status=status)
    response["Retry-After"] = str(retry_after_s)
    response["Cache-Control"] = "no-store"
    return response
