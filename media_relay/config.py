"""What a relay process is told at its start: command line over environment over defaults."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

PREFIX = "VMCRM_RELAY_"
MIN_SECRET_CHARS = 16
NO_TCP = "-1"


class BadConfig(ValueError):
    """A setting cannot be used; the sentence names it."""


@dataclass(frozen=True)
class RecordingsPlace:
    """Where recordings are written, and how much of that disk they leave free."""

    folder: Path
    reserve_bytes: int


@dataclass(frozen=True)
class Config:
    """The settings of one relay process."""

    name: str
    control_host: str
    control_port: int  # 0: any free port
    udp_port: int  # 0: any free port
    tcp_port: int | None  # 0: any free port; None: no TCP
    advertised_ips: tuple[str, ...]  # empty: those of the machine, wherever it is
    secret: str
    grace_s: float
    offers_udp: bool = True
    allow_faults: bool = False
    turn_ips: frozenset[str] = frozenset()
    recordings: RecordingsPlace | None = None
    sign_of_life: Path | None = None

    def __repr__(self) -> str:
        return f"Config(name={self.name!r}, control_port={self.control_port}, secret=...)"


def read_config(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration. Raises BadConfig; argparse ends the process on unknown options."""
    options = _parser(environment).parse_args(arguments)
    return Config(
        name=options.name,
        control_host=options.control_host,
        control_port=_port("control port", options.control_port),
        udp_port=_port("UDP port", options.udp_port),
        tcp_port=None if options.tcp_port == NO_TCP else _port("TCP port", options.tcp_port),
        advertised_ips=_addresses(options.advertised_ips) if options.advertised_ips else (),
        secret=_secret(options.secret_file, environment),
        grace_s=_seconds("grace time", options.grace_s),
        turn_ips=frozenset(_addresses(options.turn_ips)) if options.turn_ips else frozenset(),
        offers_udp=not options.tcp_only,
        allow_faults=_faults_allowed(options.allow_faults, environment),
        sign_of_life=options.sign_of_life,
        recordings=_recordings(options.recordings_dir, options.disk_reserve_mb),
    )


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    def default(name: str, fallback: str) -> str:
        return environment.get(PREFIX + name, "").strip() or fallback

    parser = argparse.ArgumentParser(
        prog="python -m media_relay",
        description="Forwards sound and picture between the participants of meetings.",
        epilog=f"Each option is also read from the environment, as {PREFIX}<NAME>. The secret that "
        f"the web process presents is read from {PREFIX}SECRET or from a file, never from the "
        "command line, where other users of the machine could see it.",
    )
    parser.add_argument("--name", default=default("NAME", "relay-1"), help="how it calls itself")
    parser.add_argument(
        "--control-host",
        default=default("CONTROL_HOST", "127.0.0.1"),
        help="address of the control socket (default %(default)s)",
    )
    parser.add_argument(
        "--control-port",
        default=default("CONTROL_PORT", "8765"),
        help="its port; 0 takes any free one (default %(default)s)",
    )
    parser.add_argument(
        "--udp-port",
        default=default("UDP_PORT", "0"),
        help="media port; 0 takes any free one (default %(default)s)",
    )
    parser.add_argument(
        "--tcp-port",
        default=default("TCP_PORT", "0"),
        help="media port for networks that block UDP; 0 takes any free one, -1 none "
        "(default %(default)s)",
    )
    parser.add_argument(
        "--tcp-only",
        action="store_true",
        help="name only the TCP port to browsers, to try it out",
    )
    parser.add_argument(
        "--advertised-ips",
        default=default("ADVERTISED_IPS", ""),
        help="own addresses that browsers reach, comma-separated; each gets its own socket "
        "(default loopback, and this machine's address in its network)",
    )
    parser.add_argument(
        "--secret-file",
        type=Path,
        default=default("SECRET_FILE", "") or None,
        help=f"file with the secret, where {PREFIX}SECRET is not set",
    )
    parser.add_argument(
        "--grace-s",
        default=default("GRACE_S", "30"),
        help="seconds for which media outlives a lost control connection (default %(default)s)",
    )
    parser.add_argument(
        "--turn-ips",
        default=default("TURN_IPS", ""),
        help="addresses of your TURN servers, comma-separated: whoever comes from there is shown "
        "as relayed",
    )
    parser.add_argument(
        "--allow-faults",
        action="store_true",
        help=f"for tests: obey inject_fault; refused unless {PREFIX}TESTING is 1",
    )
    parser.add_argument(
        "--recordings-dir",
        default=default("RECORDINGS_DIR", ""),
        help="folder in which meetings are recorded; without one nothing is",
    )
    parser.add_argument(
        "--disk-reserve-mb",
        default=default("DISK_RESERVE_MB", "1024"),
        help="megabytes of that disk that recordings leave free (default %(default)s)",
    )
    parser.add_argument(
        "--sign-of-life",
        type=Path,
        default=default("SIGN_OF_LIFE", "") or None,
        help="file that is touched every second, for whoever watches over the process",
    )
    return parser


def _faults_allowed(is_asked: bool, environment: Mapping[str, str]) -> bool:
    # Two keys, one of them in no example: nobody turns this on by copying a command.
    if is_asked and environment.get(PREFIX + "TESTING") != "1":
        raise BadConfig(
            "--allow-faults lets whoever holds the secret break calls. It is for tests: set "
            f"{PREFIX}TESTING=1 beside it, never in production."
        )
    return is_asked


def _port(what: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise BadConfig(f"The {what} must be a number from 0 to 65535; it is {text!r}.")
    return int(text)


def _seconds(what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise BadConfig(f"The {what} must be 0 to 3600 seconds; it is {text!r}.")
    return value


def _recordings(folder: str, reserve_mb: str) -> RecordingsPlace | None:
    if not reserve_mb.isascii() or not reserve_mb.isdigit():
        raise BadConfig(f"The disk reserve is a number of megabytes; it is {reserve_mb!r}.")
    if not folder:
        return None
    return RecordingsPlace(Path(folder), int(reserve_mb) * 1_000_000)


def _addresses(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        try:
            address = ip_address(word)
        except ValueError as error:
            raise BadConfig(f"{word!r} is not an IP address to advertise.") from error
        if address.is_unspecified:
            raise BadConfig(f"{word} is no address that a browser could reach: name a real one.")
    if not words:
        raise BadConfig("At least one IP address must be advertised.")
    return words


def _secret(file: Path | str | None, environment: Mapping[str, str]) -> str:
    secret = environment.get(PREFIX + "SECRET", "").strip()
    if not secret and file is not None:
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"The secret file {file} cannot be read.") from error
    if len(secret) < MIN_SECRET_CHARS:
        raise BadConfig(
            f"Set {PREFIX}SECRET (or --secret-file) to at least {MIN_SECRET_CHARS} characters."
        )
    return secret
