"""Results as JSON with every digit, or as tables for people."""

import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analytics.estimators.errors import Finding
from analytics.sentences import describe, remedy, sentence, spell_number

SEVERITIES = {"refuse": "✗", "warn": "!", "info": "·"}
LABELS_SHOWN = 20


def to_json(result: Mapping[str, Any]) -> str:
    """The whole result with 17 significant digits and the findings in words."""
    findings = [describe(_read(finding)) for finding in result["findings"]]
    return _dump({**result, "findings": findings}, "")


def to_text(kind: str, result: Mapping[str, Any]) -> str:
    """Verdict and findings first, then the figures as tables."""
    lines = [VERDICTS[result["status"]]()]
    for stored in result["findings"]:
        finding = _read(stored)
        lines += [
            f"  {SEVERITIES[finding.severity]} {sentence(finding)}",
            f"    → {remedy(finding)}",
        ]
    if result["status"] != "refused":
        lines += ["", *TEXTS[kind](result)]
    lines += _understood(result)
    return "\n".join(lines)


def _understood(result: Mapping[str, Any]) -> Iterator[str]:
    """How the file was read, so that a wrong guess is seen before its figures are believed."""
    read = result.get("read")
    if not read:
        return
    yield ""
    yield _("Read as %(encoding)s, cells parted by %(delimiter)s, decimals after %(decimal)s.") % {
        "encoding": read["encoding"],
        "delimiter": DELIMITERS[read["delimiter"]](),
        "decimal": DELIMITERS[read["decimal"]](),
    }
    if not read["encoding_is_sure"]:
        yield _("Another encoding fits too: if letters look wrong, name it with --encoding.")


DELIMITERS: dict[str, Callable[[], str]] = {
    ",": lambda: _("commas"),
    ";": lambda: _("semicolons"),
    "\t": lambda: _("tabs"),
    "|": lambda: _("bars"),
    ".": lambda: _("points"),
}

VERDICTS: dict[str, Callable[[], str]] = {
    "ok": lambda: _("Done."),
    "ok_with_warnings": lambda: _("Done, with warnings: read them before you use the figures."),
    "refused": lambda: _("Refused: no figures can be given."),
}


def _read(stored: Mapping[str, Any]) -> Finding:
    return Finding(stored["code"], stored["severity"], stored["parameters"])


def _dump(value: Any, indent: str) -> str:
    """JSON with one line for each entry, but lists of plain values on one line."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        entries = [f"{inner}{_spell(key)}: {_dump(one, inner)}" for key, one in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list | tuple):
        if any(isinstance(one, Mapping | list | tuple) for one in value):
            return "[\n" + ",\n".join(inner + _dump(one, inner) for one in value) + f"\n{indent}]"
        return "[" + ", ".join(map(_spell, value)) + "]"
    return _spell(value)


def _spell(value: Any) -> str:
    """A plain value; 17 significant digits bring back every bit of a double (IEEE 754, 5.12.2)."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "null"
        text = format(value, ".17g")
        return text if any(sign in text for sign in ".e") else f"{text}.0"
    return json.dumps(value, ensure_ascii=False)


def _regression(result: Mapping[str, Any]) -> Iterator[str]:
    yield from _coefficients(_("Column"), result["coefficients"])
    time = result["time"] or {}
    controls = {**result["controls"], **({_("Trend"): time["trend"]} if time.get("trend") else {})}
    if controls:
        yield ""
        yield from _coefficients(_("Taken out"), controls)
    yield ""
    yield from _table(
        [_("Rows"), _("Residual spread"), "R²", _("adjusted"), _("leave one out")],
        [
            [
                str(result["n"]),
                *map(_number, (result["residual_sd"], result["r2"])),
                *map(_number, (result["r2_adjusted"], result["r2_leave_one_out"])),
            ]
        ],
    )
    if not result["forecast"]:
        return
    yield ""
    yield from _table(
        [_("Forecast at"), _("Mean"), _("95 % from"), _("to"), _("single row from"), _("to")],
        [
            [
                ", ".join(
                    [
                        *filter(None, [one["period"]]),
                        *(f"{name}={_number(value)}" for name, value in one["at"].items()),
                    ]
                ),
                *map(_number, (one["mean"], *one["ci95"], *one["pi95"])),
            ]
            for one in result["forecast"]
        ],
    )


