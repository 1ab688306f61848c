"""What a calculation gives a run to store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Calculation:
    """What a run stores. A refusal has findings and no figures, save what helps to mend it."""

    status: str
    findings: list[dict[str, Any]]
    figures: dict[str, Any] | None
    charts: list[dict[str, Any]] = field(default_factory=list)


def store(result: Any, charts: list[dict[str, Any]]) -> Calculation:
    """The result of an estimator, its status and findings beside the figures."""
    figures = result.to_dict()
    return Calculation(
        status=figures.pop("status"),
        findings=figures.pop("findings"),
        figures=figures,
        charts=charts,
    )
