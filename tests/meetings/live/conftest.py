"""A room with a host and guests, a fake relay, and pages that are closed at the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from meetings import relay_client, socket_watch
from meetings.models import Meeting, Seat
from tests.fake_relay import FakeRelay, running_relay
from tests.meetings.live.rooms import Page, guest_cookie, make_guest, make_meeting, session_cookie


@pytest.fixture
async def relay(settings: Any) -> AsyncIterator[FakeRelay]:
    """The process's relay client talks to this one."""
    async with running_relay() as relay:
        settings.RELAY_URLS, settings.RELAY_SECRET = [relay.url], relay.secret
        yield relay
        await relay_client.get_client().aclose()


@dataclass
class LiveRoom:
    """One meeting with its people and the pages they opened."""

    meeting: Meeting
    host_cookie: str
    guest: Seat
    other: Seat
    pages: list[Page]

    def page(self, cookie: str, **options: Any) -> Page:
        page = Page(self.meeting.public_id, cookie, **options)
        self.pages.append(page)
        return page

    async def host_page(self) -> Page:
        page = self.page(self.host_cookie)
        await page.enter()
        return page

    async def guest_page(self, seat: Seat | None = None) -> Page:
        page = self.page(guest_cookie(seat or self.guest))
        await page.enter()
        return page


MakeRoom = Callable[..., Awaitable[LiveRoom]]


def furnish(**fields: Any) -> tuple[Meeting, str, Seat, Seat]:
    meeting = make_meeting(**fields)
    guest, other = make_guest(meeting, "Greta Guest"), make_guest(meeting, "Otto Other")
    return meeting, session_cookie(meeting.host), guest, other


@pytest.fixture
async def make_room(transactional_db: None, relay: FakeRelay) -> AsyncIterator[MakeRoom]:
    rooms: list[LiveRoom] = []

    async def make(**fields: Any) -> LiveRoom:
        room = LiveRoom(*await sync_to_async(furnish)(**fields), pages=[])
        rooms.append(room)
        return room

    yield make
    for room in rooms:
        for page in room.pages:
            await page.leave_socket()


@pytest.fixture
async def room(make_room: MakeRoom) -> LiveRoom:
    return await make_room()


@pytest.fixture
def fast_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch looks every tenth of a second."""
    monkeypatch.setattr(socket_watch, "TICK_S", 0.1)
