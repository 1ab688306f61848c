"""What a publisher's packets lead to: layers told apart, repairs placed, rubbish dropped."""

import asyncio
import time
from collections.abc import AsyncIterator
from struct import pack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_relay.events import EventBus
from media_relay.forwarding.nack import ASK_INTERVAL_S
from media_relay.forwarding.routing import MAX_ROUTES
from media_relay.intake import ASK_S, Intake
from media_relay.protocol import SOURCES
from media_relay.publication import Publication
from media_relay.publisher import Publisher
from media_relay.room import Room
from media_relay.sdp.parse import parse_description
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from tests.media_relay.offers import CHROMIUM_OFFER, FIREFOX_OFFER
from tests.media_relay.packets import VP8_KEY_FRAME, rtp, vp8

MID, RID, REPAIRED_RID = 4, 10, 11  # the extension ids of the offer


class Camera:
    """A publisher that has offered a microphone and a camera in three layers."""

    def __init__(self, offer: str = CHROMIUM_OFFER) -> None:
        self.stats = Stats()
        self.started_at = time.monotonic()
        room = Room(
            "room",
            endpoint=MediaEndpoint([], self.stats),
            bus=EventBus(self.stats),
            stats=self.stats,
        )
        self.publisher: Publisher = room.join("ann", frozenset(SOURCES)).publisher
        self.answer = self.publisher.answer(
            offer, {"0": "microphone", "1": "camera"}, frozenset(SOURCES), 0.0
        )
        self.close = room.close

    def take(self, packet: bytes, after_s: float) -> None:
        """A packet comes so many seconds after the start."""
        self.intake.on_rtp(packet, self.started_at + after_s)

    @property
    def intake(self) -> Intake:
        assert self.publisher.intake is not None
        return self.publisher.intake

    @property
    def publication(self) -> Publication:
        return self.publisher.publications["camera"]

    def numbers(self, rid: str) -> list[int]:
        """The low bits of the numbers that are kept of a layer."""
        [layer] = [layer for layer in self.publication.layers if layer.rid == rid]
        if layer.stream is None:
            return []
        return [packet.sequence & 0xFFFF for packet in layer.stream.ring.since(0)]


@pytest.fixture
async def camera() -> AsyncIterator[Camera]:
    made = Camera()
    yield made
    made.close()


def media(rid: str, sequence: int, ssrc: int, *, is_named: bool = True) -> bytes:
    names = {MID: b"1", RID: rid.encode()} if is_named else None
    return rtp(
        sequence=sequence, ssrc=ssrc, extensions=names, payload=vp8(sequence, 0, is_key=True)
    )


def repair(rid: str, original: int, ssrc: int, *, is_named: bool = True) -> bytes:
    names = {MID: b"1", REPAIRED_RID: rid.encode()} if is_named else None
    payload = pack("!H", original) + vp8(original, 0)
    return rtp(sequence=1, ssrc=ssrc, payload_type=97, extensions=names, payload=payload)


async def test_firefox_camera_that_shares_the_microphones_port_is_published_in_its_layers() -> None:
    camera = Camera(FIREFOX_OFFER)

    answered = parse_description(camera.answer)

    assert answered.bundle == ("0", "1")
    assert [(each.kind, each.port, each.direction) for each in answered.media] == [
        ("audio", 9, "recvonly"),
        ("video", 9, "recvonly"),
    ]
    assert [layer.rid for layer in camera.publication.layers] == ["l", "m", "h"]
    camera.close()


async def test_layers_are_told_apart_and_remembered_without_their_names(camera: Camera) -> None:
    for index, rid in enumerate("lmh"):
        camera.take(media(rid, 10, 100 + index), 0.0)
        camera.take(media(rid, 11 + index, 100 + index, is_named=False), 0.1)

    assert [camera.numbers(rid) for rid in "lmh"] == [[10, 11], [10, 12], [10, 13]]
    assert camera.stats.drops == {}