def _coefficients(heading: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield from _table(
        [heading, _("Estimate"), _("Error"), _("Error (HC3)"), _("95 % from"), _("to")],
        [
            [name, *map(_number, (c["estimate"], c["error"], c["se_hc3"], *c["ci95"]))]
            for name, c in rows.items()
        ],
    )


def _segments(result: Mapping[str, Any]) -> Iterator[str]:
    yield from _table(
        [_("Segments"), _("Silhouette"), _("Gap"), _("Stability")],
        [
            [str(one["k"]), *map(_number, (one["silhouette"], one["gap"], one["stability"]))]
            for one in result["candidates"]
        ],
    )
    if result["segments"]:
        names = list(result["segments"][0]["centre"])
        yield ""
        yield from _table(
            [_("Segment"), _("Size"), *names],
            [
                [
                    str(one["label"]),
                    str(one["size"]),
                    *(_centre(one["centre"][name], one["portrait"][name]) for name in names),
                ]
                for one in result["segments"]
            ],
        )
        yield _("Figures of a segment: mean (median) of its members.")
        labels = ["–" if label is None else str(label) for label in result["labels"]]
        shown = " ".join(labels[:LABELS_SHOWN]) + (" …" if len(labels) > LABELS_SHOWN else "")
        yield ""
        yield _("Segment of each row: %(labels)s") % {"labels": shown}
    yield ""
    yield from _table(
        [_("Column"), _("Share of the distance")],
        [[one["name"], _percent(one["share_of_distance"])] for one in result["features"]],
    )


def _budget(result: Mapping[str, Any]) -> Iterator[str]:
    yield from _table(
        [_("Channel"), _("Amount")],
        [[name, _number(amount)] for name, amount in result["allocation"].items()],
    )
    yield ""
    yield _("New customers: %(count)s") % {"count": _number(result["objective"])}
    yield _("Limits that bind: %(limits)s") % {"limits": ", ".join(result["binding"]) or "–"}
    yield ""
    yield from _table(
        [_("Limit"), _("one less"), _("one more"), _("holds from"), _("to")],
        [
            [
                name,
                *map(_number, (price["less"], price["more"], *(price["range"] or (None, None)))),
            ]
            for name, price in result["shadow_prices"].items()
        ],
    )
    if not result["ladder"]:
        return
    names = list(result["allocation"])
    yield ""
    yield from _table(
        [_("Share of the total"), *names, _("New customers")],
        [
            [
                _percent(rung["share"]),
                *(_number((rung["allocation"] or {}).get(name)) for name in names),
                _number(rung["objective"]),
            ]
            for rung in result["ladder"]
        ],
    )


def _score(result: Mapping[str, Any]) -> Iterator[str]:
    yield _("Score: %(score)s of 10") % {"score": result["score"]}
    low, high = result["score_range"]
    yield _("When 0.05 of weight moves: %(low)s to %(high)s") % {"low": low, "high": high}
    yield ""
    yield from _table(
        [_("Indicator"), _("Value"), _("on 0 to 10"), _("Weight"), _("Contribution")],
        [
            [name, one["value"], one["mapped"], one["weight"], one["contribution"]]
            for name, one in result["indicators"].items()
        ],
    )


TEXTS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "regression": _regression,
    "segments": _segments,
    "budget": _budget,
    "score": _score,
}


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side: the first to the left, figures to the right."""
    widths = [max(map(_measure, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, ["─" * width for width in widths], *rows):
        cells = [
            " " * (width - _measure(cell)) + cell if place else cell.ljust(_pad(cell, width))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _measure(text: str) -> int:
    """How many columns a terminal gives the text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _pad(text: str, width: int) -> int:
    return width - _measure(text) + len(text)


def _number(value: float | None) -> str:
    return "–" if value is None else spell_number(value)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _centre(value: Any, portrait: Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_percent(share)}" for name, share in value.items() if share)
    median = portrait.get("median")
    return _number(value) if median is None else f"{_number(value)} ({_number(median)})"
