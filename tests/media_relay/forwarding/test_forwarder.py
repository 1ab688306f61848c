"""A source on its way to a viewer, with every packet that leaves written down."""

from struct import unpack_from

from media_relay.forwarding.forwarder import RESEND_BURST, RESEND_INTERVAL_S, Forwarder
from media_relay.forwarding.rtcp import SenderReport, read_rtcp
from media_relay.forwarding.rtp import RtpHeader, read_header
from media_relay.forwarding.source import VIDEO_RING, SourceStream
from media_relay.forwarding.vp8 import read_vp8
from tests.media_relay.packets import rtp, stored, vp8


def source() -> SourceStream:
    return SourceStream(ssrc=1, codec="VP8", clock_rate=90_000, extension_ids={13: 2})


class Viewer:
    """Takes what the forwarder sends."""

    def __init__(self, *, uses_rtx: bool = False) -> None:
        self.packets: list[bytes] = []
        self.forwarder = Forwarder(
            send=self.take, payload_type=96, rtx_payload_type=97, clock_rate=90_000, now=0.0
        )
        self.forwarder.uses_rtx = uses_rtx

    def take(self, head: bytes, packet: bytes, start: int) -> bool:
        self.packets.append(head + packet[start:])
        return True

    def headers(self) -> list[RtpHeader]:
        headers = [read_header(packet) for packet in self.packets]
        assert all(headers)
        return [header for header in headers if header is not None]


def send(viewer: Viewer, stream: SourceStream, *sequences: int, start: bool = False) -> None:
    for sequence in sequences:
        packet = stored(sequence, timestamp=sequence * 3_000, data=b"payload %d" % sequence)
        stream.ring.add(packet)
        if start and sequence == sequences[0]:
            viewer.forwarder.switch(stream, packet, sequence / 30)
        viewer.forwarder.forward(packet, sequence / 30)


def test_forward_before_a_source_is_known_sends_nothing() -> None:
    viewer = Viewer()

    send(viewer, source(), 1)

    assert viewer.packets == []


def test_forward_sends_all_from_the_switch_on() -> None:
    viewer, stream = Viewer(), source()

    send(viewer, stream, 3, 4, 5, start=True)
    send(viewer, stream, 2)

    assert [packet[12:] for packet in viewer.packets] == [b"payload 3", b"payload 4", b"payload 5"]
    first, second, third = viewer.headers()
    assert {header.ssrc for header in (first, second, third)} == {viewer.forwarder.ssrc}
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    assert (third.timestamp - first.timestamp) & 0xFFFFFFFF == 6_000
    assert (viewer.forwarder.packet_count, viewer.forwarder.octet_count) == (3, 27)


def test_switch_goes_on_without_a_hole() -> None:
    viewer = Viewer()
    send(viewer, source(), 1, 2, start=True)

    send(viewer, source(), 4, 5, start=True)

    headers = viewer.headers()
    numbers = [(header.sequence - headers[0].sequence) & 0xFFFF for header in headers]
    assert numbers == [0, 1, 2, 3]
    assert [packet[12:] for packet in viewer.packets][2:] == [b"payload 4", b"payload 5"]


def test_forward_rewrites_picture_numbers_and_nothing_else() -> None:
    viewer, low, high = Viewer(), source(), source()
    for stream, picture_id, tl0 in ((low, 0x7FFF, 255), (high, 300, 3)):
        packet = rtp(
            sequence=9, extensions={13: b"\x01"}, payload=vp8(picture_id, tl0, is_key=True)
        )
        header = read_header(packet)
        assert header is not None
        kept = stream.receive(packet, header, 0.0)
        assert kept is not None
        viewer.forwarder.switch(stream, kept, 0.0)
        viewer.forwarder.forward(kept, 0.0)

    first, second = (
        read_vp8(packet, header.payload_start, header.payload_end)
        for packet, header in zip(viewer.packets, viewer.headers(), strict=True)
    )
    assert (first.picture_id, first.tl0) == (0x7FFF, 255)
    assert (second.picture_id, second.tl0) == (0, 0)
    assert viewer.packets[1][12:20] == bytes((0xBE, 0xDE, 0, 1, 0x20, 1, 0, 0))
    assert viewer.packets[1][25:] == vp8(0, 0, is_key=True)[5:]