async def test_repairs_that_came_before_their_layer_are_bound_to_it(camera: Camera) -> None:
    """Browsers probe the bandwidth with retransmissions before the layer's first packet."""
    probe = rtp(
        sequence=0,
        ssrc=202,
        payload_type=97,
        extensions={MID: b"1", REPAIRED_RID: b"h"},
        payload=b"",
        padding=200,
    )
    camera.take(probe, 0.0)
    camera.take(media("h", 10, 102), 0.5)
    camera.take(media("h", 12, 102, is_named=False), 0.6)

    camera.take(repair("h", 11, 202, is_named=False), 0.7)

    assert camera.numbers("h") == [10, 11, 12]
    assert camera.stats.packets_recovered == 1


async def test_missing_packet_is_asked_for_once_the_next_ones_are_there(camera: Camera) -> None:
    camera.take(media("h", 10, 102), 0.0)
    camera.take(media("h", 12, 102, is_named=False), 0.0)

    await asyncio.sleep(2 * ASK_S)
    asked = camera.stats.nacks_out
    camera.take(repair("h", 11, 202), 0.0)
    await asyncio.sleep(2 * ASK_INTERVAL_S)

    assert (asked, camera.stats.nacks_out) == (1, 1), "asked once, and not after it came"


async def test_gap_that_a_repair_shows_is_asked_for(camera: Camera) -> None:
    camera.take(media("h", 10, 102), 0.0)

    camera.take(repair("h", 12, 202), 0.0)
    await asyncio.sleep(2 * ASK_S)

    assert camera.stats.nacks_out == 1


async def test_missing_packet_is_not_asked_for_when_the_publisher_has_left(camera: Camera) -> None:
    camera.take(media("h", 10, 102), 0.0)
    camera.take(media("h", 12, 102, is_named=False), 0.0)

    camera.intake.close()
    await asyncio.sleep(2 * ASK_S)

    assert camera.stats.nacks_out == 0


async def test_duplicate_key_frame_is_counted_once(camera: Camera) -> None:
    for now in (0.0, 0.1):
        camera.take(media("l", 10, 100), now)

    assert camera.stats.key_frames_in == 1
    assert camera.stats.drops == {"duplicate": 1}


async def test_packet_that_names_no_layer_goes_nowhere(camera: Camera) -> None:
    camera.take(rtp(sequence=1, ssrc=5, extensions={MID: b"1"}, payload=VP8_KEY_FRAME), 0.0)

    assert camera.stats.drops == {"unrouted": 1}


async def test_another_ssrc_of_a_layer_takes_over_but_not_many_times_a_second(
    camera: Camera,
) -> None:
    for index in range(10):
        camera.take(media("l", 10, 100 + index), index * 0.1)

    assert camera.stats.drops["unrouted"] == 8
    assert camera.numbers("l") == [10]


async def test_many_ssrcs_are_bounded(camera: Camera) -> None:
    for index in range(2 * MAX_ROUTES):
        camera.take(media("l", 10, 100 + index), 0.0)

    assert camera.intake.route_count == MAX_ROUTES


PACKETS = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda packet, at, value: (
            packet[: at % len(packet)] + bytes((value,)) + packet[at % len(packet) + 1 :]
        ),
        st.sampled_from([media("l", 1, 100), media("h", 2, 102), repair("h", 1, 202)]),
        st.integers(0, 200),
        st.integers(0, 255),
    ),
    st.builds(
        lambda packet, end: packet[: end % len(packet)],
        st.sampled_from([media("m", 1, 101), repair("l", 1, 200)]),
        st.integers(0, 200),
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packets=st.lists(PACKETS, max_size=40))
async def test_any_packets_are_taken_or_dropped_and_nothing_else(
    camera: Camera, packets: list[bytes]
) -> None:
    for index, packet in enumerate(packets):
        camera.take(packet, index * 0.01)
        camera.intake.on_rtcp(packet, camera.started_at)
        camera.intake.tick(camera.started_at)

    assert camera.intake.route_count <= MAX_ROUTES
