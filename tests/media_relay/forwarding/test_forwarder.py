"""A source on its way to a viewer, with every packet that leaves written down."""

from struct import unpack_from

from media_relay.forwarding.forwarder import RESEND_BURST, RESEND_INTERVAL_S, Forwarder
from media_relay.forwarding.ring import PacketRing
from media_relay.forwarding.rtcp import SenderReport, read_rtcp
from media_relay.forwarding.rtp import RtpHeader, read_header
from media_relay.forwarding.source import ClockMark
from tests.media_relay.packets import stored


class Viewer:
    """Takes what the forwarder sends."""

    def __init__(self, *, needs_key_frame: bool = True, uses_rtx: bool = False) -> None:
        self.packets: list[bytes] = []
        self.forwarder = Forwarder(
            send=self.take,
            payload_type=96,
            rtx_payload_type=97,
            clock_rate=90_000,
            needs_key_frame=needs_key_frame,
            now=0.0,
        )
        self.forwarder.uses_rtx = uses_rtx

    def take(self, head: bytes, packet: bytes, start: int) -> bool:
        self.packets.append(head + packet[start:])
        return True

    def headers(self) -> list[RtpHeader]:
        headers = [read_header(packet) for packet in self.packets]
        assert all(headers)
        return [header for header in headers if header is not None]


def send(viewer: Viewer, ring: PacketRing, *sequences: int, key: int | None = None) -> None:
    for sequence in sequences:
        packet = stored(
            sequence,
            timestamp=sequence * 3_000,
            is_key_frame_start=sequence == key,
            data=b"payload %d" % sequence,
        )
        ring.add(packet)
        viewer.forwarder.forward(packet, sequence / 30)


def test_forward_waits_for_a_key_frame_and_then_sends_all() -> None:
    viewer, ring = Viewer(), PacketRing(64)

    send(viewer, ring, 1, 2, 3, 4, 5, key=3)

    assert [packet[12:] for packet in viewer.packets] == [b"payload 3", b"payload 4", b"payload 5"]
    first, second, third = viewer.headers()
    assert {header.ssrc for header in (first, second, third)} == {viewer.forwarder.ssrc}
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    assert (third.timestamp - first.timestamp) & 0xFFFFFFFF == 6_000
    assert (viewer.forwarder.packet_count, viewer.forwarder.octet_count) == (3, 27)


def test_forward_sound_does_not_wait() -> None:
    viewer = Viewer(needs_key_frame=False)

    send(viewer, PacketRing(64), 1)

    assert len(viewer.packets) == 1


def test_forward_padding_only_is_swallowed_without_a_hole() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    send(viewer, ring, 1, key=1)

    viewer.forwarder.forward(stored(2, data=b""), 0.1)
    send(viewer, ring, 3)

    first, second = viewer.headers()
    assert (second.sequence - first.sequence) & 0xFFFF == 1


def test_start_over_resumes_at_the_next_key_frame_without_a_hole() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    send(viewer, ring, 1, 2, key=1)

    viewer.forwarder.start_over()
    send(viewer, ring, 3, 4, 5, key=4)

    headers = viewer.headers()
    numbers = [(header.sequence - headers[0].sequence) & 0xFFFF for header in headers]
    assert numbers == [0, 1, 2, 3]
    assert [packet[12:] for packet in viewer.packets][2:] == [b"payload 4", b"payload 5"]


def test_resend_without_rtx_repeats_the_very_bytes() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    send(viewer, ring, 1, 2, 3, key=1)
    lost = viewer.headers()[1].sequence

    count = viewer.forwarder.resend([lost], ring, 1.0)

    assert count == 1
    assert viewer.packets[3] == viewer.packets[1]


def test_resend_with_rtx_names_the_original_number() -> None:
    viewer, ring = Viewer(uses_rtx=True), PacketRing(64)
    send(viewer, ring, 1, 2, 3, key=1)
    lost = viewer.headers()[1]

    viewer.forwarder.resend([lost.sequence], ring, 1.0)

    repair = viewer.headers()[3]
    assert (repair.payload_type, repair.ssrc) == (97, viewer.forwarder.rtx_ssrc)
    assert repair.timestamp == lost.timestamp
    assert unpack_from("!H", viewer.packets[3], 12) == (lost.sequence,)
    assert viewer.packets[3][14:] == b"payload 2"


def test_resend_same_packet_at_once_is_answered_once() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    send(viewer, ring, 1, 2, key=1)
    lost = viewer.headers()[0].sequence

    counts = [
        viewer.forwarder.resend([lost], ring, now)
        for now in (1.0, 1.0, 1.0 + 2 * RESEND_INTERVAL_S)
    ]

    assert counts == [1, 0, 1]


def test_resend_never_sent_or_forgotten_number_is_ignored() -> None:
    viewer, ring = Viewer(), PacketRing(4)
    send(viewer, ring, *range(1, 11), key=1)
    oldest, newest = viewer.headers()[0].sequence, viewer.headers()[-1].sequence

    assert viewer.forwarder.resend([oldest], ring, 1.0) == 0
    assert viewer.forwarder.resend([(newest + 1) & 0xFFFF], ring, 1.0) == 0
    assert viewer.forwarder.resend([newest], ring, 1.0) == 1


def test_resend_number_of_an_earlier_source_is_ignored() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    send(viewer, ring, 1, 2, key=1)
    earlier = viewer.headers()[1].sequence
    viewer.forwarder.start_over()
    other = PacketRing(64)
    send(viewer, other, 1, 2, 3, key=1)

    assert viewer.forwarder.resend([earlier], other, 1.0) == 0


def test_resend_greedy_viewer_is_limited() -> None:
    viewer, ring = Viewer(), PacketRing(1_024)
    send(viewer, ring, *range(1, 1_001), key=1)
    numbers = [header.sequence for header in viewer.headers()]

    assert viewer.forwarder.resend(numbers, ring, 40.0) == RESEND_BURST


def test_sender_report_maps_the_publishers_clock_onto_the_viewers_timeline() -> None:
    viewer, ring = Viewer(), PacketRing(64)
    mark = ClockMark(ntp=5 << 32, rtp_timestamp=3_000, arrived_at=10.0)
    assert viewer.forwarder.sender_report(mark, 10.0) is None
    send(viewer, ring, 1, key=1)

    report = viewer.forwarder.sender_report(mark, 10.5)

    assert report is not None
    (item,) = read_rtcp(report)
    shown = viewer.headers()[0].timestamp  # stands for the source's timestamp 3000
    assert item == SenderReport(
        viewer.forwarder.ssrc, (5 << 32) + (1 << 31), (shown + 45_000) & 0xFFFFFFFF
    )
