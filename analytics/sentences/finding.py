"""What a finding says, its parameters filled in."""

from typing import Any

from analytics.estimators.errors import Finding
from analytics.sentences import budget, problems, regression, score, segmentation, tables
from analytics.sentences.spelling import spell_all

TEXTS = {
    **tables.TEXTS,
    **regression.TEXTS,
    **segmentation.TEXTS,
    **budget.TEXTS,
    **score.TEXTS,
    **problems.TEXTS,
}


def sentence(finding: Finding) -> str:
    """What was seen."""
    return str(TEXTS[finding.code][0]) % spell_all(finding.parameters)


def remedy(finding: Finding) -> str:
    """What to do about it."""
    return str(TEXTS[finding.code][1]) % spell_all(finding.parameters)


def describe(finding: Finding) -> dict[str, Any]:
    """The finding as JSON with its words in the active language."""
    return {**finding.to_dict(), "sentence": sentence(finding), "remedy": remedy(finding)}
