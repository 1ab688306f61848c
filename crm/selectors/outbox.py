"""A delivery as the outbox shows it: its parts, with personal links masked."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

from django.db.models import Count

from crm.models import Delivery, Mailing

# Links that act for the person who holds them: joining, preferences, passwords, addresses.
_PERSONAL = re.compile(
    r"(/(?:r|preferences|accounts/confirm-email|accounts/password/reset/key)/|[?&]token=)"
    r"[^\s\"'<>?#&/)\]]+"
)
_MASK = r"\1•••"
_SHOWN_HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Language",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
)


@dataclass(frozen=True)
class MailAttachment:
    index: int
    filename: str
    mimetype: str
    size_bytes: int


@dataclass(frozen=True)
class MailView:
    """A stored mail, taken apart for reading."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[MailAttachment]
    is_masked: bool


def read_mail(delivery: Delivery) -> MailView | None:
    """The mail of a delivery; None while it is not written, and when its words are not kept.

    Links that act for the receiver are masked unless the mail went to a demonstration address.
    """
    mime = delivery.read_mime()
    if mime is None:
        return None
    message = _parse(mime)
    is_masked = not delivery.is_demo
    text, html = _body(message, "plain"), _body(message, "html")
    if html:
        html = _show_inline_images(html, message)
    headers = [(name, str(message[name])) for name in _SHOWN_HEADERS if message[name]]
    if is_masked:
        text, html = mask_links(text), mask_links(html)
        headers = [(name, mask_links(value)) for name, value in headers]
    return MailView(headers, text, html, _list_attachments(message), is_masked)


def mask_links(text: str) -> str:
    """The text with the secret part of personal links taken out."""
    return _PERSONAL.sub(_MASK, text)


def find_attachment(delivery: Delivery, index: int) -> tuple[MailAttachment, bytes] | None:
    """An attachment with its content, masked like the mail when it is text."""
    mime = delivery.read_mime()
    if mime is None:
        return None
    parts = _attachment_parts(_parse(mime))
    if not 0 <= index < len(parts):
        return None
    part = parts[index]
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    if part.get_content_maintype() == "text" and not delivery.is_demo:
        # Calendar lines are folded at 75 bytes, also in the middle of a link.
        unfolded = content.decode("utf-8", "replace").replace("\r\n ", "").replace("\n ", "")
        content = mask_links(unfolded).encode()
    return _describe(index, part), content


def _parse(mime: bytes) -> EmailMessage:
    message = message_from_bytes(mime, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("The default policy makes EmailMessage objects.")
    return message


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    return str(part.get_content())


def _show_inline_images(html: str, message: EmailMessage) -> str:
    """`cid:` pictures as data, so that the page needs to fetch nothing."""
    for part in message.walk():
        cid = part.get("Content-ID")
        if cid and part.get_content_maintype() == "image":
            payload = part.get_payload(decode=False)
            data = "".join(str(payload).split())
            url = f"data:{part.get_content_type()};base64,{data}"
            html = html.replace(f"cid:{unescape(str(cid)).strip('<> ')}", url)
    return html


def _attachment_parts(message: EmailMessage) -> list[EmailMessage]:
    return [
        part
        for part in message.walk()
        if isinstance(part, EmailMessage) and part.get_content_disposition() == "attachment"
    ]


def _list_attachments(message: EmailMessage) -> list[MailAttachment]:
    return [_describe(index, part) for index, part in enumerate(_attachment_parts(message))]


def _describe(index: int, part: EmailMessage) -> MailAttachment:
    content = part.get_payload(decode=True)
    return MailAttachment(
        index=index,
        filename=part.get_filename() or f"attachment-{index + 1}",
        mimetype=part.get_content_type(),
        size_bytes=len(content) if isinstance(content, bytes) else 0,
    )


@dataclass(frozen=True)
class MailingProgress:
    total: int
    by_state: dict[str, int]

    @property
    def done(self) -> int:
        return sum(n for state, n in self.by_state.items() if state not in {"queued", "claimed"})


def progress_of(mailing: Mailing) -> MailingProgress:
    """How many mails of the mailing are in which state."""
    rows = mailing.deliveries.order_by().values_list("state").annotate(n=Count("pk"))
    return MailingProgress(total=mailing.recipient_count, by_state=dict(rows))
