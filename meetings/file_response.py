"""A stored file as a download, whole or in one range (RFC 9110 section 14)."""

import asyncio
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import IO, Any, Final

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

PIECE_BYTES: Final = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def serve_file(
    request: HttpRequest, *, name: str, size: int, etag: str, filename: str, media_type: str
) -> HttpResponseBase:
    """The file `name` of the storage. The caller has checked the permission for this request."""
    span = _read_range(request, size, etag)
    if span is not None and span[0] >= span[1]:
        refused = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    start, end = span or (0, size)
    content = () if request.method == "HEAD" else _pieces(name, start, end)
    response = StreamingHttpResponse(content, content_type=media_type)
    if span is not None:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Content-Length"] = str(end - start)
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{etag}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _read_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """Start and end (not included) of the one range asked for; None for the whole file.

    What cannot be read as one range is ignored, as the RFC wants it; a range outside of the file
    comes back empty.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.headers.get("If-Range", f'"{etag}"') != f'"{etag}"':
        return None
    first, last = match.groups()
    if first == "":
        return None if last == "" else (max(0, size - int(last)), size)
    end = min(size, int(last) + 1) if last else size
    return int(first), end


async def _pieces(name: str, start: int, end: int) -> AsyncIterator[bytes]:
    """Read in threads: a slow disk must not hold up the sockets of this process."""
    stream: IO[Any] = await asyncio.to_thread(default_storage.open, name)
    try:
        await asyncio.to_thread(stream.seek, start)
        while start < end:
            piece = await asyncio.to_thread(stream.read, min(PIECE_BYTES, end - start))
            if not piece:
                return
            start += len(piece)
            yield piece
    finally:
        await asyncio.to_thread(stream.close)
