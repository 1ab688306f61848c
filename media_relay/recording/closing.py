"""Closes a file: cuts a torn end, adds index, duration and length. Ending and repair are one thing.

Everything is deduced from the file itself, so that it makes no difference whether its recorder
finished in order or was killed; doing it twice gives the same bytes.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack
from typing import BinaryIO, NamedTuple

from media_relay.recording import matroska
from media_relay.recording.matroska import CuePoint

CUE_INTERVAL_MS = 2_000  # sound and frequent key frames need no denser index
_CLUSTER_HEAD = 12  # four bytes of id, eight of length


class NotAFile(ValueError):
    """What lies there does not begin as our files do, or holds not one whole cluster."""


@dataclass(frozen=True)
class ClosedFile:
    """What is known of a file once it is closed."""

    size: int
    duration_s: float
    sha256: str


class _Cluster(NamedTuple):
    start: int
    end: int
    first_ms: int
    last_ms: int
    is_key: bool


class _Header(NamedTuple):
    size_at: int  # where the segment's length stands
    content: int  # where the segment's content begins
    duration_at: int
    clusters: int  # where the first cluster begins


def close_file(path: Path) -> ClosedFile:
    """Make the file complete in place. Raises NotAFile when there is nothing to play in it."""
    with path.open("r+b") as stream:
        header = _read_header(stream)
        clusters = list(_iter_clusters(stream, header.clusters))
        if not clusters:
            raise NotAFile(f"{path.name} holds no whole cluster.")
        end = clusters[-1].end
        stream.truncate(end)
        stream.seek(end)
        stream.write(matroska.cues(_cue_points(clusters, header.content)))
        length = stream.tell()
        # The index is on the disk before anything points to it.
        _sync(stream)
        duration_ms = clusters[-1].last_ms
        _patch(stream, header.content, matroska.seek_head(end - header.content))
        _patch(stream, header.duration_at, matroska.duration(duration_ms))
        _patch(stream, header.size_at, matroska.segment_size(length - header.content))
        _sync(stream)
    return ClosedFile(size=length, duration_s=duration_ms / 1000, sha256=hash_file(path))


def hash_file(path: Path) -> str:
    """SHA-256 of the content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_header(stream: BinaryIO) -> _Header:
    start = stream.read(65_536)
    try:
        position = _after(start, 0, matroska.EBML)
        size_at = position + 4
        content = size_at + 8
        if int.from_bytes(start[position:size_at], "big") != matroska.SEGMENT:
            raise NotAFile("The file has no segment.")
        info = content + matroska.SEEK_HEAD_BYTES
        tracks = _after(start, info, matroska.INFO)
        clusters = _after(start, tracks, matroska.TRACKS)
    except IndexError as error:
        raise NotAFile("The file ends within its header.") from error
    duration_at = info + 4 + 1 + 7  # past the id and length of the block, and the tick length
    return _Header(size_at, content, duration_at, clusters)


def _after(data: bytes, position: int, identifier: int) -> int:
    """Where the element at `position` ends. Raises NotAFile for another one than expected."""
    if int.from_bytes(data[position : position + 4], "big") != identifier:
        raise NotAFile("The file does not begin as a recording does.")
    size, width = _read_size(data, position + 4)
    end = position + 4 + width + size
    if end > len(data):
        raise NotAFile("The file ends within its header.")
    return end


def _iter_clusters(stream: BinaryIO, position: int) -> Iterator[_Cluster]:
    """Whole clusters from `position` on; ends silently where the file is torn."""
    total = stream.seek(0, os.SEEK_END)
    while position + _CLUSTER_HEAD <= total:
        stream.seek(position)
        head = stream.read(_CLUSTER_HEAD)
        if int.from_bytes(head[:4], "big") != matroska.CLUSTER or head[4] != 0x01:
            return
        length = int.from_bytes(head[5:], "big")
        end = position + _CLUSTER_HEAD + length
        if end > total or length > total:
            return
        times = _read_times(stream.read(length))
        if times is None:
            return
        yield _Cluster(position, end, *times)
        position = end


def _read_times(body: bytes) -> tuple[int, int, bool] | None:
    """Times of the first and last block, and whether the first is a key frame."""
    try:
        if body[0] != matroska.TIMESTAMP:
            return None
        size, width = _read_size(body, 1)
        position = 1 + width + size
        start_ms = int.from_bytes(body[1 + width : position], "big")
        offsets: list[int] = []
        is_key = False
        while position < len(body):
            if body[position] != matroska.SIMPLE_BLOCK:
                return None
            size, width = _read_size(body, position + 1)
            block = position + 1 + width
            (offset,) = unpack("!h", body[block + 1 : block + 3])
            is_key = bool(body[block + 3] & matroska.KEY_FRAME) if not offsets else is_key
            offsets.append(offset)
            position = block + size
    except (IndexError, ValueError, OverflowError):
        return None
    if position != len(body) or not offsets:
        return None
    return start_ms, start_ms + max(offsets), is_key


def _read_size(data: bytes, position: int) -> tuple[int, int]:
    """The length written at `position` and how many bytes it takes."""
    first = data[position]
    width = 9 - first.bit_length()
    if not 1 <= width <= 8 or position + width > len(data):
        raise IndexError(position)
    value = int.from_bytes(data[position : position + width], "big")
    return value & ((1 << 7 * width) - 1), width


def _cue_points(clusters: list[_Cluster], content: int) -> Iterator[CuePoint]:
    due_ms = -1
    for entry in clusters:
        if entry.is_key and entry.first_ms >= due_ms:
            yield CuePoint(entry.first_ms, entry.start - content)
            due_ms = entry.first_ms + CUE_INTERVAL_MS


def _patch(stream: BinaryIO, position: int, data: bytes) -> None:
    stream.seek(position)
    stream.write(data)


def _sync(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
