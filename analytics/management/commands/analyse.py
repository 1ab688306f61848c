"""`manage.py analyse`: the estimators for analysts and scripts.

Exit codes: 0 answered, 2 the command or its file cannot be used, 3 refused (a result in itself).
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from analytics.management.decoding import UnreadableFile
from analytics.management.reading import TableFile, read_problem, read_table

UNUSABLE, REFUSED = 2, 3
DECIMALS = {"point": ".", "comma": ","}
Options = Mapping[str, Any]


class Command(BaseCommand):
    help = "Analyse a table or a problem: regression, segments, budget or score."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
        _add_regression(kinds.add_parser("regression", help="a result explained by spend"))
        _add_segments(kinds.add_parser("segments", help="groups of customers"))
        for kind, text in (("budget", "the best split of a total"), ("score", "a meeting score")):
            one = kinds.add_parser(kind, help=text)
            one.add_argument("--problem", required=True, metavar="FILE.json")
            _add_common(one)

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"]):
            result = self._analyse(options)
            self.stdout.write(self._spell(options, result))
        if result["status"] == "refused":
            sys.exit(REFUSED)

    def _analyse(self, options: Options) -> dict[str, Any]:
        # The numerical libraries load in a second or two, which other commands should not pay.
        from analytics.estimators.errors import Refused
        from analytics.estimators.problems import UnreadableProblem
        from analytics.sentences import sentence

        try:
            return ANALYSES[options["kind"]](options)
        except UnreadableFile as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
        except UnreadableProblem as error:
            raise CommandError(sentence(error.findings[0]), returncode=UNUSABLE) from error
        except Refused as refusal:
            return refusal.to_dict()

    def _spell(self, options: Options, result: dict[str, Any]) -> str:
        from analytics.management.printing import to_json, to_text

        return to_json(result) if options["json"] else to_text(options["kind"], result)


def _add_common(parser: argparse.ArgumentParser) -> None:
    languages = [code for code, _name in settings.LANGUAGES]
    parser.add_argument("--json", action="store_true", help="print the whole result as JSON")
    parser.add_argument("--language", choices=languages, default=settings.LANGUAGE_CODE)


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", required=True, metavar="FILE")
    parser.add_argument("--encoding", help="of the file, where it is not told rightly")
    parser.add_argument("--decimal", choices=DECIMALS, help="what stands before the decimals")


def _add_regression(parser: argparse.ArgumentParser) -> None:
    _add_table(parser)
    parser.add_argument("--y", required=True, metavar="COLUMN", help="what is explained")
    parser.add_argument("--x", required=True, nargs="+", action="extend", metavar="COLUMN")
    parser.add_argument(
        "--control",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN",
        help="also moves the result: taken out, and reported apart",
    )
    parser.add_argument("--no-intercept", action="store_true", help="the line goes through zero")
    parser.add_argument(
        "--at",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN=VALUE",
        help="forecast here; naming a column again starts the next forecast",
    )
    parser.add_argument(
        "--period",
        metavar="COLUMN",
        help="orders the rows in time; trend and season are then taken out",
    )
    _add_common(parser)


def _add_segments(parser: argparse.ArgumentParser) -> None:
    _add_table(parser)
    for flag, text in (
        ("--numeric", "columns of numbers"),
        ("--categorical", "columns of kinds"),
        ("--described", "columns for the portraits only"),
    ):
        parser.add_argument(
            flag, nargs="+", action="extend", default=[], metavar="COLUMN", help=text
        )
    parser.add_argument(
        "--ordinal", nargs="+", action="extend", default=[], metavar="COLUMN=low,mid,high"
    )
    parser.add_argument("--k", default="auto", metavar="auto|N", help="how many segments")
    parser.add_argument("--missing", choices=["refuse", "drop"], default="refuse")
    parser.add_argument("--seed", type=_read_seed, help="of everything random")
    _add_common(parser)


def _read(options: Options, figures: list[str], others: list[str]) -> TableFile:
    decimal = DECIMALS.get(options["decimal"] or "")
    return read_table(
        options["csv"], figures, others, encoding=options["encoding"], decimal=decimal
    )


def _analyse_regression(options: Options) -> dict[str, Any]:
    from analytics.estimators.regression import RegressionSpec, estimate_regression

    period = [options["period"]] if options["period"] else []
    figures = [options["y"], *options["x"], *options["control"]]
    table = _read(options, figures, period)
    spec = RegressionSpec(
        response=options["y"],
        predictors=tuple(options["x"]),
        intercept=not options["no_intercept"],
        forecast_at=_read_points(options["at"], options["x"]),
        period=options["period"],
        controls=tuple(options["control"]),
    )
    return {**estimate_regression(spec, table.columns).to_dict(), "read": table.to_dict()}


def _analyse_segments(options: Options) -> dict[str, Any]:
    from analytics.estimators.segmentation import SegmentationSpec, find_segments

    ordinal = dict(_read_levels(text) for text in options["ordinal"])
    others = [*options["categorical"], *ordinal, *options["described"]]
    table = _read(options, options["numeric"], others)
    seed = {} if options["seed"] is None else {"seed": options["seed"]}
    spec = SegmentationSpec(
        numeric=tuple(options["numeric"]),
        categorical=tuple(options["categorical"]),
        ordinal=ordinal,
        described=tuple(options["described"]),
        k=_read_k(options["k"]),
        missing=options["missing"],
        **seed,
    )
    return {**find_segments(spec, table.columns).to_dict(), "read": table.to_dict()}


def _analyse_budget(options: Options) -> dict[str, Any]:
    from analytics.estimators.budget import allocate_budget
    from analytics.estimators.problems import read_budget_problem

    return allocate_budget(read_budget_problem(read_problem(options["problem"]))).to_dict()


def _analyse_score(options: Options) -> dict[str, Any]:
    from analytics.estimators.problems import read_score_problem
    from analytics.estimators.score import score_meeting

    return score_meeting(read_score_problem(read_problem(options["problem"]))).to_dict()


ANALYSES = {
    "regression": _analyse_regression,
    "segments": _analyse_segments,
    "budget": _analyse_budget,
    "score": _analyse_score,
}


def _read_points(texts: list[str], predictors: list[str]) -> tuple[dict[str, float], ...]:
    """COLUMN=VALUE pairs as points: a column that comes again starts the next point."""
    points: list[dict[str, float]] = []
    for text in texts:
        name, sign, value = text.rpartition("=")
        name = name.strip()
        if not sign or name not in predictors:
            raise UnreadableFile(
                _("“%(text)s” should be COLUMN=VALUE with one of these columns: %(columns)s.")
                % {"text": text, "columns": ", ".join(predictors)}
            )
        try:
            number = float(value)
        except ValueError as error:
            raise UnreadableFile(
                _("“%(value)s” in “%(text)s” is not a number.") % {"value": value, "text": text}
            ) from error
        if not points or name in points[-1]:
            points.append({})
        points[-1][name] = number
    return tuple(points)


def _read_levels(text: str) -> tuple[str, tuple[str, ...]]:
    name, sign, levels = text.partition("=")
    if not sign:
        raise UnreadableFile(
            _("“%(text)s” should be COLUMN=LOW,…,HIGH with the levels in order.") % {"text": text}
        )
    return name.strip(), tuple(level.strip() for level in levels.split(","))


def _read_seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a whole number from 0 on")
    return int(text)


def _read_k(text: str) -> int | None:
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise UnreadableFile(
            _("The number of segments “%(text)s” should be auto or a whole number.")
            % {"text": text}
        ) from error
