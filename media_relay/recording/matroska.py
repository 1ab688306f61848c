"""Matroska and WebM as bytes (RFC 9559): one track, blocks in clusters, written front to back.

Chosen over a muxer library because each cluster is one buffer of known length: it is on the disk
whole or not at all, and the process writes nothing that it would have to correct later. Length,
duration and index are added when a file is closed (see `closing`); a file that never was closed
plays without them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import pack
from typing import NamedTuple

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
SEEK_HEAD = 0x114D9B74
VOID = 0xEC
INFO = 0x1549A966
DURATION = 0x4489
TRACKS = 0x1654AE6B
CLUSTER = 0x1F43B675
TIMESTAMP = 0xE7
SIMPLE_BLOCK = 0xA3
CUES = 0x1C53BB6B

UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
SEEK_HEAD_BYTES = 32  # set aside for the pointer to the index
DURATION_BYTES = 11
KEY_FRAME = 0x80
TRACK_NUMBER = 1
MAX_CLUSTER_MS = 32_000  # times of blocks are 16 bits, relative to their cluster


@dataclass(frozen=True)
class TrackHeader:
    """What a player must know before the first frame; width and height are 0 for sound."""

    codec_id: str
    private: bytes = b""
    width: int = 0
    height: int = 0

    @property
    def is_webm(self) -> bool:
        """WebM holds VP8, VP9, AV1 and Opus only; everything else needs the wider Matroska."""
        return self.codec_id in {"V_VP8", "V_VP9", "V_AV1", "A_OPUS"}

    @property
    def suffix(self) -> str:
        return ".webm" if self.is_webm else ".mkv"


class Block(NamedTuple):
    """One frame of a cluster: milliseconds since the start of the file."""

    at_ms: int
    is_key: bool
    data: bytes


class CuePoint(NamedTuple):
    """Where a cluster that begins with a key frame lies, counted from the segment's content."""

    at_ms: int
    position: int


def element(identifier: int, body: bytes) -> bytes:
    """An element: its id, its length, its content."""
    return _identifier(identifier) + _size(len(body)) + body


def unsigned(identifier: int, value: int) -> bytes:
    return element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def text(identifier: int, value: str) -> bytes:
    return element(identifier, value.encode())


def real(identifier: int, value: float) -> bytes:
    return element(identifier, pack("!d", value))


def void(total: int) -> bytes:
    """Space set aside: `total` bytes with the element's own two."""
    return _identifier(VOID) + _size(total - 2) + bytes(total - 2)


def file_header(track: TrackHeader, date_ns: int) -> bytes:
    """Everything before the first cluster; `date_ns` counts from 2001 (RFC 9559 section 5.1.2)."""
    info = element(
        INFO,
        unsigned(0x2AD7B1, 1_000_000)  # one tick is a millisecond
        + void(DURATION_BYTES)
        + element(0x4461, pack("!q", date_ns))
        + text(0x4D80, "vmcrm")
        + text(0x5741, "vmcrm"),
    )
    body = void(SEEK_HEAD_BYTES) + info + element(TRACKS, element(0xAE, _track_entry(track)))
    return _ebml_header(track) + _identifier(SEGMENT) + UNKNOWN_SIZE + body


def cluster(blocks: Sequence[Block]) -> bytes:
    """The blocks as one cluster; all within MAX_CLUSTER_MS of the first."""
    start = blocks[0].at_ms
    body = unsigned(TIMESTAMP, start) + b"".join(_simple_block(block, start) for block in blocks)
    # Eight bytes of length, so that whoever walks the file finds each cluster alike.
    return _identifier(CLUSTER) + _size(len(body), 8) + body


def cues(points: Iterable[CuePoint]) -> bytes:
    """The index that lets a player jump."""
    return element(
        CUES,
        b"".join(
            element(
                0xBB,
                unsigned(0xB3, point.at_ms)
                + element(0xB7, unsigned(0xF7, TRACK_NUMBER) + unsigned(0xF1, point.position)),
            )
            for point in points
        ),
    )


def seek_head(cues_position: int) -> bytes:
    """Points to the index; exactly SEEK_HEAD_BYTES long."""
    seek = element(0x53AB, _identifier(CUES)) + element(0x53AC, pack("!Q", cues_position))
    head = element(SEEK_HEAD, element(0x4DBB, seek))
    return head + void(SEEK_HEAD_BYTES - len(head))


def duration(duration_ms: float) -> bytes:
    """Exactly DURATION_BYTES long."""
    return real(DURATION, duration_ms)


def segment_size(length: int) -> bytes:
    """The length of the segment in the eight bytes that UNKNOWN_SIZE took."""
    return _size(length, 8)


def opus_header(channels: int) -> TrackHeader:
    """RFC 7845 section 5.1, without pre-skip: times are those of the packets."""
    head = b"OpusHead" + pack("<BBHIhB", 1, channels, 0, 48_000, 0, 0)
    return TrackHeader(codec_id="A_OPUS", private=head)


def _ebml_header(track: TrackHeader) -> bytes:
    return element(
        EBML,
        unsigned(0x4286, 1)
        + unsigned(0x42F7, 1)
        + unsigned(0x42F2, 4)
        + unsigned(0x42F3, 8)
        + text(0x4282, "webm" if track.is_webm else "matroska")
        + unsigned(0x4287, 4)
        + unsigned(0x4285, 2),
    )


def _track_entry(track: TrackHeader) -> bytes:
    is_video = track.width > 0
    entry = (
        unsigned(0xD7, TRACK_NUMBER)
        + unsigned(0x73C5, TRACK_NUMBER)
        + unsigned(0x83, 1 if is_video else 2)
        + unsigned(0x9C, 0)  # no lacing
        + text(0x86, track.codec_id)
    )
    if track.private:
        entry += element(0x63A2, track.private)
    if is_video:
        return entry + element(0xE0, unsigned(0xB0, track.width) + unsigned(0xBA, track.height))
    preroll = unsigned(0x56BB, 80_000_000)  # what an Opus decoder needs to settle, in ns
    channels = track.private[9]
    return entry + preroll + element(0xE1, real(0xB5, 48_000.0) + unsigned(0x9F, channels))


def _simple_block(block: Block, start_ms: int) -> bytes:
    head = pack("!BhB", 0x80 | TRACK_NUMBER, block.at_ms - start_ms, KEY_FRAME * block.is_key)
    return element(SIMPLE_BLOCK, head + block.data)


def _identifier(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _size(value: int, width: int = 0) -> bytes:
    """RFC 8794 section 4: the number of leading zeros says how many bytes follow."""
    width = width or next(n for n in range(1, 9) if value < (1 << 7 * n) - 1)
    return (value | 1 << 7 * width).to_bytes(width, "big")
