"""Damaged and random input to every reader of the relay: refused by name, never by accident."""

import gc
import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.media_relay.fuzz_targets import TARGETS, samples

LONG = settings(max_examples=20_000, suppress_health_check=list(HealthCheck))


@st.composite
def damaged(draw: st.DrawFn, target: str) -> bytes:
    """A sample with some bytes changed, cut out or put in; sometimes nothing but noise."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=1_600))
    data = bytearray(draw(st.sampled_from(samples(target))))
    for _ in range(draw(st.integers(0, 8))):
        position = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(("change", "cut", "insert")))
        if kind == "change" and position < len(data):
            data[position] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[position : position + draw(st.integers(1, 40))]
        else:
            data[position:position] = draw(st.binary(max_size=12))
    return bytes(data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@settings(max_examples=150)
@given(data=st.data())
def test_reader_survives_damaged_input(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(damaged(target)))


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("target", sorted(TARGETS))
@LONG
@given(data=st.data())
def test_reader_survives_damaged_input_at_length(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(damaged(target)))


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_reader_keeps_nothing_of_what_it_refused(target: str) -> None:
    """Two thousand damaged inputs leave no memory behind: a leak of 100 bytes each would show."""
    chance, read = random.Random(1), TARGETS[target]

    def feed(count: int) -> None:
        for _ in range(count):
            data = bytearray(chance.choice(samples(target)))
            for _ in range(chance.randrange(4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            read(bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data))

    feed(300)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        feed(2_000)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 200_000
