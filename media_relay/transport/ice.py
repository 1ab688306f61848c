"""ICE-lite (RFC 8445 section 2.5): answer authenticated checks, never send one.

Pure: datagram in, verdict out. Candidates of clients are never looked at; the peer's address is
the one its checks come from.
"""

import secrets
import string
import struct
from dataclasses import dataclass, field

from aioice import stun

from media_relay.transport.mmsg import Address

_ICE_CHARS = string.ascii_letters + string.digits  # ice-char of RFC 8839 without + and /
_BINDING_REQUEST = b"\x00\x01"
_COOKIE = b"\x21\x12\xa4\x42"


@dataclass(frozen=True)
class Credentials:
    """A username fragment and its password (RFC 8445 section 5.3)."""

    ufrag: str
    password: str


def new_credentials() -> Credentials:
    """48 and 190 random bits, above the 24 and 128 that RFC 8445 section 5.3 wants."""
    return Credentials(
        ufrag="".join(secrets.choice(_ICE_CHARS) for _ in range(8)),
        password="".join(secrets.choice(_ICE_CHARS) for _ in range(32)),
    )


@dataclass(frozen=True)
class Check:
    """A connectivity check as read, not yet authenticated."""

    message: stun.Message
    ufrag: str
    remote_ufrag: str


@dataclass(frozen=True)
class Verdict:
    """What to answer to an authenticated check; `is_accepted` is false for a role conflict."""

    reply: bytes
    is_accepted: bool
    is_nominated: bool


def read_check(datagram: bytes) -> Check | None:
    """The binding request in `datagram`, or None for anything else, however malformed."""
    if datagram[:2] != _BINDING_REQUEST or datagram[4:8] != _COOKIE:
        return None
    try:
        message = stun.parse_message(datagram)
    except (ValueError, struct.error, IndexError, KeyError, TypeError):
        return None
    username = message.attributes.get("USERNAME")
    if not isinstance(username, str) or ":" not in username:
        return None
    ufrag, remote_ufrag = username.split(":", 1)
    return Check(message=message, ufrag=ufrag, remote_ufrag=remote_ufrag)


@dataclass
class IceLite:
    """The relay's side of one connection: its credentials, and those before a restart."""

    local: Credentials = field(default_factory=new_credentials)
    previous: Credentials | None = None
    remote_ufrag: str | None = None  # None until the peer's description is known

    def judge(self, check: Check, source: Address) -> Verdict | None:
        """The verdict on a check, or None when it is not authentic (RFC 8489 section 9.1.3).

        An unauthentic check gets no answer at all: a stranger's request must not make the relay
        send anything to an address that the stranger chose.
        """
        credentials = self._credentials_of(check.ufrag)
        if credentials is None or not self._is_expected(check, credentials):
            return None
        key = credentials.password.encode()
        if not check.message.check_message_integrity(key):
            return None
        attributes = check.message.attributes
        is_conflict = "ICE-CONTROLLED" in attributes
        reply = _role_conflict(check, key) if is_conflict else _success(check, source, key)
        is_nominated = not is_conflict and "USE-CANDIDATE" in attributes
        if is_nominated and credentials is self.local:
            self.previous = None  # the new pair is nominated: the old credentials end
        return Verdict(reply=reply, is_accepted=not is_conflict, is_nominated=is_nominated)

    def restart(self, remote_ufrag: str | None) -> None:
        """New credentials; the old ones stay valid until the new pair is nominated."""
        self.previous, self.local = self.local, new_credentials()
        self.remote_ufrag = remote_ufrag

    def ufrags(self) -> list[str]:
        """The local fragments under which checks may still arrive."""
        known = (self.local, self.previous)
        return [credentials.ufrag for credentials in known if credentials is not None]

    def _credentials_of(self, ufrag: str) -> Credentials | None:
        if ufrag == self.local.ufrag:
            return self.local
        if self.previous is not None and ufrag == self.previous.ufrag:
            return self.previous
        return None

    def _is_expected(self, check: Check, credentials: Credentials) -> bool:
        # A subscriber's first check can overtake its answer: then the fragment is not known yet.
        if credentials is not self.local or self.remote_ufrag is None:
            return True
        return check.remote_ufrag == self.remote_ufrag


def _success(check: Check, source: Address, key: bytes) -> bytes:
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=check.message.transaction_id,
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = source[:2]
    response.add_message_integrity(key)
    return bytes(response)


def _role_conflict(check: Check, key: bytes) -> bytes:
    """RFC 8445 section 7.3.1.1: a lite agent stays controlled, the peer has to switch."""
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.ERROR,
        transaction_id=check.message.transaction_id,
    )
    response.attributes["ERROR-CODE"] = (487, "Role Conflict")
    response.add_message_integrity(key)
    return bytes(response)
