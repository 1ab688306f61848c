"""Typed readers for settings from the environment. They fail at start and name the variable."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

PREFIX = "VMCRM_"

_environ = environ.Env()


def _name(variable: str) -> str:
    return f"{PREFIX}{variable}"


def _refuse(variable: str, wanted: str, got: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{_name(variable)} must be {wanted}; it is {got!r}.")


def read_text(variable: str, default: str = "") -> str:
    """The variable's text without outer blanks, or `default` when it is unset."""
    return str(_environ.str(_name(variable), default=default)).strip()


def name_set_variables(fields: Mapping[str, str]) -> dict[str, str]:
    """Of field -> variable those whose variable has a value, with the variable's full name."""
    return {field: _name(variable) for field, variable in fields.items() if read_text(variable)}


def read_bool(variable: str, *, default: bool) -> bool:
    """1/0, true/false, yes/no, on/off. Raises ImproperlyConfigured for anything else."""
    text = read_text(variable).lower()
    if text == "":
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise _refuse(variable, "a yes or a no (1, 0, true, false)", text)


def refuse_replaced(variable: str, *, by: str, how: str) -> None:
    """A switch that an earlier version read. Raises ImproperlyConfigured while it is on: left in
    place it would be overlooked."""
    if read_bool(variable, default=False):
        raise ImproperlyConfigured(f"{_name(variable)} is replaced by {_name(by)}: {how}")


def read_int(variable: str, default: int, *, least: int, most: int) -> int:
    """A whole number between `least` and `most`, both included."""
    text = read_text(variable)
    if text == "":
        return default
    wanted = f"a whole number from {least} to {most}"
    try:
        value = int(text)
    except ValueError as error:
        raise _refuse(variable, wanted, text) from error
    if not least <= value <= most:
        raise _refuse(variable, wanted, text)
    return value


def read_list(variable: str, default: Sequence[str] = ()) -> list[str]:
    """Comma-separated words; empty ones are left out."""
    text = read_text(variable)
    if text == "":
        return list(default)
    return [word.strip() for word in text.split(",") if word.strip()]


def read_networks(variable: str) -> list[IPv4Network | IPv6Network]:
    """Comma-separated addresses (10.0.0.7) and networks (10.0.0.0/24)."""
    networks = []
    for word in read_list(variable):
        try:
            networks.append(ip_network(word))
        except ValueError as error:
            wanted = "addresses or networks such as 127.0.0.1,10.0.0.0/24"
            raise _refuse(variable, wanted, word) from error
    return networks


def read_path(variable: str, default: Path) -> Path:
    """An absolute path; a relative one is taken from the project's root by the caller's default."""
    text = read_text(variable)
    if text == "":
        return default.absolute()
    return Path(text).expanduser().absolute()


def read_url(variable: str, default: str, *, schemes: Sequence[str]) -> str:
    """An absolute URL with one of `schemes` and a host, without a trailing slash."""
    text = read_text(variable, default)
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname:
        raise _refuse(variable, f"an address such as {schemes[0]}://example.com", text)
    return text.rstrip("/")


def read_zone(variable: str, default: str) -> str:
    """The name of a time zone of the IANA database."""
    text = read_text(variable, default)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _refuse(variable, "a time zone such as Europe/Berlin", text) from error
    return text


def read_currency(variable: str, default: str) -> str:
    """The three capital letters of a currency (ISO 4217)."""
    text = read_text(variable, default)
    if not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise _refuse(variable, "three capital letters such as EUR", text)
    return text


def read_database(default_path: Path) -> dict[str, object]:
    """`DATABASE_URL` as Django's database settings; SQLite at `default_path` when it is unset."""
    return dict(_environ.db_url("DATABASE_URL", default=f"sqlite:///{default_path}"))


def read_redis_url(default: str) -> str:
    """`REDIS_URL`: redis://, rediss:// or unix:// (an absolute path)."""
    text = str(_environ.str("REDIS_URL", default=default)).strip()
    if urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            f"REDIS_URL must begin with redis://, rediss:// or unix://; it is {text!r}."
        )
    return text
