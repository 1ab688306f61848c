"""Counting tries in the shared cache, so that codes and addresses cannot be tried out.

While the cache is away each process counts for itself: see `vmcrm/shared_cache.py`.
"""

import hashlib
import logging
from dataclasses import dataclass

from django.core.cache import cache

from meetings.services.refusals import TooManyTries

logger = logging.getLogger(__name__)

WINDOW_S = 15 * 60


@dataclass(frozen=True)
class Visitor:
    """Who tries. Many people share an address; a browser is one person's but can be feigned."""

    address: str
    browser: str = ""

    @property
    def own(self) -> str:
        """The name under which this visitor is counted apart from neighbours."""
        return f"{self.address} {self.browser}"


def _cache_key(name: str, who: str) -> str:
    # Addresses do not belong into the cache in clear.
    return f"tries:{name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def count_try(*, name: str, who: str, limit: int, window_s: int = WINDOW_S) -> None:
    """Count one try of `who`. Raises TooManyTries from the one after `limit` on."""
    if _counted(_cache_key(name, who), window_s) > limit:
        logger.warning("Too many tries: %s", name)
        raise TooManyTries


def _counted(key: str, window_s: int) -> int:
    """The tries with this one."""
    try:
        cache.add(key, 0, timeout=window_s)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=window_s)
        return 1


def refuse_after(*, name: str, who: str, limit: int) -> None:
    """Raises TooManyTries when `who` used up `limit` counted tries; counts nothing."""
    if int(cache.get(_cache_key(name, who)) or 0) >= limit:
        raise TooManyTries
