"""What a publisher is asked to encode."""

from media_relay.forwarding.demand import HOLD_S, Demand


def test_update_all_layers_run_at_first() -> None:
    demand = Demand(3)

    assert not demand.update(frozenset(), 10.0)
    assert demand.told == {0, 1, 2}
    assert not demand.is_partial


def test_update_nobody_watches_ends_all_after_a_while() -> None:
    demand = Demand(3)
    demand.update(frozenset(), 10.0)

    assert not demand.update(frozenset(), 10.0 + HOLD_S - 0.1)
    assert demand.update(frozenset(), 10.0 + HOLD_S)
    assert demand.told == frozenset()


def test_update_more_at_once_and_fewer_later() -> None:
    demand = Demand(3)
    demand.update(frozenset(), 0.0)
    demand.update(frozenset({0}), HOLD_S)
    assert demand.told == {0}

    assert demand.update(frozenset({0, 2}), HOLD_S + 0.1)
    assert demand.told == {0, 2}
    assert not demand.update(frozenset({0}), HOLD_S + 1)
    assert demand.update(frozenset({0}), 2 * HOLD_S + 0.2)
    assert demand.told == {0}


def test_update_layer_that_does_not_exist_is_not_asked_for() -> None:
    demand = Demand(1)

    demand.update(frozenset({0, 1}), 0.0)

    assert demand.told == {0}
