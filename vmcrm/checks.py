"""System checks of the settings: what is unsafe or cannot work, with the way out.

Those of ALWAYS run always; the others with `manage.py check --deploy`.
"""

import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.http.request import validate_host

from vmcrm.private_files import is_open

SHORTEST_SECRET = 40
LOCAL_NAMES = {"localhost", "localhost.localdomain"}


def _is_local(host: str | None) -> bool:
    if not host or host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Links in mails are built from BASE_URL: its host must be one that we answer to."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    allowed = settings.ALLOWED_HOSTS
    if validate_host(f"[{host}]" if ":" in host else host, allowed):
        return []
    return [
        Error(
            f"VMCRM_BASE_URL names {host}, but VMCRM_ALLOWED_HOSTS does not list it.",
            hint=f"Add {host} to VMCRM_ALLOWED_HOSTS, or links in mails lead to a 400 page.",
            id="vmcrm.E001",
        )
    ]


def check_private_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each start closes the data folder: where it is open still, it belongs to somebody else."""
    home, recordings = Path(settings.HOME), Path(settings.RELAY_RECORDINGS_DIR)
    messages: list[CheckMessage] = []
    if is_open(home):
        messages.append(
            Error(
                f"Other users of this machine can read {home}.",
                hint=f"Give it to the user who runs vmcrm, or close it: chmod -R go= {home}",
                id="vmcrm.E005",
            )
        )
    if home not in recordings.parents and is_open(recordings):
        messages.append(
            checks.Warning(
                f"Other users of this machine can read the recordings in {recordings}.",
                hint=f"Close the folder: chmod -R go= {recordings}",
                id="vmcrm.W007",
            )
        )
    return messages


def check_https(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.IS_HTTPS or _is_local(urlsplit(settings.BASE_URL).hostname):
        return []
    return [
        Error(
            "VMCRM_BASE_URL is plain http on a host that is not this machine.",
            hint="Browsers give camera and microphone to https pages only: put TLS in front "
            "and set VMCRM_BASE_URL to the https address.",
            id="vmcrm.E002",
        )
    ]


def check_proxy(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.IS_HTTPS or settings.TRUSTED_PROXIES:
        return []
    return [
        checks.Warning(
            "VMCRM_BASE_URL is https, but no proxy in front is declared.",
            hint="Name the address of the proxy that ends TLS and sets X-Forwarded-Proto and "
            "X-Forwarded-For in VMCRM_TRUSTED_PROXIES (127.0.0.1 on this machine), or pages are "
            "taken for insecure and forms are refused.",
            id="vmcrm.W001",
        )
    ]


def check_debug(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [
        Error(
            "VMCRM_DEBUG is on: error pages show settings and source to everybody.",
            hint="Remove VMCRM_DEBUG from the environment.",
            id="vmcrm.E003",
        )
    ]


def check_secrets(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} is shorter than {SHORTEST_SECRET} characters.",
            hint=f"Remove {name} from the environment and let the program make one, or set one "
            "made by `python -c 'import secrets; print(secrets.token_urlsafe(50))'`.",
            id="vmcrm.E004",
        )
        for name, value in (
            ("VMCRM_SECRET_KEY", settings.SECRET_KEY),
            ("VMCRM_RELAY_SECRET", settings.RELAY_SECRET),
        )
        if len(value) < SHORTEST_SECRET
    ]


def check_mail(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if settings.EMAIL_BACKEND == "crm.mail_folder.MailFolderBackend":
        messages.append(
            checks.Warning(
                "Mail is written to a folder and leaves this machine never.",
                hint="Set VMCRM_EMAIL_URL, for example smtp+tls://user:password@mail.example:587.",
                id="vmcrm.W002",
            )
        )
    sender_host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    if _is_local(sender_host):
        messages.append(
            checks.Warning(
                f"Mails are sent from an address at {sender_host}; most servers refuse that.",
                hint="Set VMCRM_DEFAULT_FROM_EMAIL to an address of your own domain.",
                id="vmcrm.W003",
            )
        )
    return messages


def check_database(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A SQLite file is for one machine; a Redis elsewhere says that there are several."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    redis = urlsplit(settings.REDIS_URL)
    if not is_sqlite or redis.scheme == "unix" or _is_local(redis.hostname):
        return []
    return [
        checks.Warning(
            "The database is a SQLite file, but REDIS_URL points to another machine.",
            hint="Several web or worker machines need one database: set DATABASE_URL to "
            "PostgreSQL. With a single machine this warning can stay.",
            id="vmcrm.W004",
        )
    ]


def check_relays(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each relay process wants a core and a door that the web processes know."""
    messages: list[CheckMessage] = []
    cores = os.cpu_count() or 1
    if cores < settings.RELAY_PROCESSES:
        messages.append(
            checks.Warning(
                f"{settings.RELAY_PROCESSES} relay processes share {cores} cores.",
                hint=f"Set VMCRM_RELAY_PROCESSES to {cores} or less: a relay uses one core.",
                id="vmcrm.W005",
            )
        )
    if len(set(settings.RELAY_URLS)) < settings.RELAY_PROCESSES:
        messages.append(
            checks.Warning(
                "VMCRM_RELAY_URLS names fewer doors than there are relay processes.",
                hint="Remove VMCRM_RELAY_URLS, or list the door of every relay in it: a relay "
                "that is not listed gets no rooms.",
                id="vmcrm.W006",
            )
        )
    return messages


ALWAYS = (check_base_url, check_private_files)
DEPLOYMENT_CHECKS = (
    check_https,
    check_proxy,
    check_debug,
    check_secrets,
    check_mail,
    check_database,
    check_relays,
)
