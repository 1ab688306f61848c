"""The web process: pages over HTTP, rooms over WebSocket."""

import os
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmcrm.settings")
pages = get_asgi_application()  # loads the apps, which what follows needs

from meetings.routing import websocket_urlpatterns  # noqa: E402 - the apps come first


def find_allowed_origins() -> list[str]:
    """Pages whose scripts may open a socket: those of BASE_URL and of ALLOWED_HOSTS.

    Cookies go along to every port of a host, so a page on another port would act with the
    person's session: the port must be the one of BASE_URL, too.
    """
    base = urlsplit(settings.BASE_URL)
    port = f":{base.port}" if base.port else ""
    hosts = [f"{base.scheme}://{host}{port}" for host in settings.ALLOWED_HOSTS]
    return sorted({settings.BASE_URL, *hosts})


application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), find_allowed_origins()
        ),
    }
)
