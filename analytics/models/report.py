"""Reports by mail: the schedule, and one issue for each period."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.models.run import Run
from analytics.querysets import ReportIssueQuerySet, ReportScheduleQuerySet


class ReportSchedule(models.Model):
    """When, to whom and in which language; what it may show is what its owner may see."""

    class Frequency(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    FAILURE_LIMIT = 3

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="report_schedules",
        help_text=_("The report shows what this person may see."),
    )
    recipients = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recipients"),
        related_name="+",
        limit_choices_to={"is_staff": True, "is_active": True},
    )
    frequency = models.CharField(
        _("frequency"), max_length=10, choices=Frequency, default=Frequency.WEEKLY
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=Weekday,
        default=Weekday.MONDAY,
        help_text=_("Used by weekly reports."),
    )
    month_day = models.PositiveSmallIntegerField(
        _("day of the month"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("Used by monthly reports; in shorter months the last day counts."),
    )
    local_time = models.TimeField(_("local time"), default="08:00")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_("Empty: each recipient reads it in their own language."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    months = models.PositiveSmallIntegerField(
        _("months of sales and spend"),
        default=12,
        validators=[MinValueValidator(3), MaxValueValidator(120)],
    )
    is_active = models.BooleanField(_("active"), default=True)
    failures_in_a_row = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    next_run_at = models.DateTimeField(_("next report"), null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ReportScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled report")
        verbose_name_plural = _("scheduled reports")
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month_day__range=(1, 31)), name="schedule_month_day"
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__range=(0, 6)), name="schedule_weekday"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ReportIssue(models.Model):
    """One report for one period. The unique pair is what keeps it from going out twice."""

    class State(models.TextChoices):
        CALCULATING = "calculating", _("Calculating")
        MAILED = "mailed", _("Mailed")
        FAILED = "failed", _("Mailed with a failed calculation")
        STOPPED = "stopped", _("Not mailed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    schedule = models.ForeignKey(
        ReportSchedule,
        verbose_name=_("scheduled report"),
        on_delete=models.CASCADE,
        related_name="issues",
    )
    # "2026-11-23" (the local day it was due), or "sample:..." for one sent by hand.
    period = models.CharField(_("period"), max_length=60)
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.CALCULATING)
    run = models.ForeignKey(
        Run, verbose_name=_("run"), null=True, on_delete=models.SET_NULL, related_name="issues"
    )
    # Scores of the meetings of the period, as they stood when the report was written.
    content = models.JSONField(_("content"), null=True)
    data_as_of = models.DateTimeField(_("data as of"), null=True)
    # A sample goes to the person who asked for it, and to nobody else.
    sample_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True)

    objects = ReportIssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "period"], name="one_issue_per_period"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} ({self.period})"

    @property
    def is_sample(self) -> bool:
        return self.sample_for_id is not None
