"""What goes to a mail server and when, against a server that talks as the test says."""

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from crm.mail_server import MailCutOff, MailServerBackend

RESET_AT_CLOSE = struct.pack("ii", 1, 0)
MORE_THAN_BUFFERS_HOLD = b"word\r\n" * 4_000_000


class Server:
    """Takes one mail, or goes without a word where the content would begin."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.port: int = self._door.getsockname()[1]
        self.is_cut = False
        self.content = b""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.join(20)
        self._door.close()

    def _serve(self) -> None:
        line, _address = self._door.accept()
        with line, line.makefile("rb") as heard:
            line.sendall(b"220 here\r\n")
            for command in heard:
                if not command.lower().startswith(b"data"):
                    line.sendall(b"250 fine\r\n")
                    continue
                line.sendall(b"354 go on\r\n")
                if self.is_cut:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                    return
                while not self.content.endswith(b"\r\n.\r\n"):
                    self.content += heard.readline()
                line.sendall(b"250 taken\r\n")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


def hand_over(server: Server, content: bytes) -> None:
    backend = MailServerBackend(host="127.0.0.1", port=server.port, timeout=20)
    backend.open()
    connection: Any = backend.connection
    try:
        connection.sendmail("us@vmcrm.example", ["ada@customers.example"], content)
    finally:
        backend.close()


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"Hello.\r\n", b"Hello.\r\n.\r\n"),
        (b"no end", b"no end\r\n.\r\n"),
        (b".\r\n..x\r\na.b\r\n", b"..\r\n...x\r\na.b\r\n.\r\n"),
    ],
)
def test_content_ends_with_a_dot_and_its_own_dots_are_doubled(
    server: Server, content: bytes, sent: bytes
) -> None:
    hand_over(server, content)

    assert server.content == sent


def test_line_that_breaks_within_the_content_is_told_from_one_that_breaks_after_it(
    server: Server,
) -> None:
    server.is_cut = True

    with pytest.raises(MailCutOff):
        hand_over(server, MORE_THAN_BUFFERS_HOLD)
