"""Segments against every partition in exact rationals; whether groups are real; each rule."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, silhouette_score

from analytics.estimators.errors import BadData, BadProblem, NotEnoughData, Refused
from analytics.estimators.segmentation import SegmentationSpec, find_segments
from analytics.estimators.segmentation.choosing import compare
from tests.analytics.reference.partitions import find_best, list_partitions, measure_distances
from tests.analytics.reference.segment_verdicts import KINDS, find_k

AGES, INCOMES = [25, 30, 35, 28, 32], [50, 70, 90, 60, 80]
HABITS = ["often", "seldom", "often", "seldom", "often"]
CUSTOMERS = {"age": AGES, "income": INCOMES, "habit": HABITS}
EXAMPLE = SegmentationSpec(("age", "income"), ("habit",), k=3)


def name_groups(labels: list[int | None]) -> set[frozenset[int]]:
    """Which rows are together, whatever the groups are called."""
    return {
        frozenset(row for row, one in enumerate(labels) if one == label) for label in set(labels)
    }


@pytest.mark.parametrize(
    "spec",
    [EXAMPLE, SegmentationSpec(("age", "income"), ordinal={"habit": ("seldom", "often")}, k=3)],
    ids=["one-hot", "ordinal"],
)
def test_five_customers_get_the_best_of_all_partitions(spec: SegmentationSpec) -> None:
    if spec.ordinal:
        distances = measure_distances([AGES, INCOMES, [int(h == "often") for h in HABITS]], [])
    else:
        distances = measure_distances([AGES, INCOMES], [HABITS])
    least, (best,) = find_best(distances, 3)

    result = find_segments(spec, CUSTOMERS)

    assert name_groups(list(result.labels)) == name_groups(best)
    assert name_groups(best) == {frozenset({0}), frozenset({1, 3}), frozenset({2, 4})}
    assert result.inertia == pytest.approx(float(least), rel=1e-12)
    assert [segment.size for segment in result.segments] == [2, 2, 1]


def test_five_customers_have_the_centres_of_their_groups_and_a_warning() -> None:
    result = find_segments(EXAMPLE, CUSTOMERS)

    centres = [
        (segment.centre["age"], segment.centre["income"], segment.centre["habit"]["often"])
        for segment in result.segments
    ]
    assert centres == [
        pytest.approx((29, 65, 0)),
        pytest.approx((33.5, 85, 1)),
        pytest.approx((25, 50, 1)),
    ]
    assert {"few_rows_for_segments", "segments_not_stable"} <= {f.code for f in result.findings}


def test_common_wrong_centres_come_from_no_assignment() -> None:
    """(30, 70, often), (28, 60, seldom), (32, 80, often): of 25 partitions none has these means."""
    wrong = {(30, 70, 1), (28, 60, 0), (32, 80, 1)}

    def average(column: list[int], rows: frozenset[int]) -> Fraction:
        return Fraction(sum(column[row] for row in rows), len(rows))

    often = [int(habit == "often") for habit in HABITS]
    found = [
        {tuple(average(one, rows) for one in (AGES, INCOMES, often)) for rows in groups}
        for groups in map(name_groups, list_partitions(5, 3))
    ]

    assert len(found) == 25
    assert wrong not in found
    assert {(25, 50, 1), (29, 65, 0), (Fraction(67, 2), 85, 1)} in found


def make_groups(sizes: tuple[int, ...], spread: float = 1.0, seed: int = 5) -> dict:
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0], [40, 0], [0, 40], [40, 40]]) * 0.15
    points = np.vstack(
        [rng.normal(corner, spread, (n, 2)) for n, corner in zip(sizes, corners, strict=False)]
    )
    truth = np.repeat(np.arange(len(sizes)), sizes)
    return {"a": points[:, 0], "b": points[:, 1], "truth": truth}


AUTO = SegmentationSpec(("a", "b"))


def test_clear_groups_are_found_and_numbered_by_size() -> None:
    table = make_groups((40, 120, 70))

    result = find_segments(AUTO, table)

    assert result.k == 3
    assert [segment.size for segment in result.segments] == [120, 70, 40]
    assert adjusted_rand_score(table["truth"], result.labels) > 0.98
    scaled = [(table[name] - table[name].mean()) / table[name].std() for name in "ab"]
    expected = silhouette_score(np.column_stack(scaled), result.labels)
    assert result.silhouette == pytest.approx(expected, rel=1e-9)
    assert result.stability > 0.9


@pytest.mark.parametrize("shape", ["normal", "uniform", "stretched"])
def test_one_cloud_has_no_stable_segments(shape: str) -> None:
    rng = np.random.default_rng(2)
    points = {
        "normal": rng.normal(size=(200, 2)),
        "uniform": rng.uniform(size=(200, 2)),
        "stretched": rng.normal(size=(200, 2)) @ np.array([[3, 2], [0, 0.5]]),
    }[shape]

    result = find_segments(AUTO, {"a": points[:, 0], "b": points[:, 1]})

    assert (result.k, result.labels, result.segments) == (None, (), ())
    assert result.status == "ok_with_warnings"
    assert "no_stable_segments" in {finding.code for finding in result.findings}


def test_explicit_k_labels_a_single_cloud_with_a_warning() -> None:
    rng = np.random.default_rng(2)

    result = find_segments(
        SegmentationSpec(("a", "b"), k=4), {"a": rng.normal(size=90), "b": rng.normal(size=90)}
    )

    assert sorted(set(result.labels)) == [0, 1, 2, 3]
    assert "segments_not_stable" in {finding.code for finding in result.findings}


def test_very_skewed_column_is_compared_by_ratio_whatever_its_unit() -> None:
    rng = np.random.default_rng(4)
    small, large = rng.lognormal(0, 0.3, 160), rng.lognormal(6, 0.3, 20)
    spend = np.concatenate([[0.0], small, large])

    plain = find_segments(SegmentationSpec(("spend",)), {"spend": spend})
    other = find_segments(SegmentationSpec(("spend",)), {"spend": spend * 7.3})

    assert plain.k == 2
    assert [segment.size for segment in plain.segments] == [161, 20]
    assert plain.features[0].transform == "log_standardised"
    assert other.labels == plain.labels
    assert other.segments[1].centre["spend"] == pytest.approx(
        plain.segments[1].centre["spend"] * 7.3
    )


def test_shares_of_the_distance_follow_from_the_scaling() -> None:
    """Standardised numbers weigh 1 each, a category with shares p weighs (1 - sum p^2) / 2."""
    result = find_segments(EXAMPLE, CUSTOMERS)

    category = (1 - 0.6**2 - 0.4**2) / 2
    shares = [feature.share_of_distance for feature in result.features]
    assert shares == pytest.approx([1 / (2 + category)] * 2 + [category / (2 + category)])
    assert sum(feature.share_of_separation for feature in result.features) == pytest.approx(1)


def test_portrait_compares_members_with_everyone() -> None:
    table = {**CUSTOMERS, "city": ["A", "B", "A", None, "A"], "visits": ["1", "2", "3", "4", "x"]}
    spec = SegmentationSpec(("age", "income"), ("habit",), described=("city", "visits"), k=3)

    seldom, often, _ = find_segments(spec, table).segments

    assert seldom.portrait["age"]["mean"] == 29
    assert seldom.portrait["age"]["everyone"]["mean"] == 30
    assert seldom.portrait["habit"]["shares"] == {"often": 0, "seldom": 1}
    assert often.portrait["habit"]["everyone"] == {"often": 0.6, "seldom": 0.4}
    assert seldom.portrait["city"] == {
        "kind": "categorical",
        "n": 1,
        "shares": {"A": 0, "B": 1},
        "everyone": {"A": 0.75, "B": 0.25},
    }
    assert often.portrait["visits"]["shares"]["x"] == 0.5
    assert sorted(often.typical_rows) == [3, 5]


def refuse(kind: type[Refused], spec: SegmentationSpec, table: dict) -> dict[str, dict]:
    with pytest.raises(kind) as refusal:
        find_segments(spec, table)
    return {finding.code: dict(finding.parameters) for finding in refusal.value.findings}


def test_more_segments_than_distinct_rows_are_refused() -> None:
    table = {"a": [1, 1, 2, 2, 3], "b": [5, 5, 6, 6, 7]}

    assert find_segments(SegmentationSpec(("a", "b"), k=3), table).k == 3
    found = refuse(BadProblem, SegmentationSpec(("a", "b"), k=4), table)
    assert found == {"k_above_distinct": {"k": 4, "distinct": 3}}


@pytest.mark.parametrize("column", ["age", "habit"])
def test_missing_values_are_refused_unless_a_rule_is_chosen(column: str) -> None:
    table = {**CUSTOMERS, column: [None, *CUSTOMERS[column][1:]]}
    dropping = SegmentationSpec(("age", "income"), ("habit",), k=2, missing="drop")

    found = refuse(BadData, EXAMPLE, table)
    result = find_segments(dropping, table)

    assert found == {"missing_values": {"column": column, "count": 1, "rows": [1]}}
    assert (result.labels[0], result.dropped_rows, result.n) == (None, (1,), 4)
    assert name_groups(list(result.labels[1:])) == {frozenset({0, 2}), frozenset({1, 3})}
    assert "rows_dropped" in {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    ("spec", "changed", "kind", "code"),
    [
        (SegmentationSpec(), {}, BadProblem, "no_features"),
        (SegmentationSpec(("age", "age")), {}, BadProblem, "name_twice"),
        (SegmentationSpec(("size",)), {}, BadProblem, "unknown_column"),
        (SegmentationSpec(("age",), k=0), {}, BadProblem, "k_below_one"),
        (
            SegmentationSpec(ordinal={"habit": ("often",)}),
            {},
            BadProblem,
            "levels_not_distinct",
        ),
        (
            SegmentationSpec(ordinal={"habit": ("never", "often")}),
            {},
            BadData,
            "level_undeclared",
        ),
        (SegmentationSpec(("habit",)), {}, BadData, "not_a_number"),
        (SegmentationSpec(("age",)), {"age": [1, 2, 3, 4, np.inf]}, BadData, "infinite_values"),
        (SegmentationSpec(("age",)), {"age": [7] * 5}, BadData, "only_constant_columns"),
        (SegmentationSpec(("age",)), {"age": [7]}, NotEnoughData, "too_few_rows"),
    ],
)
def test_data_that_cannot_be_grouped_are_refused(
    spec: SegmentationSpec, changed: dict, kind: type[Refused], code: str
) -> None:
    assert list(refuse(kind, spec, {**CUSTOMERS, **changed})) == [code]


def test_constant_column_beside_others_is_left_out_and_said() -> None:
    table = {**CUSTOMERS, "market": [3] * 5}

    result = find_segments(SegmentationSpec(("age", "income", "market"), ("habit",), k=3), table)

    assert result.labels == find_segments(EXAMPLE, CUSTOMERS).labels
    assert [feature.name for feature in result.features] == ["age", "income", "habit"]
    assert "constant_feature" in {finding.code for finding in result.findings}


@settings(max_examples=5)
@given(st.permutations(range(60)))
def test_order_of_rows_changes_nothing_but_their_order(order: list[int]) -> None:
    table = make_groups((30, 18, 12))
    spec = SegmentationSpec(("a", "b"), k=3)

    plain = find_segments(spec, table)
    mixed = find_segments(spec, {name: table[name][order] for name in "ab"})

    assert mixed.labels == tuple(plain.labels[row] for row in order)
    assert (mixed.inertia, mixed.silhouette) == (plain.inertia, plain.silhouette)
    assert mixed.stability == plain.stability


@settings(max_examples=5)
@given(st.sampled_from([1e-6, 3.0, 1e8]), st.integers(-1000, 1000))
def test_units_and_origins_do_not_change_the_groups(unit: float, origin: int) -> None:
    table = make_groups((30, 18, 12))
    spec = SegmentationSpec(("a", "b"), k=3)

    plain = find_segments(spec, table)
    other = find_segments(spec, {"a": table["a"] * unit, "b": table["b"] + origin})

    assert other.labels == plain.labels
    assert other.inertia == pytest.approx(plain.inertia, rel=1e-9)


def test_equal_inputs_give_equal_bits_and_the_seed_is_told() -> None:
    table = make_groups((60, 50, 40), spread=2.0)

    first, second = (find_segments(AUTO, table) for _ in range(2))

    assert first == second
    assert first.seed == AUTO.seed
    assert find_segments(SegmentationSpec(("a", "b"), seed=1), table) != first


def test_large_tables_are_judged_on_a_sample_and_grouped_as_a_whole() -> None:
    table = make_groups((3000, 2000, 1500, 500), spread=0.8)

    result = find_segments(AUTO, table)

    assert (result.k, result.sample_size, len(result.labels)) == (4, 5000, 7000)
    assert adjusted_rand_score(table["truth"], result.labels) > 0.98
    assert "k_from_sample" in {finding.code for finding in result.findings}


@pytest.mark.parametrize("kind", ["three groups, one small", "one long cloud"])
def test_many_rows_are_judged_rightly_on_draws_of_them(kind: str) -> None:
    assert find_k(kind, 0) == KINDS[kind][0]


def test_segment_of_one_person_is_named() -> None:
    rng = np.random.default_rng(5)
    points = np.vstack([rng.normal(0, 1, (60, 2)), rng.normal(9, 1, (60, 2)), [[60.0, -60.0]]])

    result = find_segments(
        SegmentationSpec(("x", "y"), k=3), {"x": points[:, 0], "y": points[:, 1]}
    )

    assert sorted(segment.size for segment in result.segments) == [1, 60, 60]
    (finding,) = [one for one in result.findings if one.code == "small_segments"]
    assert finding.parameters == {"count": 1, "least": 5, "smallest": 1}


def test_centre_of_a_skewed_column_is_the_mean_people_know() -> None:
    """The column is compared by its logarithm; its centre is not the geometric mean."""
    rng = np.random.default_rng(3)
    amounts = np.concatenate([rng.lognormal(10, 1, 200), rng.lognormal(4, 1, 200)])

    result = find_segments(SegmentationSpec(("amount",), k=2), {"amount": amounts})

    assert result.features[0].transform == "log_standardised"
    for segment in result.segments:
        members = amounts[np.array(result.labels) == segment.label]
        assert segment.centre["amount"] == pytest.approx(members.mean())
        assert segment.portrait["amount"]["median"] == pytest.approx(np.median(members))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_own_rand_index_agrees_with_the_libraries(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.array(column) for column in zip(*pairs, strict=True))

    assert compare(one, other) == pytest.approx(adjusted_rand_score(one, other))
