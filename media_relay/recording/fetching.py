"""Hands out a finished file piece by piece over HTTP: `GET /recordings/<file>` with a range.

The server library sends a response from memory, so a piece has at most MAX_READ_BYTES; the web asks
for the next one from where it is, which is also how it goes on after a break.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from media_relay.errors import UnknownFile
from media_relay.protocol import RecordedFile
from media_relay.recording.archive import MAX_READ_BYTES
from media_relay.recording.recorder import Recorder

MOST_AT_ONCE: Final = 2  # pieces in memory at a time; others wait
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{1,15})?")
_turns = asyncio.Semaphore(MOST_AT_ONCE)


async def answer_fetch(recorder: Recorder | None, file: str, request: Request) -> Response:
    """206 with a piece, 404 for a file that is not there, 416 without a usable range."""
    if recorder is None:
        return _plain(HTTPStatus.NOT_FOUND, "This relay does not record.")
    try:
        entry = recorder.archive.entry(file)
    except UnknownFile as refusal:
        return _plain(HTTPStatus.NOT_FOUND, refusal.sentence)
    span = _read_range(request.headers.get_all("Range"), entry.bytes)
    if span is None:
        response = _plain(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "Ask for a range of bytes.")
        response.headers["Content-Range"] = f"bytes */{entry.bytes}"
        return response
    async with _turns:
        try:
            piece = await asyncio.to_thread(recorder.archive.read, entry, *span)
        except OSError:
            return _plain(HTTPStatus.NOT_FOUND, "The file cannot be read any more.")
    return _partial(entry, span[0], piece)


def _read_range(values: list[str], size: int) -> tuple[int, int] | None:
    """Start and end (not included) of the one range that is asked for."""
    match = _RANGE.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    start = int(match[1])
    end = min(size, int(match[2]) + 1 if match[2] else size, start + MAX_READ_BYTES)
    return (start, end) if start < end else None


def _partial(entry: RecordedFile, start: int, piece: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": entry.media_type,
            "Content-Length": str(len(piece)),
            "Content-Range": f"bytes {start}-{start + len(piece) - 1}/{entry.bytes}",
            "ETag": f'"{entry.sha256}"',
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
        }
    )
    status = HTTPStatus.PARTIAL_CONTENT
    return Response(status.value, status.phrase, headers, piece)


def _plain(status: HTTPStatus, sentence: str) -> Response:
    body = f"{sentence}\n".encode()
    headers = Headers(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
