"""The socket of the live room, one file per subject; `room` puts them together."""

from meetings.consumers.room import RoomConsumer

__all__ = ["RoomConsumer"]
