"""What a viewer is told once a second, whatever is forwarded."""

import pytest

from media_relay.delivery import Delivery
from media_relay.forwarding.rtcp import Reports, read_rtcp
from media_relay.protocol import ConnectionState
from media_relay.quality import PathMeter, RoundTrip
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.view import View


class Owner:
    """Is told nothing that matters here."""

    def connection_changed(self, state: ConnectionState) -> None: ...

    def videos_paused(self) -> None: ...


@pytest.fixture
def delivery() -> Delivery:
    stats = Stats()
    return Delivery(
        Owner(),
        endpoint=MediaEndpoint([], stats),
        view=View(),
        meter=PathMeter(0.0),
        round_trip=RoundTrip(),
        stats=stats,
    )


def reports_of(delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    sent: list[bytes] = []
    monkeypatch.setattr(delivery.connection, "send_rtcp", sent.append)
    delivery.report(1.0)
    return sent


def test_viewer_to_whom_nothing_is_forwarded_gets_an_empty_report(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery.connection.state = "connected"

    [packet] = reports_of(delivery, monkeypatch)

    assert packet[:2] == bytes((0x80, 201)), "a receiver report on no source comes first"
    assert [item for item in read_rtcp(packet) if isinstance(item, Reports) and item.blocks] == []


def test_viewer_who_is_not_there_yet_gets_none(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reports_of(delivery, monkeypatch) == []
