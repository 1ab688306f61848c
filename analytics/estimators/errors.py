"""What an estimator says besides its figures: findings, and named refusals.

A finding carries a code and parameters only; `analytics.sentences` turns it into plain words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["refuse", "warn", "info"]
Status = Literal["ok", "ok_with_warnings", "refused"]


@dataclass(frozen=True)
class Finding:
    """One remark on the data or the result. `parameters` holds JSON values only."""

    code: str
    severity: Severity
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "parameters": dict(self.parameters),
        }


def refuse(code: str, **parameters: Any) -> Finding:
    return Finding(code, "refuse", parameters)


def warn(code: str, **parameters: Any) -> Finding:
    return Finding(code, "warn", parameters)


def inform(code: str, **parameters: Any) -> Finding:
    return Finding(code, "info", parameters)


def judge(findings: Iterable[Finding]) -> Status:
    """The status of a result that carries these findings."""
    severities = {finding.severity for finding in findings}
    if "refuse" in severities:
        return "refused"
    return "ok_with_warnings" if "warn" in severities else "ok"


class Refused(Exception):
    """No figures can be given. `details` holds further keys of the result (say, `relax`)."""

    def __init__(self, findings: Iterable[Finding], **details: Any) -> None:
        self.findings = tuple(findings)
        self.details = details
        super().__init__(", ".join(finding.code for finding in self.findings))

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": "refused",
            "findings": [finding.to_dict() for finding in self.findings],
            **self.details,
        }


class BadProblem(Refused):
    """The question itself does not hold together: names, weights, bounds, units, currencies."""


class BadData(Refused):
    """Missing, infinite or unreadable values, or columns that never vary."""


class NotEnoughData(Refused):
    """Fewer rows than the question needs."""


class IllConditioned(Refused):
    """The columns say nearly the same thing, so their parts cannot be told apart."""


class BadPeriods(Refused):
    """Periods are doubled, missing or unreadable although time order matters."""


class TooFarOutside(Refused):
    """A forecast is asked for where the data say nothing."""


class DidNotConverge(Refused):
    """The numerical method found no answer it can stand behind."""


class InfeasibleBudget(Refused):
    """No allocation keeps all limits; `details["relax"]` is the smallest set to relax."""


class UnboundedBudget(Refused):
    """Nothing limits the spend, so the best allocation is infinite."""
