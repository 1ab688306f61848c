"""One Redis or Valkey address in the spellings its clients want.

django.core.cache and channels-redis take `unix:///path?db=N`, Celery only
`redis+socket:///path?virtual_host=N`; over TCP all take `redis://host:port/N`.
"""

import hashlib
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103
# A server on the same machine or network answers in a millisecond. One that takes longer than this
# is away: pages go on without it, and what they left is made good by rows and sweeps.
CACHE_LIMITS: Final = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
LAYER_LIMITS: Final = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
# Publishing gives up at once when the broker is away: the sweep finds the row, the page goes on.
BROKER_LIMITS: Final[dict[str, Any]] = {
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}


def find_socket_path(home: Path) -> Path:
    """Where the embedded server listens: below `home`, or in the temporary folder when too long."""
    path = home / "run" / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"vmcrm-{digest}" / "valkey.sock"


def spell_for_cache(url: str, database: int) -> str:
    """The address of `database` for the cache and the channel layer."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={database}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


def spell_for_celery(url: str, database: int) -> str:
    """The address of `database` for Celery's broker."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={database}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))