def test_resend_without_rtx_repeats_the_very_bytes() -> None:
    viewer, stream = Viewer(), source()
    send(viewer, stream, 1, 2, 3, start=True)
    lost = viewer.headers()[1].sequence

    count = viewer.forwarder.resend([lost], 1.0)

    assert count == 1
    assert viewer.packets[3] == viewer.packets[1]


def test_resend_with_rtx_names_the_original_number() -> None:
    viewer, stream = Viewer(uses_rtx=True), source()
    send(viewer, stream, 1, 2, 3, start=True)
    lost = viewer.headers()[1]

    viewer.forwarder.resend([lost.sequence], 1.0)

    repair = viewer.headers()[3]
    assert (repair.payload_type, repair.ssrc) == (97, viewer.forwarder.rtx_ssrc)
    assert repair.timestamp == lost.timestamp
    assert unpack_from("!H", viewer.packets[3], 12) == (lost.sequence,)
    assert viewer.packets[3][14:] == b"payload 2"


def test_resend_same_packet_at_once_is_answered_once() -> None:
    viewer, stream = Viewer(), source()
    send(viewer, stream, 1, 2, start=True)
    lost = viewer.headers()[0].sequence

    counts = [
        viewer.forwarder.resend([lost], now) for now in (1.0, 1.0, 1.0 + 2 * RESEND_INTERVAL_S)
    ]

    assert counts == [1, 0, 1]


def test_resend_never_sent_or_forgotten_number_is_ignored() -> None:
    viewer, stream = Viewer(), source()
    send(viewer, stream, *range(1, VIDEO_RING + 2), start=True)
    oldest, newest = viewer.headers()[0].sequence, viewer.headers()[-1].sequence

    assert viewer.forwarder.resend([oldest], 1.0) == 0
    assert viewer.forwarder.resend([(newest + 1) & 0xFFFF], 1.0) == 0
    assert viewer.forwarder.resend([newest], 1.0) == 1


def test_resend_number_of_the_layer_before_the_switch_repeats_the_very_bytes() -> None:
    viewer = Viewer()
    send(viewer, source(), 1, 2, start=True)
    send(viewer, source(), 1, 2, 3, start=True)

    viewer.forwarder.resend([viewer.headers()[1].sequence], 1.0)

    assert viewer.packets[-1] == viewer.packets[1]


def test_resend_packet_that_came_after_the_switch_is_sent_for_the_first_time() -> None:
    viewer, low = Viewer(), source()
    send(viewer, low, 1, 3, start=True)
    send(viewer, source(), 7, start=True)
    send(viewer, low, 2)

    lost = (viewer.headers()[0].sequence + 1) & 0xFFFF

    assert viewer.packets[-1][12:] == b"payload 7"
    assert viewer.forwarder.resend([lost], 1.0) == 1
    assert viewer.packets[-1][12:] == b"payload 2"


def test_resend_number_of_somebody_elses_track_is_ignored() -> None:
    viewer = Viewer()
    send(viewer, source(), 1, 2, start=True)
    earlier = viewer.headers()[1].sequence

    viewer.forwarder.start_over()
    send(viewer, source(), 1, 2, 3, start=True)

    assert viewer.forwarder.resend([earlier], 1.0) == 0


def test_resend_greedy_viewer_is_limited() -> None:
    viewer, stream = Viewer(), source()
    send(viewer, stream, *range(1, 1_001), start=True)
    numbers = [header.sequence for header in viewer.headers()]

    assert viewer.forwarder.resend(numbers, 40.0) == RESEND_BURST


def test_sender_report_maps_the_publishers_clock_onto_the_viewers_timeline() -> None:
    viewer, stream = Viewer(), source()
    stream.accept_sender_report(SenderReport(1, 5 << 32, 3_000), 10.0)
    assert viewer.forwarder.sender_report(10.0) is None
    send(viewer, stream, 1, start=True)
    assert viewer.forwarder.is_report_due

    report = viewer.forwarder.sender_report(10.5)

    assert report is not None
    assert not viewer.forwarder.is_report_due
    (item,) = read_rtcp(report)
    shown = viewer.headers()[0].timestamp  # stands for the source's timestamp 3000
    assert item == SenderReport(
        viewer.forwarder.ssrc, (5 << 32) + (1 << 31), (shown + 45_000) & 0xFFFFFFFF
    )
