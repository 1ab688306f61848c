"""The live room as it is in the database: who is in it, who waits, what was said, what changed."""

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F, QuerySet

from meetings import room_protocol
from meetings.models import AgendaItem, ChatMessage, LiveSeat, Meeting, Seat, TalkTime
from meetings.models.choices import RegistrationState, SeatRole, SeatState
from meetings.permissions import can_take_place
from meetings.room_permissions import can_see_attendees
from meetings.room_protocol import (
    AgendaEntry,
    ChatLine,
    Delta,
    LobbyEntry,
    MeetingCard,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    RoomAdvanced,
    RosterEntry,
    SeatTalk,
    TalkTimes,
)
from meetings.selectors.recording import changed_after

CHAT_HISTORY_LINES = 200
CHAT_RESUME_LINES = 1_000
CHAT_HISTORY_CHARS = 100_000
"""Whatever is asked for, a snapshot stays well below what may wait in a socket's outbox."""


@dataclasses.dataclass(frozen=True)
class Viewer:
    """For whose eyes something is: decides what is left out."""

    seat: str
    role: str
    kind: str

    @property
    def sees_attendees(self) -> bool:
        return can_see_attendees(self.role, self.kind)

    def may_see(self, seat: str, role: str) -> bool:
        return self.sees_attendees or role != SeatRole.ATTENDEE or seat == self.seat


@dataclasses.dataclass(frozen=True)
class SeatFacts:
    """What a socket's right to be in the room hangs on, read anew every few seconds."""

    role: str
    state: str
    connection: str
    can_take_place: bool
    is_live: bool
    is_meeting_over: bool
    room_sequence: int
    is_registered: bool
    link_version: int | None


def meeting_card(meeting: Meeting) -> MeetingCard:
    agenda = AgendaItem.objects.filter(meeting=meeting).order_by("position", "pk")
    return MeetingCard(
        public_id=str(meeting.public_id),
        title=meeting.title,
        kind=meeting.kind,
        agenda=tuple(
            AgendaEntry(
                position=item.position,
                title=item.title,
                duration_min=item.duration_min,
                speaker=item.speaker,
            )
            for item in agenda
        ),
        starts_at=meeting.starts_at.isoformat(),
        ends_at=meeting.ends_at.isoformat(),
        has_lobby=meeting.has_lobby,
        opens_at=meeting.room_opens_at.isoformat(),
        is_live=meeting.is_live,
    )


def room_sequence(meeting: Meeting) -> int:
    """The number of the newest change. Read it before the rest: what is newer comes as a delta."""
    return Meeting.objects.values_list("room_sequence", flat=True).get(pk=meeting.pk)


def roster(meeting: Meeting, viewer: Viewer) -> tuple[RosterEntry, ...]:
    """Everybody in the room whom the viewer may know of, first come first."""
    entries = (roster_entry(row) for row in _live(meeting).filter(is_present=True))
    return tuple(entry for entry in entries if viewer.may_see(entry.seat, entry.role))


def roster_entry(live: LiveSeat) -> RosterEntry:
    return RosterEntry(**_entry_fields(live))


def joined(live: LiveSeat) -> ParticipantJoined:
    return ParticipantJoined(seq=live.changed_sequence, **_entry_fields(live))


def updated(live: LiveSeat) -> ParticipantUpdated:
    return ParticipantUpdated(seq=live.changed_sequence, **_entry_fields(live))


def left(live: LiveSeat) -> ParticipantLeft:
    return ParticipantLeft(seq=live.changed_sequence, **_entry_fields(live))


def lobby(meeting: Meeting) -> tuple[LobbyEntry, ...]:
    """Who waits with an open page, first come first."""
    waiting = _live(meeting).filter(seat__state=SeatState.WAITING).exclude(connection="")
    return tuple(
        LobbyEntry(seat=str(row.seat.public_id), display_name=row.seat.display_name)
        for row in waiting
    )


def chat_history(meeting: Meeting, viewer: Viewer, after: int | None) -> tuple[ChatLine, ...]:
    """The newest lines; for somebody who returns, all since `after` within reason."""
    lines = _chat(meeting)
    newest = list(lines.order_by("-sequence")[:CHAT_HISTORY_LINES])
    if after is not None and newest and newest[-1].sequence > after:
        missed = lines.filter(sequence__gt=after).order_by("-sequence")
        newest = list(missed[:CHAT_RESUME_LINES])
    return tuple(chat_line(line, viewer) for line in reversed(_within_reason(newest)))


