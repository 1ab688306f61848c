"""What a well-formed address, name, zone, month or country code is. Knows no database."""

import re
import unicodedata
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

# Domains that can belong to nobody (RFC 2606 and 6761): mail to them is demonstration or test.
_RESERVED_TOP = ("example", "test", "invalid", "localhost")
_RESERVED_NAMES = ("example.com", "example.org", "example.net")
# Several people read these (RFC 2142 and custom): they never identify one person.
_ROLE_NAMES = frozenset(
    {
        *("abuse", "admin", "billing", "contact", "events", "help", "hello", "hostmaster", "hr"),
        *("info", "jobs", "mail", "marketing", "media", "news", "newsletter", "noreply"),
        *("no-reply", "office", "postmaster", "press", "sales", "security", "service", "support"),
        *("team", "webmaster"),
    }
)
_LINK = re.compile(r"://|@|\bwww\.|\w\.[a-z]{2,}|[\w-]{2}\.[A-Z]{2,}\b", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|[0-9]{3}|[A-Z]{1,12}")


def normalise_name(text: str) -> str:
    """`text` in NFC on one line, without control characters and without direction tricks."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in composed
        if unicodedata.category(letter) != "Cf"
    )
    return " ".join(kept.split())


def validate_no_link(text: str) -> None:
    """Refuses a name in which mail programs would find a web or an e-mail address.

    A dot between small letters, or between capitals, is a domain's (evil.example, EVIL.EXAMPLE);
    abbreviations go on with a capital (J.R.R. Tolkien, Dr.Müller).
    """
    if _LINK.search(unicodedata.normalize("NFKC", text)):
        raise ValidationError(_("Write the name without web or e-mail addresses."), code="link")


def normalise_email(address: str) -> str:
    """The address in the one spelling we compare: trimmed, lower case, ASCII domain.

    Raises ValidationError for what is no address.
    """
    trimmed = unicodedata.normalize("NFKC", address).strip().lower()
    local, at, domain = trimmed.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = domain
    candidate = f"{local}{at}{ascii_domain}"
    if len(candidate) > 254:
        raise ValidationError(_("This e-mail address is too long."), code="invalid")
    validate_email(candidate)
    return candidate


def normalise_phone(number: str, region: str | None = None) -> str:
    """The number in E.164. Raises ValidationError unless it can be dialled from abroad."""
    message = _("Write the phone number with its country code, for example +49 30 1234567.")
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(message, code="invalid") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValidationError(message, code="invalid")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_role_address(address: str) -> bool:
    """Whether the mailbox belongs to a function (info@…) rather than to a person."""
    return address.partition("@")[0].partition("+")[0].lower() in _ROLE_NAMES


def is_reserved_address(address: str) -> bool:
    """Whether the address lies in a domain that can belong to nobody."""
    domain = address.rpartition("@")[2].lower()
    top = domain.rpartition(".")[2]
    is_reserved_name = any(
        domain == name or domain.endswith(f".{name}") for name in _RESERVED_NAMES
    )
    return top in _RESERVED_TOP or is_reserved_name


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Examples: Europe/Berlin, Asia/Shanghai."),
            code="invalid",
            params={"name": name},
        )


def validate_base_url(url: str) -> None:
    """Scheme, host and perhaps a port, and nothing behind it."""
    wrong = ValidationError(
        _("Write the address as https://meet.example.com, without anything behind it."),
        code="invalid",
    )
    try:
        parts = urlsplit(url)
        rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username or "")
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # a port that is no number, a bracket left open
        raise wrong from error
    if not is_address or any(rest) or any(letter.isspace() for letter in url):
        raise wrong


def validate_currency(code: str) -> None:
    if not _CURRENCY.fullmatch(code):
        raise ValidationError(
            _("A currency is written as three capital letters (ISO 4217), for example EUR."),
            code="invalid",
        )


def validate_first_of_month(day: date) -> None:
    if day.day != 1:
        raise ValidationError(_("Give the first day of the month."), code="invalid")


def validate_region_code(code: str) -> None:
    if not _REGION.fullmatch(code):
        raise ValidationError(
            _("Use an ISO 3166 code (DE, DE-BY, CN-SH) or a name in capitals (APAC)."),
            code="invalid",
        )
