"""Counting tries in the shared cache, so that codes and addresses cannot be tried out."""

import hashlib
import logging

from django.core.cache import cache
from redis.exceptions import RedisError

from meetings.services.refusals import TooManyTries

logger = logging.getLogger(__name__)

WINDOW_S = 15 * 60


def _cache_key(name: str, who: str) -> str:
    # Addresses do not belong into the cache in clear.
    return f"tries:{name}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"


def count_try(*, name: str, who: str, limit: int, window_s: int = WINDOW_S) -> None:
    """Count one try of `who`. Raises TooManyTries from the one after `limit` on."""
    if _counted(_cache_key(name, who), window_s) > limit:
        logger.warning("Too many tries: %s", name)
        raise TooManyTries


def _counted(key: str, window_s: int) -> int:
    """The tries with this one. While the cache is away nothing is counted and nobody is stopped:
    codes and links are too long to be guessed in that time, and people want to come in."""
    try:
        cache.add(key, 0, timeout=window_s)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=window_s)
        return 1
    except (RedisError, OSError) as error:
        logger.warning("Tries are not counted, the cache does not answer: %s", error)
        return 0


def refuse_after(*, name: str, who: str, limit: int) -> None:
    """Raises TooManyTries when `who` used up `limit` counted tries; counts nothing."""
    try:
        tries = int(cache.get(_cache_key(name, who)) or 0)
    except (RedisError, OSError) as error:
        logger.warning("Tries are not counted, the cache does not answer: %s", error)
        return
    if tries >= limit:
        raise TooManyTries
