"""A bad network is bad in the measure that was asked for, and each time the same."""

import random

import pytest

from media_relay.protocol import PathFault
from media_relay.stats import Stats
from media_relay.transport.faults import QUEUE_S, FaultyPath

ANN, BEN = ("127.0.0.1", 1001), ("127.0.0.1", 1002)


def path(stats: Stats | None = None, *, seed: int = 1, **wrong: float) -> FaultyPath:
    fault = {"loss_percent": 0.0, "delay_ms": 0, "cap_bps": 0} | wrong
    return FaultyPath(PathFault(**fault), random.Random(seed), stats or Stats())  # type: ignore[arg-type]


def test_path_without_faults_lets_everything_through_at_once() -> None:
    assert path().wait_s(1200, ANN, now=5.0) == 0


def test_path_loses_the_share_that_was_asked_for_and_the_same_each_time() -> None:
    stats = Stats()
    lossy, again = path(stats, loss_percent=10), path(loss_percent=10)

    fates = [lossy.wait_s(1200, ANN, now=0.0) for _ in range(2_000)]

    assert 150 < fates.count(None) < 250
    assert stats.drops == {"fault_loss": fates.count(None)}
    assert fates == [again.wait_s(1200, ANN, now=0.0) for _ in range(2_000)]


def test_path_of_hundred_percent_loses_everything() -> None:
    lossy = path(loss_percent=100)

    assert {lossy.wait_s(1200, ANN, now=0.0) for _ in range(500)} == {None}


def test_narrow_path_queues_for_a_while_and_then_drops() -> None:
    """1,000 bytes take 80 ms at 100 kbps: two wait within 200 ms, the third is too much."""
    stats = Stats()
    narrow = path(stats, cap_bps=100_000)

    waits = [narrow.wait_s(1_000, ANN, now=0.0) for _ in range(4)]

    assert waits == [0.08, pytest.approx(0.16), None, None]
    assert stats.drops == {"fault_cap": 2}
    assert narrow.wait_s(1_000, BEN, now=0.0) == 0.08  # a link of its own
    assert narrow.wait_s(1_000, ANN, now=QUEUE_S) == pytest.approx(0.08)


def test_slow_path_adds_its_delay() -> None:
    assert path(delay_ms=120, cap_bps=1_000_000).wait_s(1_250, ANN, now=9.0) == pytest.approx(0.13)
