"""The link of the first-run page: its token is known to whoever reads this machine's files.

Without it a stranger who finds the port before its owner does would own the system.
"""

import secrets
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from crm.selectors import organisation
from vmcrm.secret_files import read_or_create_secret


def _path() -> Path:
    return settings.HOME / "secrets" / "setup_token"


def make_setup_link() -> str:
    """The address for the terminal; empty when there is an administrator. Same until it is used."""
    if organisation.has_administrator():
        return ""
    token = read_or_create_secret(_path())
    return settings.BASE_URL + reverse("set-up", args=[token])


def is_setup_token(token: str) -> bool:
    """Compared in constant time; no token was made, no token is right."""
    path = _path()
    if not path.exists():
        return False
    return secrets.compare_digest(token.encode(), path.read_text().strip().encode())


def forget_setup_token() -> None:
    _path().unlink(missing_ok=True)


def describe_first_run() -> list[str]:
    """Lines for the terminal while there is no administrator."""
    link = make_setup_link()
    if not link:
        return []
    return [
        "",
        "There is no administrator yet. Set up your system here (the link works once):",
        f"  {link}",
    ]
