"""From columns to points in a space where distance means difference between people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.estimators.cells import (
    Floats,
    Table,
    check_table,
    is_empty,
    read_numbers,
    refuse_rows,
)
from analytics.estimators.errors import (
    BadData,
    BadProblem,
    Finding,
    NotEnoughData,
    inform,
    refuse,
    warn,
)
from analytics.estimators.segmentation.spec import FeatureKind, SegmentationSpec

Transform = Literal["standardised", "log_standardised", "one_hot"]

VERY_SKEWED = 2.0
ONE_HOT_HEIGHT = np.sqrt(0.5)  # two rows of different category are then exactly 1 apart
CONSTANT_SPREAD = 1e-12


@dataclass(frozen=True)
class Block:
    """One grouping column as columns of the space; `values` are numbers, levels or codes."""

    name: str
    kind: FeatureKind
    transform: Transform
    points: Floats
    values: Floats
    categories: tuple[str, ...]

    def average(self, members: NDArray[np.intp]) -> Any:
        """The centre of members in what people know: a mean, a level's position, or shares.

        The plain mean also of a column that is compared by its logarithm, where the centre in the
        space is the geometric mean.
        """
        if self.kind == "categorical":
            counts = np.bincount(
                self.values[members].astype(np.intp), minlength=len(self.categories)
            )
            return {
                name: round(int(count) / members.size, 12)
                for name, count in zip(self.categories, counts, strict=True)
            }
        return float(np.sort(self.values[members]).mean())


@dataclass(frozen=True)
class Space:
    """The points of the rows in use. `rows` are their places among the rows given."""

    blocks: tuple[Block, ...]
    points: Floats
    rows: NDArray[np.intp]
    n_given: int
    distinct: int
    findings: tuple[Finding, ...]

    def slices(self) -> list[slice]:
        """Where each block lies in the space."""
        ends = np.cumsum([block.points.shape[1] for block in self.blocks])
        return [
            slice(int(end) - block.points.shape[1], int(end))
            for block, end in zip(self.blocks, ends, strict=True)
        ]


def build_space(spec: SegmentationSpec, data: Table) -> Space:
    """Read, check and scale the grouping columns. Raises the refusal that applies first."""
    names = [*spec.numeric, *spec.ordinal, *spec.categorical]
    _check_question(spec, names)
    n = check_table(data, [*names, *spec.described])
    columns, problems, missing = _read_columns(spec, data)
    if problems or (missing and spec.missing == "refuse"):
        raise BadData([*problems, *missing])
    rows = _keep_complete(columns, n)
    if rows.size < 2:
        raise NotEnoughData([refuse("too_few_rows", n=int(rows.size), least=2)])
    findings: list[Finding] = []
    if rows.size < n:
        findings.append(warn("rows_dropped", dropped=n - int(rows.size), n=n))
    blocks = []
    for name, (kind, values, categories) in columns.items():
        block = _build_block(name, kind, values[rows], categories)
        if block is None:
            findings.append(warn("constant_feature", column=name))
            continue
        if block.transform == "log_standardised":
            findings.append(inform("log_used", column=name))
        blocks.append(block)
    if not blocks:
        raise BadData([refuse("only_constant_columns", columns=names)])
    points = np.hstack([block.points for block in blocks])
    distinct = len(np.unique(points, axis=0))
    return Space(tuple(blocks), points, rows, n, distinct, tuple(findings))


Column = tuple[FeatureKind, Floats, tuple[str, ...]]


def _check_question(spec: SegmentationSpec, names: Sequence[str]) -> None:
    findings: list[Finding] = []
    if not names:
        findings.append(refuse("no_features"))
    findings += [
        refuse("name_twice", name=name)
        for name, times in Counter([*names, *spec.described]).items()
        if times > 1
    ]
    if spec.k is not None and spec.k < 1:
        findings.append(refuse("k_below_one", k=spec.k))
    for name, levels in spec.ordinal.items():
        if len(set(levels)) < max(2, len(levels)):
            findings.append(refuse("levels_not_distinct", column=name, levels=list(levels)))
    if findings:
        raise BadProblem(findings)


def _read_columns(
    spec: SegmentationSpec, data: Table
) -> tuple[dict[str, Column], list[Finding], list[Finding]]:
    """Columns as numbers (NaN: missing), what cannot be read, and what is missing."""
    columns: dict[str, Column] = {}
    problems: list[Finding] = []
    missing: list[Finding] = []
    for name in spec.numeric:
        read = read_numbers(data[name])
        columns[name] = ("numeric", read.values, ())
        findings = read.list_findings(name)
        problems += [one for one in findings if one.code != "missing_values"]
        missing += [one for one in findings if one.code == "missing_values"]
    for name, levels in spec.ordinal.items():
        columns[name] = ("ordinal", read_codes(data[name], levels), tuple(levels))
        problems += _find_undeclared(name, data[name], levels)
        missing += _find_missing(name, data[name])
    for name in spec.categorical:
        categories = list_categories(data[name])
        columns[name] = ("categorical", read_codes(data[name], categories), categories)
        missing += _find_missing(name, data[name])
    return columns, problems, missing


def list_categories(cells: Sequence[Any] | NDArray[Any]) -> tuple[str, ...]:
    return tuple(sorted({_spell(cell) for cell in cells if not is_empty(cell)}))


def read_codes(cells: Sequence[Any] | NDArray[Any], categories: Sequence[str]) -> Floats:
    """Each cell's place among the categories, NaN for empty and unknown ones."""
    places = {name: float(place) for place, name in enumerate(categories)}
    return np.array(
        [np.nan if is_empty(cell) else places.get(_spell(cell), np.nan) for cell in cells]
    )


