"""The web process: pages over HTTP, rooms over WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmcrm.settings")
os.environ.setdefault("VMCRM_DATABASE_WAIT_S", "4")  # workers have more time than people
pages = get_asgi_application()  # loads the apps, which what follows needs

from meetings.routing import websocket_urlpatterns  # noqa: E402 - the apps come first
from vmcrm.origins import find_allowed_origins  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), find_allowed_origins()
        ),
    }
)
