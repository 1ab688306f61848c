"""Django's SMTP backend, which also tells when a mail begins to be with the server.

Up to the server's consent to DATA it has heard addresses only: whatever breaks until then leaves
the mail with us, and it can be sent again without harm.
"""

import re
import smtplib
from collections.abc import Callable
from typing import Any, cast

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

_LEADING_DOT = re.compile(rb"(?m)^\.")
_READY_FOR_CONTENT = 354


class MailCutOff(smtplib.SMTPServerDisconnected):
    """The line broke before the mail's end went out: nobody may deliver such a piece
    (RFC 5321, section 4.1.1.4)."""


class MailServerBackend(EmailBackend):
    """Calls `before_content` of a mail that has one right before its content is sent. What the
    call raises ends the handover with nothing handed over."""

    tells_when_content_goes = True

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _TlsConnection if self.use_ssl else _Connection

    def _send(self, email_message: EmailMessage) -> bool:
        connection = cast("_Connection", self.connection)
        connection.before_content = getattr(email_message, "before_content", _do_nothing)
        return bool(super()._send(email_message))  # type: ignore[misc] # the stubs lack it


def _do_nothing() -> None:
    pass


class _Connection(smtplib.SMTP):
    before_content: Callable[[], None] = staticmethod(_do_nothing)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As in smtplib, with the call in between; `msg` is bytes with CRLF at each line's end."""
        code, said = self.docmd("data")
        if code != _READY_FOR_CONTENT:
            raise smtplib.SMTPDataError(code, said)
        try:
            self.before_content()
        except BaseException:
            self.close()  # the server waits for content that does not come
            raise
        self._send_content(msg)
        return self.getreply()

    def _send_content(self, content: bytes) -> None:
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self.send(_LEADING_DOT.sub(b"..", content) + end)
        except smtplib.SMTPServerDisconnected as error:
            raise MailCutOff(str(error)) from error


class _TlsConnection(_Connection, smtplib.SMTP_SSL):
    """From the first byte on inside TLS."""
