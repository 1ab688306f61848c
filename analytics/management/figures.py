"""Figures as people write them in tables: decimal commas, thousands, currencies, percent.

What a mark means is decided for a whole file, because "5,000" alone is five or five thousand.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analytics.management.decoding import UnreadableFile

POINT, COMMA = ".", ","
CURRENCY = r"(?:[€$£¥₩₽₹元圆]|EUR|USD|GBP|CNY|RMB|JPY|CHF|PLN|CZK|HUF|SEK|DKK|NOK|zł|Kč|Ft|kr\.?)"
DRESSED = re.compile(
    rf"^(?P<before>{CURRENCY}?)\s*(?P<sign>[+-]?)\s*(?P<second>{CURRENCY}?)\s*"
    rf"(?P<digits>\d[\d.,' ]*)\s*(?P<after>{CURRENCY}?|%)$",
    re.IGNORECASE,
)
YUAN = {"元": "¥", "圆": "¥", "cny": "¥", "rmb": "¥"}


@dataclass(frozen=True)
class Figure:
    """A cell that spells a figure; `digits` still carries its points and commas."""

    row: int
    cell: str
    sign: str
    digits: str
    unit: str

    @property
    def mark(self) -> str | None:
        """The decimal mark this figure proves; None where it fits both readings."""
        points, commas = self.digits.count(POINT), self.digits.count(COMMA)
        if points and commas:
            return max(POINT, COMMA, key=self.digits.rfind)
        if points + commas == 0:
            return None
        mark, other = (POINT, COMMA) if points else (COMMA, POINT)
        if points + commas > 1:
            return other
        whole, _mark, rest = self.digits.partition(mark)
        is_group = len(rest) == 3 and 1 <= len(whole) <= 3 and whole != "0"
        return None if is_group else mark


def spell_plainly(
    table: Mapping[str, Sequence[str]], columns: Sequence[str], decimal: str | None = None
) -> tuple[dict[str, list[str]], str]:
    """The table with the figures of these columns as plain numbers, and the decimal mark.

    Cells that are no figures stay as they are; the estimators name them. Figures in percent keep
    their value: "12 %" is 12. Raises `UnreadableFile` with the cell and what to change.
    """
    figures = {name: list(_read_column(name, table[name])) for name in dict.fromkeys(columns)}
    mark = decimal or _find_mark(figures)
    plain = {name: list(cells) for name, cells in table.items()}
    for name, found in figures.items():
        for figure in found:
            plain[name][figure.row - 1] = figure.sign + _strip(name, figure, mark)
    return plain, mark


def _read_column(name: str, cells: Sequence[str]) -> Iterator[Figure]:
    first: Figure | None = None
    for row, cell in enumerate(cells, 1):
        match = DRESSED.match(_simplify(cell))
        if match is None:
            continue
        unit = (match["before"] or match["second"] or match["after"]).lower().rstrip(".")
        figure = Figure(row, cell, match["sign"], match["digits"].strip(), YUAN.get(unit, unit))
        if figure.unit:
            first = first or figure
            if figure.unit != first.unit:
                raise UnreadableFile(
                    _(
                        "Column “%(column)s” mixes units: row %(first)s has “%(one)s”, row %(row)s"
                        " has “%(other)s”. Write one unit in the whole column."
                    )
                    % {
                        "column": name,
                        "first": first.row,
                        "one": first.cell,
                        "row": row,
                        "other": cell,
                    }
                )
        yield figure


def _simplify(cell: str) -> str:
    """Full-width signs as ordinary ones, all blanks and minus signs alike."""
    text = unicodedata.normalize("NFKC", cell).strip()
    return text.replace("−", "-").replace("’", "'").replace("\u202f", " ").replace("\xa0", " ")


def _find_mark(figures: Mapping[str, Sequence[Figure]]) -> str:
    """The decimal mark all figures agree on; a point where none of them tells."""
    proofs: dict[str, tuple[str, Figure]] = {}
    open_comma: tuple[str, Figure] | None = None
    for name, found in figures.items():
        for figure in found:
            if mark := figure.mark:
                proofs.setdefault(mark, (name, figure))
            elif COMMA in figure.digits:
                open_comma = open_comma or (name, figure)
    if len(proofs) == 2:
        (one_name, one), (other_name, other) = proofs[POINT], proofs[COMMA]
        raise UnreadableFile(
            _(
                "The decimal mark changes: “%(one)s” (column “%(column)s”, row %(row)s) has a point"
                " and “%(other)s” (column “%(other_column)s”, row %(other_row)s) has a comma. Write"
                " all figures alike."
            )
            % {
                "one": one.cell,
                "column": one_name,
                "row": one.row,
                "other": other.cell,
                "other_column": other_name,
                "other_row": other.row,
            }
        )
    if not proofs and open_comma:
        name, figure = open_comma
        raise UnreadableFile(
            _(
                "“%(cell)s” (column “%(column)s”, row %(row)s) can be read in two ways. Say"
                " --decimal point if the comma groups thousands, --decimal comma if decimals follow"
                " it."
            )
            % {"cell": figure.cell, "column": name, "row": figure.row}
        )
    return next(iter(proofs), POINT)


def _strip(name: str, figure: Figure, mark: str) -> str:
    """Plain digits with a point, once the groups of thousands prove right."""
    group = COMMA if mark == POINT else POINT
    digits = figure.digits.replace(" ", "'").replace(group, "'")
    whole, _mark, rest = digits.partition(mark)
    if not re.fullmatch(r"\d+|\d{1,3}(?:'\d{3})+", whole) or not re.fullmatch(r"\d*", rest):
        raise UnreadableFile(
            _(
                "“%(cell)s” (column “%(column)s”, row %(row)s) is no number with “%(mark)s” before"
                " its decimals. Correct the cell, or say --decimal point or --decimal comma."
            )
            % {"cell": figure.cell, "column": name, "row": figure.row, "mark": mark}
        )
    return whole.replace("'", "") + (f".{rest}" if rest else "")
