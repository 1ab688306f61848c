"""What happened with a person (one append-only timeline) and what is to be done."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.contact import Contact, ContactPoint
from crm.querysets import TaskQuerySet, ThroughPointQuerySet


class Activity(models.Model):
    """One thing that happened: registered, attended, asked, bought, called."""

    contact_point = models.ForeignKey(
        ContactPoint,
        verbose_name=_("contact point"),
        on_delete=models.CASCADE,
        related_name="activities",
    )
    kind = models.CharField(_("kind"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))
    subject_ref = models.CharField(max_length=120, blank=True, editable=False)
    subject_title = models.CharField(_("about"), max_length=300, blank=True)
    quantity = models.DecimalField(
        _("quantity"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    market = models.ForeignKey(
        "crm.Market",
        verbose_name=_("market"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    campaign = models.ForeignKey(
        "crm.Campaign",
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    key = models.CharField(max_length=255, unique=True, null=True, blank=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    objects = ThroughPointQuerySet["Activity"].as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ("-occurred_at", "-pk")
        indexes = [
            models.Index(fields=("contact_point", "-occurred_at"), name="activity_by_point"),
            models.Index(fields=("kind", "occurred_at"), name="activity_by_kind"),
            models.Index(fields=("subject_ref", "kind"), name="activity_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d}"


class Task(models.Model):
    """Something a colleague is to do by a day."""

    class Origin(models.TextChoices):
        MANUAL = "manual", _("Entered")
        QUESTION = "question", _("Open question")
        ACTION_ITEM = "action_item", _("Action item")
        MEETING = "meeting", _("Meeting")
        RULE = "rule", _("Rule")
        IDENTITY = "identity", _("Identity")

    title = models.CharField(_("title"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="tasks",
    )
    due = models.DateField(_("due"))
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("contact"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tasks",
    )
    origin = models.CharField(
        _("origin"), max_length=12, choices=Origin, default=Origin.MANUAL, editable=False
    )
    subject_ref = models.CharField(max_length=120, blank=True, editable=False)
    key = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)

    objects = TaskQuerySet["Task"].as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("due", "pk")
        indexes = [models.Index(fields=("owner", "done_at", "due"), name="task_by_owner")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.done_at is not None
