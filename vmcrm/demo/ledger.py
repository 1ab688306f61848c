"""Which rows the demo company consists of: the difference that loading it made, written down.

So whatever the demo grows by next year is known as well, and nothing has to be recognised by
names that real data might bear.
"""

from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

from crm.models import DemoRow

Keys = dict[type[Model], set[Any]]

# Rows of the frame itself, which come and go without the demo.
_LEFT_OUT = frozenset({"crm.demorow", "contenttypes.contenttype", "auth.permission"})


def every_row(model: type[Model]) -> QuerySet[Any]:
    """By the plain manager: a model's own one may hide rows, or refuse to delete them."""
    return model._base_manager.all()  # noqa: SLF001 - see above


def take_stock() -> Keys:
    """The keys of all rows there are."""
    return {model: set(every_row(model).values_list("pk", flat=True)) for model in _models()}


def note_what_is_new(before: Keys) -> None:
    """Write down every row that was not there `before`."""
    DemoRow.objects.bulk_create(
        DemoRow(model=model._meta.label_lower, key=str(key))
        for model, keys in take_stock().items()
        for key in sorted(keys - before[model])
    )


def read_noted() -> Keys:
    """The rows of the demo company that are still there."""
    noted: Keys = {}
    for label, key in DemoRow.objects.values_list("model", "key"):
        model = apps.get_model(label)
        noted.setdefault(model, set()).add(model._meta.pk.to_python(key))
    for model, keys in noted.items():
        keys &= set(every_row(model).values_list("pk", flat=True))
    return noted


def forget() -> None:
    DemoRow.objects.all().delete()


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.label_lower not in _LEFT_OUT]