def chat_line(line: ChatMessage, viewer: Viewer | None = None) -> ChatLine:
    """The line; without its author's name where the viewer may not learn it."""
    is_named = viewer is None or viewer.may_see(str(line.seat.public_id), line.seat.role)
    return ChatLine(
        seq=line.sequence,
        seat=str(line.seat.public_id),
        display_name=line.seat.display_name if is_named else "",
        text=line.text,
        sent_at=line.sent_at.isoformat(),
        client_id=str(line.client_id),
    )


def deltas_after(meeting: Meeting, viewer: Viewer, after: int) -> tuple[Delta, ...]:
    """Every numbered change after `after` in the room's order, as far as the viewer may know.

    Of several changes of one seat the newest alone is told: it holds what the others said.
    """
    lines = _chat(meeting).filter(sequence__gt=after).order_by("-sequence")[:CHAT_RESUME_LINES]
    said = [said_by(line, viewer) for line in _within_reason(list(lines))]
    seats = _live(meeting).filter(changed_sequence__gt=after)
    moved = (updated(row) if row.is_present else left(row) for row in seats)
    seen: list[Delta] = [*said, *(for_viewer(delta, viewer) for delta in moved)]
    if (recording := changed_after(meeting, after)) is not None:
        seen.append(recording)
    return tuple(sorted(seen, key=lambda delta: delta.seq))


def said_by(line: ChatMessage, viewer: Viewer | None = None) -> room_protocol.ChatMessage:
    fields = dataclasses.asdict(chat_line(line, viewer))
    return room_protocol.ChatMessage(**fields)


def for_viewer(delta: ParticipantUpdated | ParticipantLeft, viewer: Viewer) -> Delta:
    """The change of a seat, or nothing but its number where the viewer may not know of it."""
    return delta if viewer.may_see(delta.seat, delta.role) else RoomAdvanced(seq=delta.seq)


def seat_facts(seat_ids: Collection[int]) -> dict[int, SeatFacts]:
    """One query for all sockets of a process."""
    rows = Seat.objects.filter(pk__in=seat_ids).select_related("meeting", "registration", "live")
    return {row.pk: _facts(row) for row in rows}


def _facts(seat: Seat) -> SeatFacts:
    registration = seat.registration
    live: LiveSeat | None = getattr(seat, "live", None)
    return SeatFacts(
        role=seat.role,
        state=seat.state,
        connection=live.connection if live else "",
        can_take_place=can_take_place(seat, seat.meeting),
        is_live=seat.meeting.is_live,
        is_meeting_over=seat.meeting.is_over,
        room_sequence=seat.meeting.room_sequence,
        is_registered=registration is None or registration.state == RegistrationState.REGISTERED,
        link_version=registration.link_version if registration else None,
    )


def held_sources(seat: Seat) -> set[str]:
    """What a host switched off and the person did not switch on again."""
    held = LiveSeat.objects.filter(seat=seat).values_list("held_sources", flat=True).first()
    return set(held or ())


def _live(meeting: Meeting) -> QuerySet[LiveSeat]:
    rows = LiveSeat.objects.filter(seat__meeting=meeting).select_related("seat")
    return rows.order_by(F("seat__admitted_at").asc(nulls_last=True), "seat_id")


def _chat(meeting: Meeting) -> QuerySet[ChatMessage]:
    return ChatMessage.objects.filter(meeting=meeting, deleted_at=None).select_related("seat")


def _within_reason(newest_first: list[ChatMessage]) -> list[ChatMessage]:
    kept: list[ChatMessage] = []
    chars = 0
    for line in newest_first:
        chars += len(line.text)
        if kept and chars > CHAT_HISTORY_CHARS:
            break
        kept.append(line)
    return kept


def _entry_fields(live: LiveSeat) -> dict[str, Any]:
    return {
        "seat": str(live.seat.public_id),
        "display_name": live.seat.display_name,
        "role": live.seat.role,
        "sources": switches(live.sources),
        "is_connected": live.connection != "",
    }


def switches(enabled: Iterable[str]) -> dict[str, bool]:
    """What is switched on, for each source there is."""
    known = ("microphone", "camera", "screen", "screen_audio")
    return {source: source in enabled for source in known}


def talk_times(meeting: Meeting) -> TalkTimes:
    """Everybody who has talked since the meeting went live."""
    seconds = TalkTime.objects.filter(seat__meeting=meeting).seconds_by_seat()
    names = dict(Seat.objects.filter(pk__in=seconds).values_list("pk", "public_id"))
    return TalkTimes(
        seats=tuple(
            SeatTalk(seat=str(names[pk]), talked_s=round(talked_s))
            for pk, talked_s in sorted(seconds.items())
            if talked_s > 0
        )
    )
