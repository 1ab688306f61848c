"""Counting tries in the shared cache, so that codes and addresses cannot be tried out."""

import hashlib
import logging

from django.core.cache import cache

from meetings.services.refusals import TooManyTries

logger = logging.getLogger(__name__)

WINDOW_S = 15 * 60


def _cache_key(name: str, who: str) -> str:
    # Addresses do not belong into the cache in clear.
    return f"tries:{name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def count_try(*, name: str, who: str, limit: int, window_s: int = WINDOW_S) -> None:
    """Count one try of `who`. Raises TooManyTries from the one after `limit` on."""
    key = _cache_key(name, who)
    cache.add(key, 0, timeout=window_s)
    try:
        tries = cache.incr(key)
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=window_s)
        tries = 1
    if tries > limit:
        logger.warning("Too many tries: %s", name)
        raise TooManyTries


def refuse_after(*, name: str, who: str, limit: int) -> None:
    """Raises TooManyTries when `who` used up `limit` counted tries; counts nothing."""
    if int(cache.get(_cache_key(name, who)) or 0) >= limit:
        raise TooManyTries
