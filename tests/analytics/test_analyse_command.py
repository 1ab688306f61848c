"""`manage.py analyse` as analysts and scripts use it: shapes, exit codes, sentences."""

import json
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

MONTHS = "spend,sales\n5,8\n7,11\n9,13\n6,9\n8,12\n10,15\n7,10\n9,14\n6,9\n8,12\n"
CUSTOMERS = "age,income,habit\n25,50,often\n30,70,seldom\n35,90,often\n28,60,seldom\n32,80,often\n"
BUDGET = {
    "unit": "per_unit",
    "total": 60,
    "channels": [
        {"name": "online ads", "effect": 10, "cap": 30},
        {"name": "social media", "effect": 8, "cap": 20, "floor": 0},
        {"name": "offline events", "effect": 5, "cap": 10},
    ],
    "constraints": [{"coefficients": {"online ads": 1, "social media": 1}, "max": 55, "min": 1}],
}
SCORE = {
    "indicators": [
        {"name": "attendance", "weight": "0.4", "value": "8", "scale": ["0", "10"]},
        {"name": "interaction", "weight": 0.3, "value": 7, "scale": [0, 10]},
        {"name": "satisfaction", "weight": "0.3", "value": "6"},
    ]
}


@pytest.fixture
def months(tmp_path: Path) -> str:
    return write(tmp_path / "months.csv", MONTHS)


@pytest.fixture
def customers(tmp_path: Path) -> str:
    return write(tmp_path / "customers.csv", CUSTOMERS)


def write(path: Path, content: str | bytes | dict) -> str:
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def run(*arguments: str, code: int = 0) -> str:
    """What the command prints; the exit code must be the one that is due."""
    out = StringIO()
    if code:
        with pytest.raises(SystemExit) as stop:
            call_command("analyse", *arguments, stdout=out)
        assert stop.value.code == code
    else:
        call_command("analyse", *arguments, stdout=out)
    return out.getvalue()


def fail(*arguments: str) -> str:
    """The one sentence of a command that cannot be used (exit code 2)."""
    with pytest.raises(CommandError) as error:
        call_command("analyse", *arguments, stdout=StringIO())
    assert error.value.returncode == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def regress(path: str, *more: str) -> tuple[str, ...]:
    return ("regression", "--csv", path, "--y", "sales", "--x", "spend", *more)


def test_regression_prints_the_documented_shape_with_every_digit(months: str) -> None:
    text = run(*regress(months, "--at", "spend=10", "--json"))

    result = json.loads(text)
    exact = json.loads(text, parse_float=str)
    assert result["status"] == "ok_with_warnings"
    assert result["n"] == 10
    assert result["coefficients"]["const"]["estimate"] == pytest.approx(7 / 15, rel=1e-14)
    assert {"estimate", "se", "se_hc3", "ci95"} <= set(result["coefficients"]["spend"])
    slope = exact["coefficients"]["spend"]["estimate"]
    assert len(slope.replace(".", "")) == 17
    (forecast,) = result["forecast"]
    assert forecast["at"] == {"spend": 10}
    assert forecast["mean"] == pytest.approx(14.911111111111111, rel=1e-14)
    assert forecast["pi95"][0] < forecast["ci95"][0] < forecast["mean"] < forecast["ci95"][1]
    for finding in result["findings"]:
        assert {"code", "severity", "sentence", "remedy"} <= set(finding)
        assert finding["sentence"]
        assert finding["remedy"]


@pytest.mark.parametrize(
    "at",
    [
        ("--at", "spend=6", "spend=9"),
        ("--at", "spend=6", "--at", "spend=9"),
    ],
)
def test_naming_a_column_again_starts_the_next_forecast(months: str, at: tuple[str, ...]) -> None:
    result = json.loads(run(*regress(months, *at, "--json")))

    assert [forecast["at"] for forecast in result["forecast"]] == [{"spend": 6}, {"spend": 9}]


def test_several_columns_make_one_forecast_together(tmp_path: Path) -> None:
    rows = [(a, b, 2 * a + b + (a * b) % 3) for a in range(1, 6) for b in range(1, 5)]
    lines = "".join(f"{a},{b},{y}\n" for a, b, y in rows)
    path = write(tmp_path / "two.csv", "ads,events,sales\n" + lines)
    arguments = ("regression", "--csv", path, "--y", "sales", "--x", "ads", "events")

    result = json.loads(run(*arguments, "--at", "ads=3", "--at", "events=2", "--json"))

    assert [forecast["at"] for forecast in result["forecast"]] == [{"ads": 3, "events": 2}]


