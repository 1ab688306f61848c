"""What is said in the room's chat: stored before anybody is told."""

import unicodedata
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from meetings import room_protocol
from meetings.models import ChatMessage, Seat
from meetings.selectors import room as room_selectors
from meetings.services import fanout
from meetings.services.room_refusals import ClientIdTaken, EmptyText, NotInRoom
from meetings.services.room_sequence import advance, lock_meeting

KEPT_CONTROLS: Final = "\n\t"
BIDI_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They would turn the rest of the line, or somebody's name, back to front."""


def post(*, seat: Seat, client_id: UUID, text: str) -> room_protocol.ChatMessage:
    """Stores a line and tells the room. The same `client_id` again gives the stored line.

    Raises EmptyText, NotInRoom, ClientIdTaken (the mark belongs to a line with other words).
    """
    clean = clean_text(text)
    if not clean:
        raise EmptyText
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        author = Seat.objects.get(pk=seat.pk)
        if not author.is_admitted or meeting.is_over:
            raise NotInRoom
        stored = ChatMessage.objects.filter(seat=author, client_id=client_id).first()
        if stored is None:
            stored = ChatMessage.objects.create(
                meeting=meeting,
                seat=author,
                client_id=client_id,
                text=clean,
                sequence=advance(meeting),
                sent_at=timezone.now(),
            )
            fanout.announce_chat(meeting, author, room_selectors.said_by(stored))
        elif stored.text != clean:
            raise ClientIdTaken
    return room_selectors.said_by(stored)


def clean_text(text: str) -> str:
    """NFC, without control and direction characters, without blanks around it."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        character
        for character in composed
        if character in KEPT_CONTROLS
        or (unicodedata.category(character) != "Cc" and character not in BIDI_CONTROLS)
    ).strip()
