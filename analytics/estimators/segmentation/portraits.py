"""What the members of a segment are like, column by column, beside everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.cells import Floats, Table, read_numbers
from analytics.estimators.segmentation.clustering import Clustering, Labels
from analytics.estimators.segmentation.encoding import (
    Space,
    list_categories,
    read_codes,
)
from analytics.estimators.segmentation.spec import (
    Feature,
    FeatureKind,
    Segment,
    SegmentationSpec,
)

TYPICAL_ROWS = 3


@dataclass(frozen=True)
class Trait:
    """A column to describe people by; NaN where it is not known."""

    name: str
    kind: FeatureKind
    values: Floats
    categories: tuple[str, ...]


def list_traits(spec: SegmentationSpec, space: Space, data: Table) -> list[Trait]:
    """The grouping columns, then the columns that only describe."""
    traits = [
        Trait(block.name, block.kind, block.values, block.categories) for block in space.blocks
    ]
    for name in spec.described:
        read = read_numbers(data[name])
        if not read.unreadable:
            values = np.where(np.isfinite(read.values), read.values, np.nan)
            traits.append(Trait(name, "numeric", values[space.rows], ()))
            continue
        categories = list_categories(data[name])
        codes = read_codes(data[name], categories)[space.rows]
        traits.append(Trait(name, "categorical", codes, categories))
    return traits


def describe_segments(space: Space, found: Clustering, traits: list[Trait]) -> tuple[Segment, ...]:
    return tuple(
        Segment(
            label=label,
            size=int(members.size),
            share=members.size / len(space.points),
            centre={block.name: block.average(members) for block in space.blocks},
            portrait={trait.name: _portray(trait, members) for trait in traits},
            typical_rows=_find_typical(space, members, centre),
        )
        for label, centre in enumerate(found.centres)
        for members in [np.flatnonzero(found.labels == label)]
    )


def describe_features(space: Space, labels: Labels | None) -> tuple[Feature, ...]:
    """Each column's part of the squared distances between rows, and between centres."""
    total, between = [], []
    for block in space.blocks:
        centred = block.points - block.points.mean(axis=0)
        total.append(float((centred**2).sum()))
        between.append(0.0 if labels is None else _separate(centred, labels))
    separation = sum(between)
    return tuple(
        Feature(
            name=block.name,
            kind=block.kind,
            transform=block.transform,
            share_of_distance=one / sum(total),
            share_of_separation=apart / separation if separation > 0 else None,
        )
        for block, one, apart in zip(space.blocks, total, between, strict=True)
    )


def _separate(centred: Floats, labels: Labels) -> float:
    sizes = np.bincount(labels)
    sums = np.array([np.bincount(labels, weights=column) for column in centred.T])
    return float((sums**2 / sizes).sum())


def _portray(trait: Trait, members: NDArray[np.intp]) -> Mapping[str, Any]:
    known = trait.values[members]
    known = known[~np.isnan(known)]
    everyone = trait.values[~np.isnan(trait.values)]
    portray = _portray_numbers if trait.kind == "numeric" else _portray_shares
    return {"kind": trait.kind, "n": int(known.size), **portray(trait, known, everyone)}


def _portray_numbers(trait: Trait, known: Floats, everyone: Floats) -> dict[str, Any]:
    if not known.size:
        return {"mean": None, "median": None, "quartiles": None, "everyone": None}
    low, median, high = (float(one) for one in np.quantile(known, [0.25, 0.5, 0.75]))
    mean, spread = float(everyone.mean()), float(everyone.std())
    return {
        "mean": float(known.mean()),
        "median": median,
        "quartiles": [low, high],
        "everyone": {"mean": mean, "median": float(np.median(everyone)), "sd": spread},
        "difference_sd": (float(known.mean()) - mean) / spread if spread > 0 else 0.0,
    }


def _portray_shares(trait: Trait, known: Floats, everyone: Floats) -> dict[str, Any]:
    return {
        "shares": _share(trait.categories, known),
        "everyone": _share(trait.categories, everyone),
    }


def _share(categories: tuple[str, ...], codes: Floats) -> dict[str, float] | None:
    if not codes.size:
        return None
    counts = np.bincount(codes.astype(np.intp), minlength=len(categories))
    return {name: int(n) / codes.size for name, n in zip(categories, counts, strict=True)}


def _find_typical(space: Space, members: NDArray[np.intp], centre: Floats) -> tuple[int, ...]:
    """The members nearest to the centre, by their row number from 1."""
    distances = np.round(((space.points[members] - centre) ** 2).sum(axis=1), 9)
    rows = space.rows[members]
    nearest = np.lexsort((rows, distances))[:TYPICAL_ROWS]
    return tuple(int(row) + 1 for row in rows[nearest])
