"""The only door to the media relay: one authenticated WebSocket per relay and web process.

`client` is what the rest of meetings calls, `placement` knows which relay a room is on, `link`
keeps one connection up, with its `people` and `requests`.
"""

from meetings.relay_client.client import RelayClient, get_client, use_places, use_talk_listener
from meetings.relay_client.errors import RelayRefused, RelayUnavailable
from meetings.relay_client.link import RelayLink
from meetings.relay_client.people import Listener
from meetings.relay_client.placement import Places, least_loaded

__all__ = [
    "Listener",
    "Places",
    "RelayClient",
    "RelayLink",
    "RelayRefused",
    "RelayUnavailable",
    "get_client",
    "least_loaded",
    "use_places",
    "use_talk_listener",
]
