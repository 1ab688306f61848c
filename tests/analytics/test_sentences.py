"""Every finding has words, all its placeholders are filled, and no words are left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.estimators import errors
from analytics.estimators.errors import inform, refuse, warn
from analytics.sentences import (
    TEXTS,
    budget,
    problems,
    regression,
    remedy,
    score,
    segmentation,
    sentence,
    spell_number,
    tables,
)

FOLDER = Path(errors.__file__).parent
MAKERS = {"refuse", "warn", "inform"}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def list_calls() -> Iterator[tuple[str, set[str]]]:
    """Code and parameter names of every finding made with literal parameters."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if not is_call or node.func.id not in MAKERS or not node.args:
                continue
            names = {keyword.arg for keyword in node.keywords}
            for one in ast.walk(node.args[0]):
                if isinstance(one, ast.Constant) and one.value != "hac" and None not in names:
                    yield one.value, names


def test_every_finding_has_words_whose_placeholders_it_fills() -> None:
    calls = list(list_calls())
    assert len({code for code, _ in calls}) > 60

    lacking = {
        (code, placeholder)
        for code, names in calls
        for text in TEXTS.get(code, ("%(no words at all)s",))
        for placeholder in re.findall(r"%\((.+?)\)s", str(text))
        if placeholder not in names
    }

    assert lacking == set()


def test_no_finding_has_words_in_two_files() -> None:
    files = [tables, regression, segmentation, budget, score, problems]

    assert sorted(code for file in files for code in file.TEXTS) == sorted(TEXTS)


def test_every_text_belongs_to_a_finding() -> None:
    written = {
        node.value
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    }

    assert set(TEXTS) - written == set()


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_texts_hold_nothing_but_named_placeholders(code: str) -> None:
    for text in map(str, TEXTS[code]):
        left = PLACEHOLDER.sub("", text)
        assert "%" not in left
        assert left.strip()[-1] in ".:"


def test_long_lists_are_cut_and_counted() -> None:
    finding = refuse("missing_values", column="spend", count=13, rows=list(range(1, 14)))

    text = sentence(finding)

    assert "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more" in text
    assert "13 cells" in text


def test_limits_to_relax_are_spelt_out() -> None:
    finding = refuse(
        "infeasible",
        limits=["total", "floor:ads"],
        relax=[
            {"limit": "total", "kind": "total", "current": 40, "needed": 60.0, "by": 20.0},
            {"limit": "floor:ads", "kind": "floor", "current": 9.5, "needed": 8.25, "by": -1.25},
        ],
    )

    assert "the total from 40 to 60, the floor of “ads” from 9.5 to 8.25" in sentence(finding)


def test_remedies_are_filled_like_sentences() -> None:
    assert remedy(inform("association_only")).startswith("To learn about causes")
    assert "19 rows" in sentence(warn("few_rows", n=19, parameters=2, least=20))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10, "10"),
        (1_200_000.0, "1200000"),
        (14.911111, "14.91"),
        (0.000012345, "0.00001234"),
        (123456.7, "123457"),
        (-0.5, "-0.5"),
        (float("inf"), "inf"),
        (1.5e-200, "1.5e-200"),
        (-1e99, "-1e+99"),
    ],
)
def test_numbers_are_spelt_as_people_write_them(value: float, text: str) -> None:
    assert spell_number(value) == text
