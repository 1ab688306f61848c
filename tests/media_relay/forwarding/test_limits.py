"""The token bucket."""

from media_relay.forwarding.limits import TokenBucket


def test_take_burst_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=0.0)

    assert [bucket.take(1, 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.take(1, 0.05)
    assert bucket.take(1, 0.1)


def test_take_saves_no_more_than_the_burst() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=0.0)

    assert not bucket.take(6, 100.0)
    assert bucket.take(5, 100.0)
