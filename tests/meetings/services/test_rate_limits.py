"""Counting tries, per person and purpose, also while the cache is away."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from meetings.services.rate_limits import count_try, refuse_after
from meetings.services.refusals import TooManyTries


def test_count_try_refuses_from_the_one_after_the_limit_on() -> None:
    for _try in range(3):
        count_try(name="door", who="192.0.2.1", limit=3)

    for _try in range(2):
        with pytest.raises(TooManyTries):
            count_try(name="door", who="192.0.2.1", limit=3)

    count_try(name="door", who="192.0.2.2", limit=3)
    count_try(name="window", who="192.0.2.1", limit=3)


def test_refuse_after_counts_nothing_itself() -> None:
    for _look in range(5):
        refuse_after(name="door", who="192.0.2.1", limit=1)
    count_try(name="door", who="192.0.2.1", limit=1)

    with pytest.raises(TooManyTries):
        refuse_after(name="door", who="192.0.2.1", limit=1)


def test_count_try_while_the_cache_is_away_is_counted_by_the_process(
    settings: Any, tmp_path: Path
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "vmcrm.shared_cache.SharedCache",
            "LOCATION": f"unix://{tmp_path}/nobody-listens.sock",
        }
    }
    for _try in range(3):
        refuse_after(name="door", who="192.0.2.1", limit=3)
        count_try(name="door", who="192.0.2.1", limit=3)

    with pytest.raises(TooManyTries):
        count_try(name="door", who="192.0.2.1", limit=3)
    with pytest.raises(TooManyTries):
        refuse_after(name="door", who="192.0.2.1", limit=3)
    cache.clear()  # of this process
