"""RTCP as far as a relay needs it (RFC 3550 section 6.4, RFC 4585, RFC 5104): read and write."""

from collections.abc import Iterator, Sequence
from struct import Struct, pack
from typing import NamedTuple

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
BYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

GENERIC_NACK = 1
TRANSPORT_CC = 15
PICTURE_LOSS = 1
FULL_INTRA_REQUEST = 4
APPLICATION = 15

MAX_NACKED = 1024  # numbers read from one packet; more is not a loss but an attack

_HEADER = Struct("!BBH")
_SENDER_INFO = Struct("!IQIII")
_FEEDBACK = Struct("!II")
_NACK_ITEM = Struct("!HH")
_REPORT_BLOCK = Struct("!IIIIII")


class Block(NamedTuple):
    """One packet of a compound: its type, its count or format (`kind`), and where its body lies."""

    packet_type: int
    kind: int
    start: int
    end: int


class SenderReport(NamedTuple):
    """Which wall-clock time an RTP timestamp stands for."""

    ssrc: int
    ntp: int
    rtp_timestamp: int


class Nack(NamedTuple):
    """Sequence numbers (16 bits) that a receiver misses."""

    media_ssrc: int
    sequences: tuple[int, ...]


class KeyFrameRequest(NamedTuple):
    """Picture loss or full intra request: the same to a relay."""

    media_ssrc: int


class Bye(NamedTuple):
    """Sources that end."""

    ssrcs: tuple[int, ...]


