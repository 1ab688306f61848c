"""RTCP read and written, checked against aiortc."""

from aiortc import rtp as aiortc_rtp
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.rtcp import (
    BitrateEstimate,
    Bye,
    KeyFrameRequest,
    Nack,
    ReportBlock,
    Reports,
    SenderReport,
    read_rtcp,
    write_bitrate_cap,
    write_nack,
    write_picture_loss,
    write_receiver_report,
    write_sender_report,
    write_source_description,
)

SEQUENCES = st.sets(st.integers(0, 65_535 * 3), min_size=1, max_size=60).map(sorted)


@given(SEQUENCES)
def test_write_nack_is_read_back_as_the_same_numbers(sequences: list[int]) -> None:
    packet = write_nack(1, 2, sequences)

    (item,) = read_rtcp(packet)

    assert isinstance(item, Nack)
    assert item.media_ssrc == 2
    assert set(item.sequences) == {sequence & 0xFFFF for sequence in sequences}


def test_write_nack_over_the_wrap_is_understood_by_aiortc() -> None:
    (theirs,) = RtcpPacket.parse(write_nack(1, 2, [65_535, 65_536, 65_551, 65_552]))

    assert isinstance(theirs, RtcpRtpfbPacket)
    assert [number & 0xFFFF for number in theirs.lost] == [65_535, 0, 15, 16]


def test_read_nack_of_aiortc() -> None:
    packet = bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=7, lost=[3, 5, 40]))

    assert read_rtcp(packet) == [Nack(7, (3, 5, 40))]


def test_read_compound_of_all_that_matters() -> None:
    compound = (
        write_sender_report(ssrc=9, ntp=2**63 + 5, rtp_timestamp=77, packet_count=1, octet_count=2)
        + write_source_description(9, "name")
        + write_picture_loss(1, 8)
        + bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=b"\0\0\0\x0a\x01\0\0\0"))
        + bytes(aiortc_rtp.RtcpByePacket(sources=[9, 10]))
    )

    assert read_rtcp(compound) == [
        SenderReport(9, 2**63 + 5, 77),
        KeyFrameRequest(8),
        KeyFrameRequest(10),
        Bye((9, 10)),
    ]


def test_write_receiver_report_is_understood_by_aiortc() -> None:
    block = ReportBlock(5, 128, -3, 70_000, 12, 0x11223344, 65_536)

    (theirs,) = RtcpPacket.parse(write_receiver_report(1, [block]))

    assert theirs == RtcpRrPacket(
        ssrc=1,
        reports=[
            RtcpReceiverInfo(
                ssrc=5,
                fraction_lost=128,
                packets_lost=-3,
                highest_sequence=70_000,
                jitter=12,
                lsr=0x11223344,
                dlsr=65_536,
            )
        ],
    )


def test_write_bitrate_cap_is_understood_by_aiortc() -> None:
    (theirs,) = RtcpPacket.parse(write_bitrate_cap(1, 5_000_000, [3, 4]))

    assert isinstance(theirs, RtcpPsfbPacket)
    bitrate, ssrcs = aiortc_rtp.unpack_remb_fci(theirs.fci)
    assert 4_990_000 < bitrate <= 5_000_000
    assert ssrcs == [3, 4]


def test_write_source_description_is_understood_by_aiortc() -> None:
    (theirs,) = RtcpPacket.parse(write_source_description(6, "person-1"))

    assert [(chunk.ssrc, chunk.items) for chunk in theirs.chunks] == [(6, [(1, b"person-1")])]


@given(st.binary(max_size=120))
def test_read_any_bytes_raises_nothing(data: bytes) -> None:
    read_rtcp(data)


@given(SEQUENCES, st.data())
def test_read_mutated_compound_raises_nothing(sequences: list[int], data: st.DataObject) -> None:
    packet = bytearray(write_picture_loss(1, 2) + write_nack(1, 2, sequences))
    for _ in range(3):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))

    for item in read_rtcp(bytes(packet)):
        assert len(getattr(item, "sequences", ())) <= 1_024 + 17


def test_read_receiver_report_is_what_was_written() -> None:
    blocks = [ReportBlock(7, 25, -3, 70_000, 90, 5, 6), ReportBlock(8, 0, 100, 1, 2, 3, 4)]

    assert read_rtcp(write_receiver_report(1, blocks)) == [Reports(tuple(blocks))]


def test_read_receiver_report_that_counts_more_than_it_holds() -> None:
    packet = bytearray(write_receiver_report(1, [ReportBlock(7, 25, 3, 70_000, 90, 5, 6)]))
    packet[0] = 0x80 | 31

    assert read_rtcp(bytes(packet)) == [Reports((ReportBlock(7, 25, 3, 70_000, 90, 5, 6),))]


@given(st.integers(0, 2**40))
def test_read_bitrate_estimate_within_the_precision_of_its_form(bitrate_bps: int) -> None:
    (item,) = read_rtcp(write_bitrate_cap(1, bitrate_bps, [7]))

    assert isinstance(item, BitrateEstimate)
    assert bitrate_bps * (1 - 2**-17) <= item.bitrate_bps <= bitrate_bps
