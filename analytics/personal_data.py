"""What runs hold about a person: their pseudonymous rows in snapshots."""

from collections.abc import Iterator

from django.db.models import F
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analytics.labels import label_column
from analytics.models import Run
from crm.extensions import DataField, DataSection, Person
from crm.selectors.personal_data import show
from crm.selectors.purchases import pseudonym

# The kinds whose rows stand for people; the others keep sums.
_KINDS = (Run.Kind.SEGMENTS,)


def export_of_runs(person: Person) -> list[DataSection]:
    """The person's row in each run that used one."""
    records = [
        [
            DataField("run", capfirst(_("run")), str(run.public_id), run.title),
            DataField(
                "frozen_at", _("Data as of"), run.dataset_frozen_at, show(run.dataset_frozen_at)
            ),
            *(
                DataField(name, label_column(name), value, show(value))
                for name, value in row.items()
            ),
        ]
        for run, rows in _rows_of(person)
        for row in rows
    ]
    return [DataSection("rows", _("Rows in runs"), records)]


def erase_from_runs(person: Person) -> None:
    """Take the rows out of the snapshots. Figures stay; the run says that it cannot be repeated."""
    key = pseudonym(person.contact_public_id)
    for run, rows in _rows_of(person):
        dataset = run.dataset or {}
        kept = [row for row in dataset["rows"] if row.get("key") != key]
        Run.objects.filter(pk=run.pk).update(
            dataset={**dataset, "rows": kept}, rows_erased=F("rows_erased") + len(rows)
        )


def _rows_of(person: Person) -> Iterator[tuple[Run, list[dict[str, str | None]]]]:
    key = pseudonym(person.contact_public_id)
    runs = Run.objects.filter(kind__in=_KINDS, dataset__isnull=False).defer("figures", "charts")
    for run in runs.order_by("pk").iterator(chunk_size=20):
        rows = [row for row in (run.dataset or {}).get("rows", []) if row.get("key") == key]
        if rows:
            yield run, rows
