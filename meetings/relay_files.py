"""Finished recordings over the relay's door, for workers: list, read piece by piece, delete.

Listing and deleting are messages of the control protocol, reading is HTTP on the same port with the
same secret (see `media_relay/PROTOCOL.md`, Fetching).
"""

import http.client
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from media_relay import protocol

LIMIT_S: Final = 10.0
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class RelayAway(Exception):
    """The relay does not answer, or not as its protocol says; try again later."""


class FileGone(Exception):
    """The relay has no finished file of this name."""


class RelayFiles:
    """One relay's finished files."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {secret}"}

    def list(self) -> tuple[protocol.RecordedFile, ...]:
        """The oldest finished files. Raises RelayAway."""
        answer = self._ask(protocol.ListRecordings(id="1"))
        if isinstance(answer, protocol.RecordingFiles):
            return answer.files
        if isinstance(answer, protocol.Error) and answer.code == "recording_off":
            return ()
        raise RelayAway(f"The relay answered {answer.TYPE}.")

    def delete(self, file: str) -> None:
        """Delete a file that is stored safely; one that is gone already is as good."""
        answer = self._ask(protocol.DeleteRecording(id="1", file=file))
        if not isinstance(answer, protocol.Ok):
            raise RelayAway(f"The relay answered {answer.TYPE}.")

    def read(self, file: str, start: int, end: int) -> Iterator[bytes]:
        """The file's bytes from `start` up to and without `end`. Raises RelayAway or FileGone."""
        while start < end:
            piece = self._read_piece(file, start, end)
            start += len(piece)
            yield piece

    def _read_piece(self, file: str, start: int, end: int) -> bytes:
        parts = urlsplit(self._url)
        is_secure = parts.scheme == "wss"
        make = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = make(parts.hostname or "", parts.port, timeout=LIMIT_S)
        try:
            headers = {**self._headers, "Range": f"bytes={start}-{end - 1}"}
            connection.request("GET", f"/recordings/{file}", headers=headers)
            response = connection.getresponse()
            piece = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RelayAway(f"The relay broke off: {error}") from error
        finally:
            connection.close()
        if response.status == http.HTTPStatus.NOT_FOUND:
            raise FileGone(file)
        match = _CONTENT_RANGE.fullmatch(response.getheader("Content-Range", ""))
        if response.status != http.HTTPStatus.PARTIAL_CONTENT or match is None or not piece:
            raise RelayAway(f"The relay answered {response.status}.")
        if (int(match[1]), int(match[2])) != (start, start + len(piece) - 1):
            raise RelayAway("The relay sent another part than was asked for.")
        return piece

    def _ask(self, request: protocol.Request) -> protocol.Message:
        try:
            with connect(
                self._url,
                additional_headers=self._headers,
                compression=None,
                max_size=protocol.MAX_MESSAGE_BYTES,
                open_timeout=LIMIT_S,
                close_timeout=1,
                proxy=None,
            ) as door:
                door.send(protocol.encode(request))
                return _answer(door, request.id)
        except (OSError, TimeoutError, WebSocketException, protocol.ProtocolError) as error:
            raise RelayAway(f"The relay {self._url} does not answer: {error}") from error


def _answer(door: ClientConnection, request_id: str) -> protocol.Message:
    """The answer to our request; events of the relay come in between."""
    while True:
        text = door.recv(timeout=LIMIT_S, decode=True)
        message = protocol.decode(text)
        if isinstance(message, protocol.Answer | protocol.Error) and message.id == request_id:
            return message