class ReportBlock(NamedTuple):
    """Reception of one source (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay_since_last_report: int


class Reports(NamedTuple):
    """What a receiver says of the sources it hears."""

    blocks: tuple[ReportBlock, ...]


class BitrateEstimate(NamedTuple):
    """REMB: what a receiver believes its network carries, all sources together."""

    bitrate_bps: int


Item = SenderReport | Nack | KeyFrameRequest | Bye | Reports | BitrateEstimate


def read_rtcp(packet: bytes) -> list[Item]:
    """What a compound says to a relay; reading ends where the packet stops making sense."""
    items: list[Item] = []
    for block in _iter_blocks(packet):
        items.extend(_read_block(packet, block))
    return items


def _iter_blocks(packet: bytes) -> Iterator[Block]:
    position = 0
    while position + 4 <= len(packet):
        first, packet_type, words = _HEADER.unpack_from(packet, position)
        start = position + 4
        position = start + 4 * words
        if first >> 6 != 2 or position > len(packet):
            return
        end = position
        if first & 0x20:  # padding; only the last packet of a compound has it
            padding = packet[end - 1]
            if padding == 0 or padding > end - start:
                return
            end -= padding
        yield Block(packet_type, first & 0x1F, start, end)


def _read_block(packet: bytes, block: Block) -> list[Item]:
    start, end = block.start, block.end
    if block.packet_type == SENDER_REPORT and end - start >= _SENDER_INFO.size:
        ssrc, ntp, rtp_timestamp, _, _ = _SENDER_INFO.unpack_from(packet, start)
        reports = _read_reports(packet, start + _SENDER_INFO.size, block)
        return [SenderReport(ssrc, ntp, rtp_timestamp), *reports]
    if block.packet_type == RECEIVER_REPORT:
        return _read_reports(packet, start + 4, block)
    if block.packet_type == BYE and end - start >= 4 * block.kind:
        words = range(start, start + 4 * block.kind, 4)
        return [Bye(tuple(int.from_bytes(packet[at : at + 4], "big") for at in words))]
    if end - start < _FEEDBACK.size:
        return []
    _, media_ssrc = _FEEDBACK.unpack_from(packet, start)
    form = (block.packet_type, block.kind)
    if form == (TRANSPORT_FEEDBACK, GENERIC_NACK):
        return [Nack(media_ssrc, _read_nacked(packet, start + 8, end))]
    if form == (PAYLOAD_FEEDBACK, PICTURE_LOSS):
        return [KeyFrameRequest(media_ssrc)]
    if form == (PAYLOAD_FEEDBACK, FULL_INTRA_REQUEST):
        return _read_intra_requests(packet, start + 8, end)
    if form == (PAYLOAD_FEEDBACK, APPLICATION):
        return _read_bitrate_estimate(packet, start + 8, end)
    return []


def _read_reports(packet: bytes, position: int, block: Block) -> list[Item]:
    """As many blocks as the header counts and the packet holds."""
    count = min(block.kind, max(0, block.end - position) // _REPORT_BLOCK.size)
    blocks = []
    for at in range(position, position + count * _REPORT_BLOCK.size, _REPORT_BLOCK.size):
        ssrc, loss, *others = _REPORT_BLOCK.unpack_from(packet, at)
        lost = (loss & 0xFFFFFF) - ((loss & 0x800000) << 1)  # 24 bits with a sign
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, *others))
    return [Reports(tuple(blocks))] if blocks else []


def _read_bitrate_estimate(packet: bytes, position: int, end: int) -> list[Item]:
    """draft-alvestrand-rmcat-remb-03 section 2.2: 6 bits of exponent, 18 of mantissa."""
    if end - position < 8 or packet[position : position + 4] != b"REMB":
        return []
    word = int.from_bytes(packet[position + 5 : position + 8], "big")
    return [BitrateEstimate((word & 0x3FFFF) << (word >> 18))]


def _read_nacked(packet: bytes, position: int, end: int) -> tuple[int, ...]:
    sequences: list[int] = []
    while position + 4 <= end and len(sequences) < MAX_NACKED:
        first, following = _NACK_ITEM.unpack_from(packet, position)
        sequences.append(first)
        sequences.extend((first + bit + 1) & 0xFFFF for bit in range(16) if following >> bit & 1)
        position += 4
    return tuple(sequences)


def _read_intra_requests(packet: bytes, position: int, end: int) -> list[Item]:
    """RFC 5104 section 4.3.1: the sources are named in the entries, not in the header."""
    starts = range(position, end - 7, 8)
    return [KeyFrameRequest(int.from_bytes(packet[at : at + 4], "big")) for at in starts]


# --- writing -----------------------------------------------------------------------------------


def write_packet(packet_type: int, count: int, body: bytes) -> bytes:
    """One RTCP packet; `body` is a whole number of 32-bit words."""
    return pack("!BBH", 0x80 | count, packet_type, len(body) // 4) + body


def write_sender_report(
    *, ssrc: int, ntp: int, rtp_timestamp: int, packet_count: int, octet_count: int
) -> bytes:
    """A sender report without reception blocks."""
    body = pack(
        "!IQIII",
        ssrc,
        ntp & 0xFFFFFFFFFFFFFFFF,
        rtp_timestamp & 0xFFFFFFFF,
        packet_count & 0xFFFFFFFF,
        octet_count & 0xFFFFFFFF,
    )
    return write_packet(SENDER_REPORT, 0, body)


def write_receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """A receiver report on at most 31 sources."""
    body = pack("!I", ssrc)
    for block in blocks[:31]:
        lost = max(-(1 << 23), min(block.packets_lost, (1 << 23) - 1)) & 0xFFFFFF
        body += _REPORT_BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | lost,
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_report,
            block.delay_since_last_report,
        )
    return write_packet(RECEIVER_REPORT, len(blocks[:31]), body)


def write_source_description(ssrc: int, cname: str) -> bytes:
    """The canonical name that ties the streams of one participant together."""
    name = cname.encode("ascii", "replace")[:255]
    chunk = pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    return write_packet(SOURCE_DESCRIPTION, 1, chunk + bytes(-len(chunk) % 4))


def write_nack(sender_ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """Ask for packets again (RFC 4585 section 6.2.1); `sequences` are extended and rising."""
    body = _FEEDBACK.pack(sender_ssrc, media_ssrc)
    index = 0
    while index < len(sequences):
        first, following = sequences[index], 0
        index += 1
        while index < len(sequences) and sequences[index] - first <= 16:
            following |= 1 << (sequences[index] - first - 1)
            index += 1
        body += _NACK_ITEM.pack(first & 0xFFFF, following)
    return write_packet(TRANSPORT_FEEDBACK, GENERIC_NACK, body)


def write_picture_loss(sender_ssrc: int, media_ssrc: int) -> bytes:
    """Ask for a key frame (RFC 4585 section 6.3.1)."""
    return write_packet(PAYLOAD_FEEDBACK, PICTURE_LOSS, _FEEDBACK.pack(sender_ssrc, media_ssrc))


def write_bitrate_cap(sender_ssrc: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    """REMB (draft-alvestrand-rmcat-remb-03): the most that these sources may send together."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    mantissa = bitrate_bps >> exponent
    body = _FEEDBACK.pack(sender_ssrc, 0) + b"REMB"
    body += bytes((len(ssrcs), exponent << 2 | mantissa >> 16))
    body += pack("!H", mantissa & 0xFFFF) + b"".join(pack("!I", ssrc) for ssrc in ssrcs)
    return write_packet(PAYLOAD_FEEDBACK, APPLICATION, body)
