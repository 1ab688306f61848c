"""The policy: who gets how much."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.bandwidth import (
    Allocation,
    Wish,
    allocate,
    likely_heights,
    suitable_layer,
    usual_bps,
)

COSTS = (150.0, 450.0, 1_500.0)


def wish(
    key: str,
    area: int = 100,
    *,
    wanted: int = 2,
    is_first: bool = False,
    costs: tuple[float, ...] = COSTS,
    held: int | None = None,
) -> Wish:
    return Wish(key, is_first, area, wanted, costs, held)


def share(*wishes: Wish, budget: float, proved: float | None = 0.0) -> Allocation:
    return allocate(wishes, budget, proved_bps=proved)


def test_allocate_plenty_gives_everybody_what_suits_the_tile() -> None:
    result = share(wish("a"), wish("b", wanted=1), wish("c", wanted=0), budget=10_000)

    assert result == Allocation({"a": 2, "b": 1, "c": 0}, (), 2_100.0, None)


def test_allocate_hidden_gets_nothing_and_is_not_paused() -> None:
    result = share(wish("a", area=0), wish("b", wanted=0), budget=10_000)

    assert (result.layers, result.paused) == ({"a": None, "b": 0}, ())


def test_allocate_stage_is_raised_before_tiles_are_shown() -> None:
    result = share(wish("big", 900), wish("stage", 500, is_first=True), budget=500)

    assert (result.layers, result.paused) == ({"big": None, "stage": 1}, ("big",))


def test_allocate_every_tile_is_shown_before_one_is_raised() -> None:
    result = share(wish("a", 300), wish("b", 200), wish("c", 100), budget=750)

    assert result.layers == {"a": 1, "b": 0, "c": 0}
    assert result.next_bps == 1_050.0


def test_allocate_larger_tiles_are_raised_first() -> None:
    result = share(wish("small", 100), wish("large", 300), budget=2_000)

    assert result.layers == {"small": 1, "large": 2}


def test_allocate_smallest_tiles_are_paused_first() -> None:
    result = share(wish("a", 300), wish("b", 200), wish("c", 100), budget=310)

    assert (result.layers["c"], result.paused, result.next_bps) == (None, ("c",), 450.0)


def test_allocate_while_nothing_is_proved_nothing_is_paused() -> None:
    result = share(wish("a"), wish("b", 50), budget=100, proved=None)

    assert (result.layers, result.paused) == ({"a": 0, "b": 0}, ())
    assert result.next_bps == 600.0


def test_allocate_up_to_what_is_proved_smallest_layers_are_given_beyond_the_budget() -> None:
    three = wish("a", 300), wish("b", 200), wish("c", 100)

    result = share(*three, budget=100, proved=310)

    assert (result.layers, result.paused) == ({"a": 0, "b": 0, "c": None}, ("c",))


def test_allocate_doubt_alone_leaves_a_shared_screen_and_lowers_the_pictures() -> None:
    result = share(
        wish("screen", 900, wanted=0, is_first=True, costs=(900.0,), held=0),
        wish("a", 100, held=2),
        budget=42,
        proved=None,
    )

    assert (result.layers, result.paused) == ({"screen": 0, "a": 0}, ())


def test_allocate_costly_tile_does_not_keep_the_cheaper_ones_out() -> None:
    result = share(wish("a", 300, wanted=0, costs=(900.0,)), wish("b", 200), budget=500)

    assert (result.layers, result.paused) == ({"a": None, "b": 1}, ("a",))


def test_allocate_what_is_held_is_a_little_cheaper() -> None:
    fresh = share(wish("a", wanted=1), budget=420)
    held = share(wish("a", wanted=1, held=1), budget=420)

    assert (fresh.layers["a"], held.layers["a"]) == (0, 1)


def test_allocate_only_layer_is_not_taken_away_at_the_first_doubt() -> None:
    def kept(budget: float) -> int | None:
        return share(wish("a", wanted=0, costs=(900.0,), held=0), budget=budget).layers["a"]

    assert (kept(600), kept(500)) == (0, None)


def test_suitable_layer_by_height() -> None:
    heights = (180, 360, 720)

    chosen = [suitable_layer(heights, lines) for lines in (1, 180, 240, 241, 480, 481, 2_000)]

    assert chosen == [0, 0, 0, 1, 1, 2, 2]


def test_likely_heights_before_a_picture_was_seen_are_those_of_usual_cameras() -> None:
    found = [likely_heights((None,) * count) for count in (1, 2, 3)]

    assert found == [(720,), (240, 480), (180, 360, 720)]


def test_likely_heights_follow_from_the_layers_that_showed_theirs() -> None:
    assert likely_heights((270, None, None)) == (270, 540, 1080)
    assert likely_heights((None, 360)) == (180, 360)
    assert likely_heights((None, 45, None)) == (22, 45, 90)


def test_usual_bps_is_what_the_room_page_allows() -> None:
    found = [round(usual_bps(height) / 1_000) for height in (90, 180, 360, 720, 1_080)]

    assert found == [48, 150, 475, 1_500, 1_500]


WISHES = st.lists(
    st.builds(
        lambda area, wanted, is_first, held: (area, wanted, is_first, held),
        st.integers(0, 1_000),
        st.integers(0, 2),
        st.booleans(),
        st.none() | st.integers(0, 2),
    ),
    max_size=12,
)


@given(WISHES, st.floats(0, 20_000))
def test_allocate_anything_keeps_to_the_budget_and_the_order(
    facts: list[tuple[int, int, bool, int | None]], budget: float
) -> None:
    wishes = [
        wish(str(index), area, wanted=wanted, is_first=is_first, held=held)
        for index, (area, wanted, is_first, held) in enumerate(facts)
    ]

    result = allocate(wishes, budget, proved_bps=0.0)

    assert result.total_bps <= budget
    assert set(result.layers) == {entry.key for entry in wishes}
    for entry in wishes:
        layer = result.layers[entry.key]
        assert layer is None or 0 <= layer <= entry.wanted
        assert (entry.key in result.paused) == (entry.area > 0 and layer is None)
    lacks = any(entry.area > 0 and result.layers[entry.key] != entry.wanted for entry in wishes)
    assert (result.next_bps is not None) == lacks
    assert result.next_bps is None or result.next_bps > budget
