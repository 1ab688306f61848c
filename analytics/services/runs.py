"""Asking for a run, repeating it, cancelling it, and comparing two of them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics import permissions
from analytics.datasets import fingerprint
from analytics.models import Run
from crm.services.errors import Refusal

if TYPE_CHECKING:
    from crm.models import User

DEFAULT_SEED = 20_240_229


class NotAllowedToRun(Refusal):
    code = "not_allowed"


class CannotRepeat(Refusal):
    code = "cannot_repeat"


def request_run(
    *,
    kind: str,
    requested_by: "User",
    parameters: Mapping[str, Any],
    subject_ref: str = "",
    subject_title: str = "",
    request_key: str = "",
    seed: int = DEFAULT_SEED,
) -> Run:
    """A waiting run. A second request with the same key gets the first one's row."""
    fields = {
        "kind": kind,
        "requested_by": requested_by,
        "parameters": dict(parameters),
        "subject_ref": subject_ref,
        "subject_title": subject_title,
        "seed": seed,
    }
    with transaction.atomic():
        if not request_key:
            return Run.objects.create(**fields)
        run, _created = Run.objects.get_or_create(request_key=request_key, defaults=fields)
        return run


def repeat_run(
    *, run: Run, user: "User", with_new_data: bool = False, request_key: str = ""
) -> Run:
    """A new run linked to this one: on the same rows, or on the rows of today.

    On the same rows, the same code and the same libraries it gives the same figures bit for bit.
    """
    if not permissions.can_steer_run(user, run):
        raise NotAllowedToRun(_("You may not repeat this run."))
    if run.is_open:
        raise CannotRepeat(_("This run is still going on. Wait for it, or cancel it first."))
    if run.rows_erased and not with_new_data:
        raise CannotRepeat(
            _(
                "This run cannot be repeated on the same data: people who were in it have been "
                "erased (rows: %(count)s)."
            )
            % {"count": run.rows_erased}
        )
    snapshot: dict[str, Any] = {}
    if run.dataset is not None and not with_new_data:
        snapshot = {
            "dataset": run.dataset,
            "dataset_sha256": run.dataset_sha256,
            "dataset_frozen_at": run.dataset_frozen_at,
            "rows_in": run.rows_in,
            "rows_dropped": run.rows_dropped,
        }
    fields = {
        "kind": run.kind,
        "requested_by": user,
        "parameters": run.parameters,
        "subject_ref": run.subject_ref,
        "subject_title": run.subject_title,
        "seed": run.seed,
        "predecessor": run,
        **snapshot,
    }
    with transaction.atomic():
        if not request_key:
            return Run.objects.create(**fields)
        repeated, _created = Run.objects.get_or_create(request_key=request_key, defaults=fields)
        return repeated


def cancel_run(*, run: Run, user: "User") -> bool:
    """Stop it at once. The worker finds its lease gone and throws its work away.

    False if the run was already over.
    """
    if not permissions.can_steer_run(user, run):
        raise NotAllowedToRun(_("You may not cancel this run."))
    with transaction.atomic():
        changed = (
            Run.objects.filter(pk=run.pk)
            .open()
            .update(
                status=Run.Status.CANCELLED,
                finished_at=timezone.now(),
                lease_token="",
                lease_until=None,
            )
        )
    return changed == 1


@dataclass(frozen=True)
class WaitingRun:
    """A run to wake: at once, or when the lease of its dead worker ends."""

    pk: int
    free_in_s: float


def waiting_runs(*, now: dt.datetime, ahead_s: float = 0, limit: int = 100) -> list[WaitingRun]:
    """Open runs that have no worker, or will have none within `ahead_s` seconds; oldest first.

    A living worker renews its lease of four seconds each second, so one that is about to end
    belongs to a worker that died.
    """
    waiting = Run.objects.without_a_worker(now + dt.timedelta(seconds=ahead_s))
    rows = waiting.order_by("created_at", "pk").values_list("pk", "lease_until")[:limit]
    return [
        WaitingRun(pk, max(0.0, (lease_until - now).total_seconds()) if lease_until else 0.0)
        for pk, lease_until in rows
    ]


@dataclass(frozen=True)
class Difference:
    """One input or figure that two runs do not share; `name` is a path such as `figures.r2`."""

    name: str
    before: Any
    after: Any


def compare_runs(*, before: Run, after: Run) -> list[Difference]:
    """What differs between two runs: inputs first, then figures; empty when nothing does."""
    pairs = [
        ("", before.inputs, after.inputs),
        ("figures", before.figures or {}, after.figures or {}),
    ]
    return [difference for name, old, new in pairs for difference in _differences(name, old, new)]


def _differences(name: str, old: Any, new: Any) -> list[Difference]:
    """Down to single values: what only one of the runs has is compared with nothing."""
    if old == new:
        return []
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        before, after = _parts(old), _parts(new)
        return [
            difference
            for key in [*before, *(key for key in after if key not in before)]
            for difference in _differences(
                f"{name}.{key}" if name else key, before.get(key), after.get(key)
            )
        ]
    return [Difference(name, old, new)]


def _parts(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): part for key, part in value.items()}
    if isinstance(value, list):
        return {str(number): part for number, part in enumerate(value, start=1)}
    return {} if value is None else {"": value}


def figures_fingerprint(run: Run) -> str:
    """Equal exactly when two runs have the same figures bit for bit."""
    return fingerprint({"figures": run.figures})
