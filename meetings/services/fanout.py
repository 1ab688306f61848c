"""Tells the open sockets what changed, through the channel layer, once it is committed.

A message that gets lost is no harm: sockets compare their number with the database's and read
what they missed. So a channel layer that is away is logged and never fails the change itself.
"""

import asyncio
import dataclasses
import logging
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from crm.outage import Outage
from meetings.models import Meeting, Seat
from meetings.models.choices import SeatRole
from meetings.room_protocol import (
    ChatMessage,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    RecordingChanged,
    RoomAdvanced,
    encode,
)

SENDING_LIMIT_S: Final = 1.0
LAYER_AWAY: Final = (RedisError, ConnectionError, OSError, TimeoutError, ChannelFull)
"""What sending or subscribing raises while the server behind the channel layer is away."""

logger = logging.getLogger(__name__)
_outage = Outage("The channel layer")


def room_group(meeting_id: UUID | str) -> str:
    return f"room.{meeting_id}"


def hosts_group(meeting_id: UUID | str) -> str:
    return f"hosts.{meeting_id}"


def seat_group(seat_id: UUID | str) -> str:
    return f"seat.{seat_id}"


def announce_seat(
    meeting: Meeting, delta: ParticipantJoined | ParticipantUpdated | ParticipantLeft
) -> None:
    """A numbered change of a seat; those who may not know of it get the number alone."""
    _announce(meeting, delta.seat, delta.role, delta.seq, encode(delta), _number(delta.seq))


def announce_chat(meeting: Meeting, author: Seat, line: ChatMessage) -> None:
    """A chat line; those who may not know the author read it without the name."""
    nameless = dataclasses.replace(line, display_name="")
    _announce(meeting, line.seat, author.role, line.seq, encode(line), encode(nameless))


def announce_recording(meeting: Meeting, delta: RecordingChanged) -> None:
    """The notice that a recording runs, or that it is over, to everybody alike."""
    _announce(meeting, "", "", delta.seq, encode(delta), "")


def announce_recording_trouble(meeting: Meeting) -> None:
    """The relay does not record; those who may do something about it read why."""
    _send(hosts_group(meeting.public_id), {"type": "recording.troubled"})


def announce_number(meeting: Meeting, sequence: int) -> None:
    """A change that concerns nobody else: only its number is told."""
    _announce(meeting, "", "", sequence, _number(sequence), "")


def announce_end(meeting: Meeting) -> None:
    """The meeting is over for everybody."""
    _send(room_group(meeting.public_id), {"type": "room.ended"})


def announce_lobby(meeting: Meeting) -> None:
    """Somebody came to the lobby or left it; those who may admit read it anew."""
    _send(hosts_group(meeting.public_id), {"type": "lobby.changed"})


def tell_seat(seat: Seat, event: str, **fields: str) -> None:
    """A word to the sockets of one seat: admitted, removed, replaced, muted, changed."""
    _send(seat_group(seat.public_id), {"type": f"seat.{event}", **fields})


def _number(sequence: int) -> str:
    return encode(RoomAdvanced(seq=sequence))


def _announce(meeting: Meeting, seat: str, role: str, seq: int, text: str, masked: str) -> None:
    fields: dict[str, Any] = {"seat": seat, "role": role, "seq": seq, "text": text}
    if role == SeatRole.ATTENDEE:
        fields["masked"] = masked
    _send(room_group(meeting.public_id), {"type": "room.changed", **fields})


def _send(group: str, message: dict[str, Any]) -> None:
    transaction.on_commit(lambda: async_to_sync(_send_now)(group, message))


async def _send_now(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        logger.warning("No channel layer is configured: %s was not told to %s", message, group)
        return
    if not _outage.may_ask():
        return
    try:
        async with asyncio.timeout(SENDING_LIMIT_S):
            await layer.group_send(group, message)
    except ChannelFull as error:  # it answered: one reader is too slow
        logger.warning("%s was not told of %s: %r", group, message["type"], error)
    except LAYER_AWAY as error:
        _outage.note_failure(error)
        logger.warning("%s was not told of %s: %r", group, message["type"], error)
    else:
        _outage.note_answer()
