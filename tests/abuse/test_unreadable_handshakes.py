"""Sockets to nowhere and headers that are none are refused at once, in few lines of log."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.abuse.strangers import Stranger

pytestmark = pytest.mark.process

ROOM = "/ws/meetings/00000000-0000-4000-8000-000000000000/"
TIMES = 40


def ask_for_a_socket(path: str, origin: bytes, extra: bytes = b"") -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    ).encode() + b"Origin: %s\r\n%s\r\n" % (origin, extra)


def test_refused_handshakes_are_answered_and_leave_no_traceback(system, found):
    log = system.home / "log" / "web.log"
    before = log.stat().st_size
    own = system.base_url.encode()
    stranger = Stranger(system, "127.0.0.41")
    words = {
        "nowhere": (ask_for_a_socket("/ws/nowhere/", own), b"403"),
        "no address": (ask_for_a_socket(ROOM, b"http://["), b"403"),
        "no port": (ask_for_a_socket(ROOM, b"http://localhost:port"), b"403"),
        "control byte": (ask_for_a_socket(ROOM, own, b"X-Odd: a\x01b\r\n"), b"400"),
        "too long": (ask_for_a_socket(ROOM, own, b"X-Long: %s\r\n" % (b"a" * 9_000)), b"431"),
        "host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"400"),
    }

    with ThreadPoolExecutor(8) as threads:
        heard = list(threads.map(lambda case: stranger.say(case[0]), [*words.values()] * TIMES))

    assert [answer[9:12] for answer in heard] == [status for _, status in words.values()] * TIMES
    written = log.read_bytes()[before:].decode()
    assert "Traceback" not in written
    assert len(written.splitlines()) <= len(words) * 30 + 20
    found(f"{len(heard)} refused handshakes: {len(written)} bytes of log, no traceback")
