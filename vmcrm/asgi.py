"""The web process: pages over HTTP, rooms over WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmcrm.settings")
os.environ.setdefault("VMCRM_DATABASE_WAIT_S", "4")  # workers have more time than people
pages = get_asgi_application()  # loads the apps, which what follows needs

from meetings.routing import websocket_urlpatterns  # noqa: E402 - the apps come first
from vmcrm.origins import KnownOrigins, find_allowed_origins, refuse_unknown_path  # noqa: E402
from vmcrm.proxies import TrustedProxies  # noqa: E402

elsewhere = re_path("", refuse_unknown_path)  # type: ignore[arg-type] # channels routes to ASGI
sockets = URLRouter([*websocket_urlpatterns, elsewhere])

application = TrustedProxies(
    ProtocolTypeRouter(
        {
            "http": pages,
            "websocket": KnownOrigins(AuthMiddlewareStack(sockets), find_allowed_origins()),
        }
    ),
    settings.TRUSTED_PROXIES,
)
