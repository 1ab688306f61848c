"""What a stranger can do: bytes and requests from an address of the loopback network.

Each case comes from an address of its own, so that what is counted against it (tries, connections)
hits no other case.
"""

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.system.running import RunningSystem

ANSWERS_WITHIN_S = 60


@dataclass
class Answer:
    status: int
    text: str


@dataclass
class Stranger:
    """Somebody at `address` (127.0.0.x) with a browser's cookies."""

    system: RunningSystem
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def door(self) -> tuple[str, int]:
        parts = urlsplit(self.system.base_url)
        return "127.0.0.1", parts.port or 80

    def open(self) -> socket.socket:
        """A connection that says nothing yet."""
        return socket.create_connection(
            self.door, timeout=ANSWERS_WITHIN_S, source_address=(self.address, 0)
        )

    def say(self, words: bytes) -> bytes:
        """What comes back until the server closes."""
        with self.open() as line:
            line.sendall(words)
            heard = bytearray()
            while piece := line.recv(65_536):
                heard += piece
        return bytes(heard)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a form with the token of the page that shows it."""
        if "csrftoken" not in self.cookies:
            self.get(path)
        body = urlencode({**fields, "csrfmiddlewaretoken": self.cookies["csrftoken"]})
        form = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.system.base_url,
        }
        return self._ask("POST", path, body, {**form, **(headers or {})})

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        line = http.client.HTTPConnection(
            *self.door, timeout=ANSWERS_WITHIN_S, source_address=(self.address, 0)
        )
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        host = urlsplit(self.system.base_url).netloc
        try:
            line.request(method, path, body, {"Host": host, "Cookie": cookies, **headers})
            response = line.getresponse()
            for text in response.headers.get_all("Set-Cookie") or []:
                if pair := re.match(r"([^=]+)=([^;]*)", text):
                    self.cookies[pair[1]] = pair[2]
            return Answer(response.status, response.read().decode())
        finally:
            line.close()
