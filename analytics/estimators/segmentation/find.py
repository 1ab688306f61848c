"""The segmentation from question to answer."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from analytics.estimators.cells import Table
from analytics.estimators.errors import BadProblem, Finding, inform, judge, refuse, warn
from analytics.estimators.segmentation.choosing import (
    MOST_SEGMENTS,
    Assessment,
    assess,
    choose,
    draw_sample,
)
from analytics.estimators.segmentation.clustering import Clustering, refine
from analytics.estimators.segmentation.encoding import Space, build_space
from analytics.estimators.segmentation.portraits import (
    describe_features,
    describe_segments,
    list_traits,
)
from analytics.estimators.segmentation.spec import SegmentationResult, SegmentationSpec
from analytics.estimators.threads import on_one_thread

LEAST_ROWS = 30
ROWS_PER_SEGMENT = 10
LEAST_MEMBERS = 5  # fewer are outliers, whatever the figures say


@on_one_thread
def find_segments(spec: SegmentationSpec, data: Table) -> SegmentationResult:
    """Group rows by k-means, or find that there are no stable groups.

    `data` maps column names to equally long columns: numbers for `spec.numeric`, any texts for the
    others. Numbers are standardised (population standard deviation), after logs when their skewness
    exceeds 2; the levels of an ordinal column count 0, 1, 2, ... and are standardised; a category
    becomes one column per value, scaled so that two different values are one standard deviation
    apart. A missing value refuses the whole, unless `spec.missing` is "drop".

    k minimises nothing by itself: from 2 to 8, those count whose groups come back in bootstrap
    draws (mean adjusted Rand index of at least 0.8) and beat draws without groups (gap statistic),
    and the clearest of them by silhouette (Rousseeuw 1987) is taken. With more than 5,000 rows
    this happens on a stratified sample; all rows are then grouped. Everything random follows from
    `spec.seed`, and nothing depends on the order of the rows.

    Assumes groups that are round and of similar width in that space. Raises `BadProblem`,
    `BadData` and `NotEnoughData`.
    """
    space = build_space(spec, data)
    if spec.k is not None and spec.k > space.distinct:
        raise BadProblem([refuse("k_above_distinct", k=spec.k, distinct=space.distinct)])
    order = np.lexsort(space.points.T[::-1])
    ordered = replace(
        space,
        points=space.points[order],
        rows=space.rows[order],
        blocks=tuple(
            replace(block, points=block.points[order], values=block.values[order])
            for block in space.blocks
        ),
    )
    sample = draw_sample(ordered, spec.seed)
    most = min(MOST_SEGMENTS, space.distinct, len(space.points) - 1)
    ks = range(2, most + 1) if spec.k is None else [spec.k]
    with config_context(assume_finite=True, skip_parameter_validation=True):
        assessments = assess(ordered, sample, ks, spec.seed)
    chosen = choose(assessments) if spec.k is None else assessments[0]
    found = None if chosen is None else _fit_all(ordered, sample, chosen)
    findings = (*space.findings, *_remark(spec, ordered, sample, chosen, found))
    return SegmentationResult(
        findings=findings,
        status=judge(findings),
        n=len(space.points),
        k=None if chosen is None else chosen.candidate.k,
        labels=() if found is None else _label_rows(ordered, found),
        inertia=None if found is None else found.inertia,
        silhouette=None if chosen is None else chosen.candidate.silhouette,
        stability=None if chosen is None else chosen.candidate.stability,
        is_stable=chosen is not None and chosen.is_real,
        segments=(
            ()
            if found is None
            else describe_segments(ordered, found, list_traits(spec, ordered, data))
        ),
        features=describe_features(ordered, None if found is None else found.labels),
        candidates=tuple(one.candidate for one in assessments),
        sample_size=len(sample),
        dropped_rows=tuple(
            int(row) + 1 for row in np.setdiff1d(np.arange(space.n_given), space.rows)
        ),
        seed=spec.seed,
    )


def _fit_all(space: Space, sample: NDArray[np.intp], chosen: Assessment) -> Clustering:
    if len(sample) == len(space.points):
        return chosen.clustering
    return refine(space.points, chosen.clustering.centres)


def _label_rows(space: Space, found: Clustering) -> tuple[int | None, ...]:
    labels: list[int | None] = [None] * space.n_given
    for row, label in zip(space.rows.tolist(), found.labels.tolist(), strict=True):
        labels[row] = label
    return tuple(labels)


def _remark(
    spec: SegmentationSpec,
    space: Space,
    sample: NDArray[np.intp],
    chosen: Assessment | None,
    found: Clustering | None,
) -> list[Finding]:
    n = len(space.points)
    findings: list[Finding] = []
    least = max(LEAST_ROWS, ROWS_PER_SEGMENT * (spec.k or 1))
    if n < least:
        findings.append(warn("few_rows_for_segments", n=n, least=least))
    if chosen is None:
        findings.append(warn("no_stable_segments"))
    elif chosen.candidate.k > 1 and not chosen.is_stable:
        findings.append(warn("segments_not_stable", k=chosen.candidate.k))
    elif chosen.candidate.k > 1 and not chosen.is_real:
        findings.append(warn("segments_not_distinct", k=chosen.candidate.k))
    if found is not None:
        findings += _remark_on_sizes(found)
    if len(sample) < n:
        findings.append(inform("k_from_sample", sample=len(sample), n=n))
    return findings


def _remark_on_sizes(found: Clustering) -> list[Finding]:
    """Segments of a handful of people."""
    sizes = [int(size) for size in np.bincount(found.labels) if size < LEAST_MEMBERS]
    if not sizes or len(found.centres) < 2:
        return []
    return [warn("small_segments", count=len(sizes), least=LEAST_MEMBERS, smallest=min(sizes))]
