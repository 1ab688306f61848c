"""Files as analysts have them: CSV tables and JSON problems, or one clear sentence why not."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

# Excel in Chinese writes GB18030; any other text a person exports today is UTF-8.
ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"


class UnreadableFile(Exception):
    """The file cannot be used; str() is a sentence for the person who named it."""


def read_table(path: str) -> dict[str, list[str]]:
    """The columns of a CSV file with a header line, by name, cells stripped of blanks."""
    text = _read_text(path)
    first_line = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
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
    return {
        name: [line[place].strip() for _number, line in rows[1:]]
        for place, name in enumerate(names)
    }


def require_columns(path: str, table: dict[str, list[str]], columns: list[str]) -> None:
    """Refuse columns that the table does not have, naming those it has."""
    unknown = [name for name in columns if name not in table]
    if unknown:
        raise UnreadableFile(
            _("“%(path)s” has no column “%(column)s”. It has: %(columns)s.")
            % {"path": path, "column": unknown[0], "columns": ", ".join(table)}
        )


def read_problem(path: str) -> Any:
    """A JSON document; its numbers stay exact decimals."""
    try:
        return json.loads(_read_text(path), parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:  # also a whole number of thousands of digits
        raise UnreadableFile(
            _("“%(path)s” is not a proper JSON file: %(error)s.") % {"path": path, "error": error}
        ) from error


def _check_names(path: str, names: list[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UnreadableFile(
            _("“%(path)s” has the column “%(column)s” more than once.")
            % {"path": path, "column": twice[0]}
        )


def _read_text(path: str) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableFile(
            _("“%(path)s” cannot be read: %(error)s.") % {"path": path, "error": error.strerror}
        ) from error
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(_("“%(path)s” is not a text file in UTF-8.") % {"path": path})
