"""One Redis or Valkey address in the spellings its clients want.

django.core.cache and channels-redis take `unix:///path?db=N`, Celery only
`redis+socket:///path?virtual_host=N`; over TCP all take `redis://host:port/N`.
"""

import hashlib
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103


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
