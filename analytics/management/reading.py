"""Files as analysts have them: CSV tables and JSON problems, or one clear sentence why not."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from analytics.management.decoding import Decoded, UnreadableFile, decode
from analytics.management.figures import POINT, spell_plainly

DELIMITERS = ",;\t|"
LINES_TRIED = 50


@dataclass(frozen=True)
class TableFile:
    """The columns of a CSV file by name, cells stripped of blanks, and how it was understood."""

    columns: dict[str, list[str]]
    encoding: str
    is_sure: bool
    delimiter: str
    decimal: str = POINT

    def to_dict(self) -> dict[str, Any]:
        return {
            "encoding": self.encoding,
            "encoding_is_sure": self.is_sure,
            "delimiter": self.delimiter,
            "decimal": self.decimal,
        }


def read_table(
    path: str,
    figures: Sequence[str],
    others: Sequence[str] = (),
    *,
    encoding: str | None = None,
    decimal: str | None = None,
) -> TableFile:
    """A CSV file with a header line; its `figures` columns as plain numbers.

    Raises `UnreadableFile` also where a column is missing.
    """
    decoded = _read(path, encoding)
    delimiter, columns = _split(path, decoded.text)
    _require_columns(path, columns, [*figures, *others])
    plain, mark = spell_plainly(columns, figures, decimal)
    return TableFile(plain, decoded.encoding, decoded.is_sure, delimiter, mark)


def read_problem(path: str) -> Any:
    """A JSON document; its numbers stay exact decimals."""
    try:
        return json.loads(_read(path).text, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:  # also a whole number of thousands of digits
        raise UnreadableFile(
            _("“%(path)s” is not a proper JSON file: %(error)s.") % {"path": path, "error": error}
        ) from error


def _read(path: str, encoding: str | None = None) -> Decoded:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableFile(
            _("“%(path)s” cannot be read: %(error)s.") % {"path": path, "error": error.strerror}
        ) from error
    found = decode(content, path, encoding)
    text = found.text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, found.encoding, found.is_sure)


def _split(path: str, text: str) -> tuple[str, dict[str, list[str]]]:
    """The delimiter and the columns."""
    delimiter = _find_delimiter(text)
    try:
        lines = _parse(text, delimiter)
    except csv.Error as error:
        raise UnreadableFile(
            _("“%(path)s” is not a proper CSV file: %(error)s.") % {"path": path, "error": error}
        ) from error
    rows = [(number, line) for number, line in enumerate(lines, 1) if any(map(str.strip, line))]
    if not rows:
        raise UnreadableFile(_("“%(path)s” is empty.") % {"path": path})
    names = [name.strip() for name in rows[0][1]]
    _check_names(path, names)
    for number, line in rows[1:]:
        if len(line) != len(names):
            raise UnreadableFile(
                _("Line %(line)s of “%(path)s” has %(found)s cells, the header has %(names)s.")
                % {"line": number, "path": path, "found": len(line), "names": len(names)}
            )
    return delimiter, {
        name: [line[place].strip() for _number, line in rows[1:]]
        for place, name in enumerate(names)
    }


def _parse(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def _find_delimiter(text: str) -> str:
    """The one that cuts the first lines into equally many cells; else the header's most frequent.

    With decimal commas in a file of semicolons the commas do not fall alike.
    """
    first = "\n".join(text.split("\n", LINES_TRIED)[:LINES_TRIED])
    header = text.lstrip("\n").split("\n", 1)[0]
    return max(DELIMITERS, key=lambda one: (_cuts_evenly(first, one), header.count(one)))


def _cuts_evenly(text: str, delimiter: str) -> bool:
    try:
        widths = {len(line) for line in _parse(text, delimiter) if line}
    except csv.Error:
        return False
    return len(widths) == 1 and widths != {1}


def _require_columns(path: str, columns: dict[str, list[str]], names: Sequence[str]) -> None:
    """Refuse columns that the table does not have, naming those it has."""
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise UnreadableFile(
            _("“%(path)s” has no column “%(column)s”. It has: %(columns)s.")
            % {"path": path, "column": unknown[0], "columns": ", ".join(columns)}
        )


def _check_names(path: str, names: list[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UnreadableFile(
            _("“%(path)s” has the column “%(column)s” more than once.")
            % {"path": path, "column": twice[0]}
        )