def _spell(cell: Any) -> str:
    return str(cell).strip()


def _find_missing(name: str, cells: Sequence[Any] | NDArray[Any]) -> list[Finding]:
    rows = [row for row, cell in enumerate(cells, 1) if is_empty(cell)]
    return [refuse_rows("missing_values", name, rows)] if rows else []


def _find_undeclared(
    name: str, cells: Sequence[Any] | NDArray[Any], levels: Sequence[str]
) -> list[Finding]:
    found = {_spell(cell) for cell in cells if not is_empty(cell)} - set(levels)
    if not found:
        return []
    return [refuse("level_undeclared", column=name, found=sorted(found), levels=list(levels))]


def _keep_complete(columns: Mapping[str, Column], n: int) -> NDArray[np.intp]:
    complete = np.ones(n, dtype=bool)
    for _, values, _ in columns.values():
        complete &= ~np.isnan(values)
    return np.flatnonzero(complete)


def _build_block(
    name: str, kind: FeatureKind, values: Floats, categories: tuple[str, ...]
) -> Block | None:
    """The column's block, or None if it never varies."""
    if np.ptp(values) <= CONSTANT_SPREAD * np.abs(values).max():
        return None
    if kind == "categorical":
        points = (values[:, None] == np.arange(len(categories))) * ONE_HOT_HEIGHT
        return Block(name, kind, "one_hot", points, values, categories)
    offset = _find_log_offset(values) if kind == "numeric" else None
    raw = values if offset is None else np.log(values + offset)
    in_order = np.sort(raw)  # so that the sums do not depend on the order of the rows
    shift, scale = float(in_order.mean()), float(in_order.std())
    return Block(
        name=name,
        kind=kind,
        transform="standardised" if offset is None else "log_standardised",
        points=((raw - shift) / scale)[:, None],
        values=values,
        categories=categories,
    )


def _find_log_offset(values: Floats) -> float | None:
    """What to add before taking logs of a very skewed column; None to leave it as it is.

    Zeros are moved up by half the smallest positive value, which follows the unit of the column.
    """
    in_order = np.sort(values)
    skewness = float(stats.skew(in_order))
    if skewness <= VERY_SKEWED or in_order[0] < 0:
        return None
    offset = 0.0 if in_order[0] > 0 else float(in_order[in_order > 0][0]) / 2
    return offset if abs(stats.skew(np.log(in_order + offset))) < skewness else None
