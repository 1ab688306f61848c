"""What a segmentation is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from analytics.estimators.errors import Finding, Status

MissingRule = Literal["refuse", "drop"]
FeatureKind = Literal["numeric", "ordinal", "categorical"]


@dataclass(frozen=True)
class SegmentationSpec:
    """The question: by which columns people are grouped.

    `ordinal` gives each ordered column its levels from low to high. `k` is the number of segments,
    or None to have it chosen. `described` columns take no part in the grouping and appear in the
    portraits only. `missing` says what happens to rows with empty values in the grouping columns.
    """

    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    ordinal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    described: tuple[str, ...] = ()
    k: int | None = None
    missing: MissingRule = "refuse"
    seed: int = 20_240_229


@dataclass(frozen=True)
class Feature:
    """One grouping column: how it entered the distance, and how much of it it makes up.

    `share_of_distance` is its part of all squared distances between rows, `share_of_separation`
    its part of those between segment centres (None without segments).
    """

    name: str
    kind: FeatureKind
    transform: Literal["standardised", "log_standardised", "one_hot"]
    share_of_distance: float
    share_of_separation: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "transform": self.transform,
            "share_of_distance": self.share_of_distance,
            "share_of_separation": self.share_of_separation,
        }


@dataclass(frozen=True)
class Candidate:
    """How well one number of segments describes the rows (None: cannot be computed)."""

    k: int
    inertia: float
    silhouette: float | None
    gap: float | None
    gap_se: float | None
    stability: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "k": self.k,
            "inertia": self.inertia,
            "silhouette": self.silhouette,
            "gap": self.gap,
            "gap_se": self.gap_se,
            "stability": self.stability,
        }


@dataclass(frozen=True)
class Segment:
    """One group. `label` is its index in the result; the largest group has label 0.

    `centre` is the average of the members in the units of the columns: the arithmetic mean for
    numeric columns (also for those compared by their logarithm), the mean level position (0 =
    lowest) for ordinal ones, the share of each category for categorical ones.
    `portrait` compares the members with everyone, column by column.
    """

    label: int
    size: int
    share: float
    centre: Mapping[str, Any]
    portrait: Mapping[str, Any]
    typical_rows: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "size": self.size,
            "share": self.share,
            "centre": dict(self.centre),
            "portrait": dict(self.portrait),
            "typical_rows": list(self.typical_rows),
        }


@dataclass(frozen=True)
class SegmentationResult:
    """The answer. `k` is None and `labels` is empty when there are no stable segments.

    `is_stable` says whether the groups come back in other samples and beat chance; a number of
    segments that was asked for is given either way.

    `labels` follows the rows given; a row dropped for missing values has None. `typical_rows` and
    `dropped_rows` count from 1.
    """

    findings: tuple[Finding, ...]
    status: Status
    n: int
    k: int | None
    labels: tuple[int | None, ...]
    inertia: float | None
    silhouette: float | None
    stability: float | None
    is_stable: bool
    segments: tuple[Segment, ...]
    features: tuple[Feature, ...]
    candidates: tuple[Candidate, ...]
    sample_size: int
    dropped_rows: tuple[int, ...]
    seed: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "n": self.n,
            "k": self.k,
            "labels": list(self.labels),
            "inertia": self.inertia,
            "silhouette": self.silhouette,
            "stability": self.stability,
            "is_stable": self.is_stable,
            "segments": [segment.to_dict() for segment in self.segments],
            "features": [feature.to_dict() for feature in self.features],
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            "sample_size": self.sample_size,
            "dropped_rows": list(self.dropped_rows),
            "seed": self.seed,
        }
