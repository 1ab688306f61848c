"""A run: one calculation with everything that is needed to explain and to repeat it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.querysets import RunQuerySet


class Run(models.Model):
    """What was asked, the data exactly as used, and what came out.

    Sentences are never stored: findings, failures and charts are codes and numbers, and become
    words in the reader's language when they are shown.
    """

    class Kind(models.TextChoices):
        REGRESSION = "regression", _("Sales and spend")
        SEGMENTS = "segments", _("Customer segments")
        BUDGET = "budget", _("Budget allocation")
        SCORE = "score", _("Meeting effect score")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        OK = "ok", _("Done")
        OK_WITH_WARNINGS = "ok_with_warnings", _("Done, with warnings")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Stage(models.TextChoices):
        WAITING = "waiting", _("Waiting for a free worker")
        DATA = "data", _("Collecting the data")
        ESTIMATE = "estimate", _("Calculating")
        CHARTS = "charts", _("Preparing charts")
        FINISHED = "finished", _("Finished")

    class Failure(models.TextChoices):
        TIME_LIMIT = "time_limit", _("The calculation took longer than it may.")
        ATTEMPTS = "attempts", _("The calculation was interrupted several times and was given up.")
        DATA = "data", _("The data could not be read.")
        INTERNAL = "internal", _("An unexpected error stopped the calculation.")

    OPEN = (Status.QUEUED, Status.RUNNING)
    ANSWERED = (Status.OK, Status.OK_WITH_WARNINGS)

    public_id = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="runs",
    )
    # Two requests with the same key are one run: a second click, a task that runs twice.
    request_key = models.CharField(max_length=200, unique=True, default=uuid.uuid4, editable=False)
    subject_ref = models.CharField(_("about"), max_length=100, blank=True, db_index=True)
    subject_title = models.CharField(_("title"), max_length=200, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict)
    seed = models.PositiveIntegerField(_("random seed"), default=0)

    dataset = models.JSONField(_("data as used"), null=True)
    dataset_sha256 = models.CharField(_("fingerprint of the data"), max_length=64, blank=True)
    dataset_frozen_at = models.DateTimeField(_("data as of"), null=True)
    rows_in = models.PositiveIntegerField(_("rows used"), default=0)
    rows_dropped = models.PositiveIntegerField(_("rows left out"), default=0)
    rows_erased = models.PositiveIntegerField(
        _("rows erased"),
        default=0,
        help_text=_("Of people who were erased later. The run cannot be repeated on its data."),
    )

    code_version = models.CharField(_("version of the method"), max_length=64, blank=True)
    library_versions = models.JSONField(_("library versions"), default=dict)
    findings = models.JSONField(_("findings"), default=list)
    figures = models.JSONField(_("figures"), null=True)
    charts = models.JSONField(_("charts"), default=list)
    failure = models.CharField(_("why it failed"), max_length=20, blank=True, choices=Failure)
    predecessor = models.ForeignKey(
        "self",
        verbose_name=_("repeats"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="successors",
    )

    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage, default=Stage.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_token = models.CharField(max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="run_open_idx"),
            models.Index(fields=["kind", "-created_at"], name="run_kind_idx"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(progress__lte=100), name="run_progress_max"),
            models.CheckConstraint(
                condition=~models.Q(status__in=["ok", "ok_with_warnings"])
                | models.Q(figures__isnull=False, finished_at__isnull=False),
                name="run_answered_has_figures",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.subject_title or str(self.get_kind_display())

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_answered(self) -> bool:
        return self.status in self.ANSWERED

    @property
    def inputs(self) -> dict[str, Any]:
        """What the calculation depends on, in the words the comparison page uses."""
        return {
            "parameters": self.parameters,
            "dataset_sha256": self.dataset_sha256,
            "seed": self.seed,
            "code_version": self.code_version,
            "library_versions": self.library_versions,
        }
