"""The colleague behind a request: admin pages let nobody else in."""

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

if TYPE_CHECKING:
    from crm.models import User


def colleague(request: HttpRequest) -> "User":
    return cast("User", request.user)
