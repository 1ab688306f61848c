"""Which packets are asked for, when, and how often."""

from itertools import pairwise

from media_relay.forwarding.nack import (
    ASK_INTERVAL_S,
    GIVE_UP_S,
    MAX_ASKS,
    MAX_MISSING,
    REORDER_GRACE_S,
    NackGenerator,
)


def feed(generator: NackGenerator, *sequences: int, now: float = 0.0) -> None:
    for sequence in sequences:
        assert generator.arrived(sequence, now)


def test_due_in_order_asks_for_nothing() -> None:
    generator = NackGenerator()
    feed(generator, 65_535, 65_536, 65_537)

    assert generator.due(1.0) == []


def test_due_gap_is_asked_for_after_the_reorder_grace() -> None:
    generator = NackGenerator()
    feed(generator, 1, 4)

    assert generator.due(0.0) == []
    assert generator.due(REORDER_GRACE_S) == [2, 3]


def test_due_reordered_packet_is_not_asked_for() -> None:
    generator = NackGenerator()
    feed(generator, 1, 3, 2)

    assert generator.due(1.0) == []


def test_due_lost_for_good_is_asked_for_a_few_times_only() -> None:
    generator = NackGenerator()
    feed(generator, 1, 3)

    times = [index * 0.01 for index in range(200)]
    asked = [now for now in times if generator.due(now) == [2]]

    assert len(asked) == MAX_ASKS
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert all(ASK_INTERVAL_S <= pause + 1e-9 <= ASK_INTERVAL_S + 0.02 for pause in pauses)
    assert generator.missing_count == 0


def test_due_without_ticks_for_long_gives_up() -> None:
    generator = NackGenerator()
    feed(generator, 1, 3)

    assert generator.due(GIVE_UP_S + 0.1) == []
    assert generator.missing_count == 0


def test_due_recovered_after_one_ask_is_not_asked_for_again() -> None:
    generator = NackGenerator()
    feed(generator, 1, 3)
    assert generator.due(0.01) == [2]

    feed(generator, 2, now=0.02)

    assert generator.due(0.5) == []


def test_arrived_gap_beyond_repair_says_so_and_forgets() -> None:
    generator = NackGenerator()
    feed(generator, 1)

    assert not generator.arrived(MAX_MISSING + 3, 0.0)
    assert generator.due(1.0) == []
    assert generator.missing_count == 0
