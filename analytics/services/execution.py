"""Carrying out one run: claimed by a lease, resumed after a crash, written down once.

Whatever happens to the worker, the row says the truth: each write is conditional on holding the
lease, so that a cancelled run stays cancelled and two workers can never leave two results.
"""

import logging
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from analytics import datasets
from analytics.datasets import Snapshot
from analytics.models import Run
from analytics.services import versions
from analytics.services.calculations import calculate
from crm.services import leases
from crm.services.errors import Refusal

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LEASE_S = 4.0


class LeaseLostError(Exception):
    """The run was cancelled, or another worker took it over: leave without a trace."""


def execute_run(*, run_id: int) -> str | None:
    """Bring the run to its end and give the status it ended with.

    None when there was nothing to do: it is over already, or another worker has it. Running it
    twice is harmless.
    """
    token = leases.claim(Run, run_id, duration_s=LEASE_S)
    if token is None:
        return None
    with leases.hold(Run, run_id, token, duration_s=LEASE_S):
        attempt = Attempt(run_id, token)
        try:
            return attempt.work()
        except LeaseLostError:
            logger.info("Run %s: cancelled or taken over, its work is thrown away.", run_id)
            return None


class Attempt:
    """One attempt at one run."""

    def __init__(self, run_id: int, token: str) -> None:
        self._run_id = run_id
        self._token = token

    def work(self) -> str | None:
        run = self.begin()
        if run is None:
            return None
        try:
            return self.calculate(run)
        except LeaseLostError:
            raise
        except SoftTimeLimitExceeded:
            logger.warning("Run %s: stopped at its time limit.", run.public_id)
            return self._fail(Run.Failure.TIME_LIMIT)
        except Refusal:
            logger.exception("Run %s: its data could not be read.", run.public_id)
            return self._fail(Run.Failure.DATA)
        except Exception:  # the row must not stay open, whatever went wrong
            logger.exception("Run %s: failed.", run.public_id)
            return self._fail(Run.Failure.INTERNAL)

    def begin(self) -> Run | None:
        run: Run | None = Run.objects.filter(pk=self._run_id).open().first()
        if run is None:
            leases.release(Run, self._run_id, self._token)
            return None
        if run.attempts >= MAX_ATTEMPTS:
            self._fail(Run.Failure.ATTEMPTS)
            return None
        self._write(
            status=Run.Status.RUNNING,
            attempts=run.attempts + 1,
            started_at=run.started_at or timezone.now(),
            stage=Run.Stage.DATA,
            progress=5,
        )
        return run

    def calculate(self, run: Run) -> str:
        snapshot = self._freeze(run)
        self._write(
            stage=Run.Stage.ESTIMATE,
            progress=25,
            code_version=versions.code_version(),
            library_versions=versions.library_versions(),
        )
        result = calculate(
            kind=run.kind, snapshot=snapshot, parameters=run.parameters, seed=run.seed
        )
        self._write(stage=Run.Stage.CHARTS, progress=90)
        self._finish(
            status=result.status,
            findings=result.findings,
            figures=result.figures,
            charts=result.charts,
        )
        return result.status

    def _freeze(self, run: Run) -> Snapshot:
        """The rows of this run: taken once, kept for every later attempt and repetition."""
        if run.dataset is not None:
            return Snapshot.from_json(run.dataset)
        if run.requested_by is None:
            raise Refusal("The person who asked for this run is gone.")
        frozen_at = timezone.now()
        snapshot = datasets.collect(kind=run.kind, user=run.requested_by, parameters=run.parameters)
        stored = snapshot.to_json()
        self._write(
            dataset=stored,
            dataset_sha256=datasets.fingerprint(stored),
            dataset_frozen_at=frozen_at,
            rows_in=len(snapshot.rows),
            rows_dropped=len(snapshot.dropped),
        )
        return snapshot

    def _fail(self, failure: Run.Failure) -> str:
        self._finish(status=Run.Status.FAILED, failure=failure)
        return Run.Status.FAILED

    def _finish(self, **values: Any) -> None:
        self._write(
            **values,
            stage=Run.Stage.FINISHED,
            progress=100,
            finished_at=timezone.now(),
            lease_token="",
            lease_until=None,
        )

    def _write(self, **values: Any) -> None:
        with transaction.atomic():
            mine = Run.objects.filter(pk=self._run_id, lease_token=self._token).open()
            if mine.update(**values) == 0:
                raise LeaseLostError
