"""At which addresses this system is served: the ones whose pages may open a socket."""

import logging
from typing import Any
from urllib.parse import urlparse, urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings

logger = logging.getLogger(__name__)


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
    return KnownOrigins(None, find_allowed_origins()).knows(url)


class KnownOrigins(OriginValidator):
    """Lets in the sockets of our own pages; what is no address at all is not one of them."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if origins and all(self.knows(origin) for origin in origins):
            return await self.application(scope, receive, send)
        return await refuse(scope, send, "it is not from a page of ours")

    def knows(self, origin: str) -> bool:
        try:
            return bool(self.valid_origin(urlparse(origin)))
        except ValueError:  # brackets that do not close, a port that is no number
            return False


async def refuse_unknown_path(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers sockets to addresses where there is no room."""
    await refuse(scope, send, "nothing is at its path")


async def refuse(scope: dict[str, Any], send: Any, why: str) -> None:
    """Closes before it was opened, which the server turns into an answer with status 403."""
    client = scope.get("client") or ("", 0)
    logger.warning("Socket refused, %s; from %s", why, client[0])
    await send({"type": "websocket.close", "code": 1000})
