"""Groups of people with the same behaviour: k-means, and whether the groups are real."""

from analytics.estimators.segmentation.find import find_segments
from analytics.estimators.segmentation.spec import (
    Candidate,
    Feature,
    Segment,
    SegmentationResult,
    SegmentationSpec,
)

__all__ = [
    "Candidate",
    "Feature",
    "Segment",
    "SegmentationResult",
    "SegmentationSpec",
    "find_segments",
]
