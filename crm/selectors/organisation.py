"""Who runs this system, as everybody else should ask: environment, then the row, then defaults.

Pages ask at every request, so each process keeps the answer for a few seconds; a change reaches
the other processes within that time.
"""

from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.core.files.storage import default_storage
from django.db import DatabaseError

from crm.models import Organisation, User
from crm.models.organisation import ONLY_ROW

KEPT_FOR_S = 5
LOGO_FOLDER = "organisation/"
_KEY = "current"
_kept = LocMemCache("organisation", {"TIMEOUT": KEPT_FOR_S})


@dataclass(frozen=True)
class OrganisationFacts:
    """What pages, mails and forms use; nothing of it is empty but the logo."""

    name: str
    sender: str
    """As in a From header: a name and an address."""
    base_url: str
    """Scheme, host and port, without a slash at the end."""
    currency: str
    language: str
    time_zone: str
    logo: str
    """Name of the picture's file; it changes with the picture. Empty without one."""

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]


def current() -> OrganisationFacts:
    """The facts as they are now. While the database is away: those of the settings."""
    facts = _kept.get(_KEY)
    if facts is None:
        try:
            row = Organisation.objects.filter(pk=ONLY_ROW).first()
        except DatabaseError:
            return _put_together(Organisation())
        facts = _put_together(row or Organisation())
        _kept.set(_KEY, facts)
    return facts  # type: ignore[no-any-return]


def absolute(path: str) -> str:
    """The whole address of a page: for mails, calendars and terminals."""
    return current().base_url + path


def forget() -> None:
    """Lets this process read the row anew."""
    _kept.clear()


def variable_of(field: str) -> str:
    """The environment's variable that fixes this field of the row; empty when it may be edited."""
    return str(settings.FIXED_BY_ENVIRONMENT.get(field, ""))


def read_logo(name: str) -> bytes | None:
    """The picture (PNG); None unless it is the one that is in use."""
    if not name or name != current().logo:
        return None
    try:
        with default_storage.open(f"{LOGO_FOLDER}{name}") as file:
            return bytes(file.read())
    except OSError:  # the folder of media was lost: pages go on without the picture
        return None


def has_administrator() -> bool:
    """Whether somebody may do everything; while nobody may, the first-run page is open."""
    return bool(User.objects.filter(is_superuser=True, is_active=True).exists())


def _put_together(row: Organisation) -> OrganisationFacts:
    name = _choose("name", row.name, settings.ORGANISATION_NAME)
    return OrganisationFacts(
        name=name,
        sender=_choose("sender_address", _sender_of(row, name), settings.DEFAULT_FROM_EMAIL),
        base_url=_choose("base_url", row.base_url, settings.BASE_URL),
        currency=_choose("currency", row.currency, settings.BASE_CURRENCY),
        language=row.language or settings.LANGUAGE_CODE,
        time_zone=_choose("time_zone", row.time_zone, settings.TIME_ZONE),
        logo=(row.logo.name or "").removeprefix(LOGO_FOLDER),
    )


def _choose(field: str, stored: str, default: str) -> str:
    return default if variable_of(field) else stored or default


def _sender_of(row: Organisation, name: str) -> str:
    """Only a name: it goes before the address of the settings."""
    if not (row.sender_address or row.sender_name or row.name):
        return ""
    address = row.sender_address or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return formataddr((row.sender_name or name, address))
