"""TURN servers for pages behind strict networks, with credentials that run out by themselves."""

import base64
import hashlib
import hmac
import time
from typing import Final

from django.conf import settings

from meetings.room_protocol import IceServer

# For making connections: one that stands is not asked again, and a page that makes one later asks
# for new credentials (js/ice_servers.js).
CREDENTIAL_LASTS_S: Final = 3600


def ice_servers(participant: str) -> tuple[IceServer, ...]:
    """What a page needs besides the relay's own address; empty when no TURN server is set.

    The credential follows the scheme that coturn calls `use-auth-secret`: the name holds when it
    runs out, the password is a keyed hash of the name.
    """
    if not settings.TURN_URLS:
        return ()
    name = f"{int(time.time()) + CREDENTIAL_LASTS_S}:{participant}"
    digest = hmac.new(settings.TURN_SECRET.encode(), name.encode(), hashlib.sha1).digest()
    return (
        IceServer(
            urls=tuple(settings.TURN_URLS),
            username=name,
            credential=base64.b64encode(digest).decode(),
        ),
    )