def test_control_is_taken_out_and_printed_apart(tmp_path: Path) -> None:
    rows = [(f"{2024 + m // 12}-{m % 12 + 1:02d}", m * m % 11, m * 7 % 5) for m in range(30)]
    lines = "".join(f"{month},{x},{z},{3 * x + 9 * z + x * z % 4}\n" for month, x, z in rows)
    path = write(tmp_path / "months.csv", "month,spend,price,sales\n" + lines)
    arguments = regress(path, "--control", "price", "--period", "month")

    result = json.loads(run(*arguments, "--json"))

    assert list(result["coefficients"]) == ["const", "spend"]
    assert list(result["controls"]) == ["price"]
    assert (result["errors"], result["time"]["control"]) == ("ar1", "full")
    table = run(*arguments).split("Taken out")[1].splitlines()
    assert [line.split()[0] for line in table[2:4]] == ["price", "Trend"]


def test_line_through_zero_has_no_constant(months: str) -> None:
    result = json.loads(run(*regress(months, "--no-intercept", "--json")))

    x, y = ([int(line.split(",")[i]) for line in MONTHS.split()[1:]] for i in (0, 1))
    slope = sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)
    assert list(result["coefficients"]) == ["spend"]
    assert result["coefficients"]["spend"]["estimate"] == pytest.approx(slope, rel=1e-14)


def test_refusal_is_printed_as_a_result_and_exits_with_three(tmp_path: Path) -> None:
    path = write(tmp_path / "gap.csv", "spend,sales\n5,8\n7,\n9,13\n6,9\n")

    result = json.loads(run(*regress(path, "--json"), code=3))
    text = run(*regress(path), code=3)

    assert result["status"] == "refused"
    assert set(result) == {"status", "findings"}
    (finding,) = result["findings"]
    assert (finding["code"], finding["parameters"]["rows"]) == ("missing_values", [2])
    assert text.startswith("Refused: no figures can be given.")
    assert finding["sentence"] in text
    assert finding["remedy"] in text


def test_segments_print_the_documented_shape(customers: str) -> None:
    arguments = ("--numeric", "age", "income", "--categorical", "habit", "--k", "3", "--json")

    result = json.loads(run("segments", "--csv", customers, *arguments))

    assert (result["k"], result["labels"]) == (3, [2, 0, 1, 0, 1])
    assert {"inertia", "silhouette", "stability", "findings", "status"} <= set(result)
    assert [set(one) >= {"label", "size", "centre", "portrait"} for one in result["segments"]]
    assert [one["size"] for one in result["segments"]] == [2, 2, 1]


def test_segments_take_declared_levels_and_find_none_in_five_rows(customers: str) -> None:
    arguments = ("--numeric", "age", "income", "--ordinal", "habit=seldom,often", "--json")

    result = json.loads(run("segments", "--csv", customers, *arguments))

    assert (result["k"], result["labels"]) == (None, [])
    assert "no_stable_segments" in [finding["code"] for finding in result["findings"]]


def test_budget_prints_the_documented_shape(tmp_path: Path) -> None:
    path = write(tmp_path / "budget.json", BUDGET)

    result = json.loads(run("budget", "--problem", path, "--json"))

    assert result["allocation"] == {"online ads": 30, "social media": 20, "offline events": 10}
    assert result["objective"] == 510
    assert result["shadow_prices"]["total"] == {"less": 5, "more": 0, "range": [50, None]}
    assert set(result) >= {"status", "findings", "binding", "ladder", "relax"}
    assert len(result["ladder"]) == 13


def test_infeasible_budget_names_what_to_relax(tmp_path: Path) -> None:
    channels = [{**BUDGET["channels"][0], "floor": 30}, {**BUDGET["channels"][1], "floor": 20}]
    path = write(tmp_path / "budget.json", {"unit": "per_unit", "total": 40, "channels": channels})

    result = json.loads(run("budget", "--problem", path, "--json", code=3))

    assert result["relax"] == [
        {"limit": "total", "kind": "total", "current": 40.0, "needed": 50.0, "by": 10.0}
    ]
    assert "the total from 40 to 50" in run("budget", "--problem", path, code=3)


def test_budget_without_a_unit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "b.json", {key: BUDGET[key] for key in ("total", "channels")})

    result = json.loads(run("budget", "--problem", path, "--json", code=3))

    assert [finding["code"] for finding in result["findings"]] == ["unit_missing"]


def test_score_prints_the_documented_shape_exactly(tmp_path: Path) -> None:
    path = write(tmp_path / "score.json", SCORE)

    result = json.loads(run("score", "--problem", path, "--json"), parse_float=Decimal)

    assert result["score"] == "7.1"
    assert result["contributions"] == {
        "attendance": "3.2",
        "interaction": "2.1",
        "satisfaction": "1.8",
    }


