"""A small room server inside the test. It speaks the real protocol through meetings.room_protocol,
remembers what the page asked, and does what the test tells it to.
"""

import dataclasses
import re
import uuid
from typing import Any, Literal

from playwright.sync_api import Page, WebSocketRoute

from meetings.room_protocol import (
    Admitted,
    AgendaEntry,
    ChatLine,
    ChatMessage,
    Error,
    LobbyEntry,
    Me,
    MeetingCard,
    Missed,
    Ok,
    ParticipantUpdated,
    Pong,
    RosterEntry,
    Snapshot,
    Waiting,
    decode,
    encode,
)

ALL_PERMISSIONS = (
    "publish_microphone",
    "publish_camera",
    "publish_screen",
    "chat",
    "admit",
    "mute",
    "remove",
    "end",
)
GUEST_PERMISSIONS = ALL_PERMISSIONS[:4]
SILENT = {"microphone": False, "camera": False, "screen": False, "screen_audio": False}


def make_entry(name: str, role: str = "presenter", **sources: bool) -> RosterEntry:
    seat = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return RosterEntry(
        seat=seat,
        display_name=name,
        role=role,  # type: ignore[arg-type]
        sources={**SILENT, **sources},  # type: ignore[arg-type]
        is_connected=True,
    )


class FakeRoom:
    """One page's server: `me` is the seat of the page under test."""

    def __init__(self, me: RosterEntry, *others: RosterEntry, title: str = "Partner round") -> None:
        self.me = me
        self.roster = [me, *others]
        self.permissions = ALL_PERMISSIONS if me.role == "host" else GUEST_PERMISSIONS
        self.title = title
        self.lobby: list[LobbyEntry] = []
        self.chat: list[ChatLine] = []
        self.seq = 10
        self.relay: Literal["ready", "lost"] = "ready"
        self.waits_at: int | None = None
        self.opens_at: str | None = None
        self.is_live = True
        self.refuses_chat: str | None = None
        self.asked: list[Any] = []
        self.socket_count = 0
        self.is_reachable = True
        self._route: WebSocketRoute | None = None

    def attach(self, page: Page) -> None:
        page.route_web_socket(re.compile(r"/ws/meetings/"), self._open)

    def send(self, message: Any) -> None:
        assert self._route is not None
        self._route.send(encode(message))

    def close(self, code: int) -> None:
        assert self._route is not None
        self._route.close(code=code, reason="")

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def say(self, who: RosterEntry, text: str) -> ChatMessage:
        """A line by somebody, stored and sent to the page."""
        message = ChatMessage(
            seq=self.next_seq(),
            seat=who.seat,
            display_name=who.display_name,
            text=text,
            sent_at="2026-05-04T08:30:00+00:00",
            client_id=str(uuid.uuid4()),
        )
        self.chat.append(ChatLine(**dataclasses.asdict(message)))
        self.send(message)
        return message

    def update(self, who: RosterEntry, **sources: bool) -> None:
        fields = dataclasses.asdict(who)
        fields["sources"] = {**who.sources, **sources}
        self.send(ParticipantUpdated(seq=self.next_seq(), **fields))

    def admit(self) -> None:
        self.waits_at = self.opens_at = None
        self.send(Admitted())

    def requests(self, name: str) -> list[Any]:
        return [message for message in self.asked if message.type == name]

    def _open(self, route: WebSocketRoute) -> None:
        self.socket_count += 1
        if not self.is_reachable:
            route.close(code=1012, reason="")
            return
        self._route = route
        route.on_message(lambda text: self._answer(decode(str(text))))

    def _answer(self, message: Any) -> None:
        self.asked.append(message)
        if message.type == "publish_offer":
            return  # there is no relay here, and no media
        answer = getattr(self, f"_answer_{message.type}", None)
        self.send(answer(message) if answer else Ok(id=message.id))

    def _answer_hello(self, message: Any) -> Any:
        if self.waits_at is not None or self.opens_at is not None:
            return Waiting(id=message.id, position=self.waits_at, opens_at=self.opens_at)
        return Snapshot(
            id=message.id,
            seq=self.seq,
            meeting=MeetingCard(
                public_id=str(uuid.uuid4()),
                title=self.title,
                kind="partner",
                agenda=(
                    AgendaEntry(position=0, title="Update", duration_min=15, speaker="Li Wei"),
                    AgendaEntry(position=1, title="Market", duration_min=25, speaker=""),
                    AgendaEntry(position=2, title="Proposal", duration_min=20, speaker="Ana"),
                ),
                starts_at="2026-05-04T08:00:00+00:00",
                ends_at="2026-05-04T09:00:00+00:00",
                has_lobby=True,
                opens_at="2026-05-04T07:30:00+00:00",
                is_live=self.is_live,
            ),
            me=Me(
                seat=self.me.seat,
                role=self.me.role,
                display_name=self.me.display_name,
                permissions=self.permissions,  # type: ignore[arg-type]
            ),
            roster=tuple(self.roster),
            lobby=tuple(self.lobby),
            chat=tuple(self.chat),
            ice_servers=(),
            relay=self.relay,
        )

    def _answer_ping(self, message: Any) -> Any:
        return Pong(id=message.id)

    def _answer_fetch(self, message: Any) -> Any:
        later = [line for line in self.chat if line.seq > message.after_seq]
        messages = tuple(ChatMessage(**dataclasses.asdict(line)) for line in later)
        return Missed(id=message.id, messages=messages)

    def _answer_send_chat(self, message: Any) -> Any:
        if self.refuses_chat:
            return Error(id=message.id, code="refused", sentence=self.refuses_chat)
        stored = ChatMessage(
            seq=self.next_seq(),
            seat=self.me.seat,
            display_name=self.me.display_name,
            text=message.text,
            sent_at="2026-05-04T08:31:00+00:00",
            client_id=message.client_id,
        )
        self.chat.append(ChatLine(**dataclasses.asdict(stored)))
        self.send(stored)
        return Ok(id=message.id)
