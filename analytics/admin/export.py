"""A run as files: everything as JSON, its tables and its rows as CSV."""

import csv
import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from analytics import tables
from analytics.charts.drawing import plain_numbers
from analytics.datasets import Snapshot
from analytics.models import Run
from analytics.verdicts import verdict, worded_findings

# A cell that begins like a formula would be run by a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_json(run: Run) -> HttpResponse:
    """The whole run; numbers keep every digit they have."""
    content = {
        "run": str(run.public_id),
        "kind": run.kind,
        "status": run.status,
        "verdict": verdict(run),
        "findings": worded_findings(run),
        "figures": run.figures,
        "parameters": run.parameters,
        "seed": run.seed,
        "dataset": run.dataset,
        "dataset_sha256": run.dataset_sha256,
        "data_as_of": run.dataset_frozen_at,
        "rows_in": run.rows_in,
        "rows_dropped": run.rows_dropped,
        "code_version": run.code_version,
        "library_versions": run.library_versions,
        "predecessor": str(run.predecessor.public_id) if run.predecessor else None,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }
    text = json.dumps(content, ensure_ascii=False, indent=2, default=lambda time: time.isoformat())
    return _download(text, "application/json", f"run-{run.public_id}.json")


def figures_as_csv(run: Run) -> HttpResponse:
    """The tables of the page one below the other, each under its title; numbers as numbers."""
    lines: list[list[str]] = []
    with plain_numbers():
        for table in tables.list_tables(run):
            lines += [[table.title], table.headers, *table.rows, []]
    return _csv(lines, f"run-{run.public_id}-figures.csv")


def rows_as_csv(run: Run) -> HttpResponse:
    if run.dataset is None:
        return _csv([], f"run-{run.public_id}-rows.csv")
    snapshot = Snapshot.from_json(run.dataset)
    names = [column.name for column in snapshot.columns]
    rows = [[row[name] for name in names] for row in snapshot.rows]
    return _csv([names, *rows], f"run-{run.public_id}-rows.csv")


def _csv(lines: Iterable[Iterable[Any]], filename: str) -> HttpResponse:
    # The mark at the start lets spreadsheets read Chinese as what it is.
    response = _download("\ufeff", "text/csv; charset=utf-8", filename)
    writer = csv.writer(response)
    writer.writerows([[_harmless(cell) for cell in line] for line in lines])
    return response


def _harmless(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _download(content: str, content_type: str, filename: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