def test_weights_that_miss_one_by_a_digit_are_refused(tmp_path: Path) -> None:
    indicators = [{**SCORE["indicators"][0], "weight": 0.4000000000000000001}]
    text = json.dumps({"indicators": [*indicators, *SCORE["indicators"][1:]]})
    path = write(tmp_path / "score.json", text.replace('"weight": 0.4,', '"weight": 0.4000001,'))

    result = json.loads(run("score", "--problem", path, "--json", code=3))

    (finding,) = result["findings"]
    assert finding["parameters"] == {"total": "1.0000001"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("regression", ["Estimate", "1.444", "14.91", "0.4667"]),
        ("segments", ["Silhouette", "seldom 100 %", "2 0 1 0 1"]),
        ("budget", ["New customers: 510", "120 %", "social media"]),
        ("score", ["Score: 7.1 of 10", "7 to 7.2", "3.2"]),
    ],
)
def test_text_shows_the_figures_in_tables(
    kind: str, expected: list[str], tmp_path: Path, months: str, customers: str
) -> None:
    arguments = {
        "regression": regress(months, "--at", "spend=10"),
        "segments": (
            *("segments", "--csv", customers, "--numeric", "age", "income"),
            *("--categorical", "habit", "--k", "3"),
        ),
        "budget": ("budget", "--problem", write(tmp_path / "b.json", BUDGET)),
        "score": ("score", "--problem", write(tmp_path / "s.json", SCORE)),
    }[kind]

    text = run(*arguments)

    assert text.startswith("Done")
    assert [one for one in expected if one not in text] == []


def test_table_from_a_chinese_spreadsheet_lines_up(tmp_path: Path) -> None:
    content = MONTHS.replace("spend", "支出").replace("sales", "销售额").replace(",", ";")
    path = write(tmp_path / "月.csv", content.encode("gb18030"))

    text = run("regression", "--csv", path, "--y", "销售额", "--x", "支出", "--language", "zh-hans")

    const, spend = (line for line in text.splitlines() if line.startswith(("const", "支出")))
    wide = len("支出")  # a terminal gives each of these two columns
    assert const.index("0.4667") + len("0.4667") == spend.index("1.444") + len("1.444") + wide


def test_broken_files_give_one_sentence_each(tmp_path: Path, months: str) -> None:
    def table(content: str | bytes) -> str:
        return fail(*regress(write(tmp_path / "t.csv", content)))

    def problem(content: str) -> str:
        return fail("score", "--problem", write(tmp_path / "p.json", content))

    assert "cannot be read: No such file" in fail(*regress(str(tmp_path / "none.csv")))
    assert "cannot be read: Is a directory" in fail(*regress(str(tmp_path)))
    assert "is empty" in table("\n\n")
    assert "Line 3" in table("spend,sales\n1,2\n3\n")
    assert "more than once" in table("spend,sales,spend\n1,2,3\n")
    assert "not a text file" in table(b"\xff\xff\x00\x81")
    assert "not a proper CSV file" in table('spend,sales\n"1"x,2\n')
    assert "It has: spend, sales." in fail(
        "regression", "--csv", months, "--y", "n", "--x", "spend"
    )
    assert "not a proper JSON file" in problem("{")
    assert "should be an object" in problem("[]")
    assert "unknown key “weigth”" in problem('{"indicators": [{"weigth": 1}]}')
    assert "is not a number: ten" in problem(
        '{"indicators": [{"name": "a", "weight": 1, "value": "ten"}]}'
    )


@pytest.mark.parametrize("at", ["spend", "spend=ten", "sales=3", "=3"])
def test_forecast_that_cannot_be_read_gives_one_sentence(months: str, at: str) -> None:
    assert at.split("=")[-1] in fail(*regress(months, "--at", at))


@pytest.mark.parametrize(
    "arguments",
    [("--numeric", "size"), ("--ordinal", "habit"), ("--numeric", "age", "--k", "three")],
)
def test_segments_that_cannot_be_read_give_one_sentence(
    customers: str, arguments: tuple[str, ...]
) -> None:
    assert fail("segments", "--csv", customers, *arguments)


@pytest.mark.process
def test_command_line_ends_with_the_documented_exit_codes(tmp_path: Path, months: str) -> None:
    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), "analyse"]
        return subprocess.run([*manage, *arguments], capture_output=True, text=True, check=False)

    answered = start(*regress(months, "--json"))
    refused = start(*regress(write(tmp_path / "short.csv", "spend,sales\n1,2\n"), "--json"))
    unusable = start(*regress(str(tmp_path / "none.csv"), "--json"))

    assert (answered.returncode, refused.returncode, unusable.returncode) == (0, 3, 2)
    assert json.loads(answered.stdout)["n"] == 10
    assert json.loads(refused.stdout)["status"] == "refused"
    assert unusable.stdout == ""
    assert "Traceback" not in unusable.stderr


@pytest.mark.process
def test_other_commands_do_not_load_the_numerical_libraries() -> None:
    code = (
        "import sys, django; django.setup(); before = set(sys.modules);"
        "import analytics.management.commands.analyse; loaded = set(sys.modules) - before;"
        "print(sorted(loaded & {'numpy', 'scipy', 'sklearn', 'statsmodels'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )

    assert done.stdout.strip() == "[]"
