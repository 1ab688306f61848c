"""From a composed mail to MIME: styles inlined, pictures and files attached, headers set."""

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.extensions import Attachment, ComposedMail, InlineImage
from crm.models import Delivery, Purpose
from crm.selectors import organisation

LOGO_CID = "organisation-logo"
_PREFERENCES_SALT = "crm.preferences"
# What a composer may not set: it belongs to the delivery.
_OWN_HEADERS = frozenset(
    {
        "to",
        "from",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
    }
)
# Seven bits and CRLF: arrives unchanged through any server.
_POLICY = policy.SMTP.clone(cte_type="7bit")
_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


def sign_preferences(public_id: str) -> str:
    """The token of the preference page of a contact point; it stays valid."""
    return signing.Signer(salt=_PREFERENCES_SALT).sign(public_id.replace("-", ""))


def read_preferences_token(token: str) -> str | None:
    """The contact point's public id; None for a token that is not ours."""
    try:
        return signing.Signer(salt=_PREFERENCES_SALT).unsign(token)
    except signing.BadSignature:
        return None


def preferences_url(delivery: Delivery) -> str:
    """Where the receiver chooses what we may send; empty for an address nobody recorded."""
    if delivery.contact_point is None:
        return ""
    token = sign_preferences(str(delivery.contact_point.public_id))
    return organisation.absolute(reverse("crm:preferences", args=[token]))


def message_id_of(delivery: Delivery) -> str:
    """The same for every try, so that receivers can tell a repetition."""
    facts = organisation.current()
    domain = facts.sender_address.rpartition("@")[2] or urlsplit(facts.base_url).hostname
    return f"<{delivery.public_id.hex}@{domain}>"


def build_mime(delivery: Delivery, mail: ComposedMail) -> bytes:
    """The finished mail as it is stored and sent."""
    url = preferences_url(delivery)
    is_consented = delivery.consent_purpose != Purpose.SERVICE
    text, html = mail.text, mail.html
    if is_consented and url and url not in text:
        text = f"{text.rstrip()}\n\n-- \n{_('Choose what we may send you:')} {url}\n"
    if is_consented and url and html and url not in html:
        html = _append_link(html, url)
    message = EmailMessage(policy=_POLICY)
    for name, value in _headers(delivery, mail, url if is_consented else "").items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(_inliner.inline(html), subtype="html")
        for image in [*mail.inline_images, *_logo_for(html)]:
            _html_part(message).add_related(
                image.png,
                "image",
                "png",
                cid=f"<{image.cid}>",
                disposition="inline",
                filename=f"{image.cid}.png",
            )
    for attachment in mail.attachments:
        _attach(message, attachment)
    return message.as_bytes()


def _headers(delivery: Delivery, mail: ComposedMail, unsubscribe_url: str) -> dict[str, str]:
    headers = {
        name: value for name, value in mail.headers.items() if name.lower() not in _OWN_HEADERS
    }
    headers["Subject"] = " ".join(mail.subject.split())
    headers["From"] = organisation.current().sender
    headers["To"] = delivery.address
    headers["Message-ID"] = message_id_of(delivery)
    headers["Date"] = format_datetime(datetime.now(tz=UTC))
    headers["Content-Language"] = delivery.language
    headers.setdefault("Auto-Submitted", "auto-generated")
    if unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _logo_for(html: str) -> list[InlineImage]:
    """The organisation's logo, for layouts that show it: inside, because programs block links."""
    if f"cid:{LOGO_CID}" not in html:
        return []
    picture = organisation.read_logo(organisation.current().logo)
    return [InlineImage(LOGO_CID, picture)] if picture else []


def _append_link(html: str, url: str) -> str:
    link = f'<p><a href="{escape(url)}">{escape(_("Choose what we may send you"))}</a></p>'
    head, body_end, tail = html.rpartition("</body>")
    return f"{head}{link}{body_end}{tail}" if body_end else f"{html}{link}"


def _html_part(message: EmailMessage) -> EmailMessage:
    part = message.get_body(preferencelist=("related", "html"))
    if not isinstance(part, EmailMessage):
        raise TypeError("The HTML part was added just before.")
    return part


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    """Keeps parameters such as `text/calendar; method=REQUEST`, by which programs know a mail."""
    header: Any = _POLICY.header_factory("Content-Type", attachment.mimetype)
    params = dict(header.params)
    if header.maintype == "text":
        params.setdefault("charset", "utf-8")
    message.add_attachment(
        attachment.content,
        maintype=header.maintype,
        subtype=header.subtype,
        filename=attachment.filename,
        params=params,
    )
