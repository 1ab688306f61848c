"""A finished mail, sent through Django's backends exactly as it was stored."""

from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

from django.core.mail import EmailMessage

from crm.models import Delivery
from crm.selectors import organisation


class _Bytes:
    """What backends want of a message: its headers, and its bytes with the line ends they like."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._headers = message_from_bytes(content, policy=policy.compat32)

    def __getitem__(self, name: str) -> Any:
        return self._headers[name]

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\r\n") -> bytes:
        return self._content.replace(b"\r\n", b"\n").replace(b"\n", linesep.encode())


class StoredMail(EmailMessage):
    """Envelope from the delivery, content from its stored MIME.

    `before_content` is for backends that know when the content goes out (`crm.mail_server`).
    """

    def __init__(self, delivery: Delivery, *, before_content: Callable[[], None]) -> None:
        super().__init__(
            subject=delivery.subject,
            from_email=organisation.current().sender,
            to=[delivery.address],
        )
        self.before_content = before_content
        self._stored = delivery.read_mime() or b""

    def message(self, **kwargs: Any) -> Any:
        return _Bytes(self._stored)
