"""Customers who buy alike."""

from analytics.datasets import CUSTOMER_FEATURES, Snapshot
from analytics.estimators.segmentation.find import find_segments
from analytics.estimators.segmentation.spec import SegmentationSpec
from analytics.services.calculations.answer import Calculation, Parameters, store


def answer(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    features = CUSTOMER_FEATURES
    spec = SegmentationSpec(numeric=features, k=parameters.get("k"), missing="drop", seed=seed)
    result = find_segments(spec, {name: snapshot.numbers(name) for name in features})
    rows = [
        {"label": segment.label, "size": segment.size, "share": segment.share}
        for segment in result.segments
    ]
    return store(result, [{"kind": "segment_sizes", "data": {"rows": rows}}] if rows else [])
