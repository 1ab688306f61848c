"""The appointment and its agenda."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.choices import (
    MeetingKind,
    MeetingState,
    RecordingPolicy,
    Visibility,
    languages,
)
from meetings.models.template import default_weights
from meetings.querysets import ATTENDED_FROM_S, ATTENDED_SHARE, MeetingQuerySet

# Without letters and digits that look alike, so that a code can be read out and typed.
CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 10
ROOM_OPENS_BEFORE = timedelta(minutes=30)


def make_join_code() -> str:
    """Ten characters that nobody guesses."""
    return "".join(secrets.choice(CODE_ALPHABET) for _position in range(CODE_LENGTH))


class Meeting(models.Model):
    """One appointment. Times are UTC; `time_zone` names the zone it was planned in."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=MeetingKind)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    language = models.CharField(_("language"), max_length=12, choices=languages, default="en")
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="hosted_meetings",
        verbose_name=_("host"),
    )
    co_hosts = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="co_hosted_meetings",
        verbose_name=_("co-hosts"),
    )
    team = models.ForeignKey(
        "crm.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="meetings",
        verbose_name=_("team"),
    )
    capacity = models.PositiveIntegerField(
        _("capacity"), default=100, validators=[MinValueValidator(1)]
    )
    visibility = models.CharField(
        _("visibility"), max_length=12, choices=Visibility, default=Visibility.LINK
    )
    has_lobby = models.BooleanField(
        _("lobby"), default=False, help_text=_("People wait until the host lets them in.")
    )
    recording_policy = models.CharField(
        _("recording"), max_length=12, choices=RecordingPolicy, default=RecordingPolicy.NEVER
    )
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)
    join_code = models.CharField(
        _("join code"), max_length=CODE_LENGTH, unique=True, default=make_join_code, editable=False
    )
    state = models.CharField(
        _("state"), max_length=12, choices=MeetingState, default=MeetingState.PLANNED
    )
    sequence = models.PositiveIntegerField(_("calendar version"), default=0, editable=False)
    campaign = models.ForeignKey(
        "crm.Campaign",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="meetings",
        verbose_name=_("campaign"),
    )
    market = models.ForeignKey(
        "crm.Market",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="meetings",
        verbose_name=_("market"),
    )
    weights = models.JSONField(_("score weights"), default=default_weights)
    weights_version = models.PositiveIntegerField(
        _("version of the weights"), default=1, editable=False
    )
    room_sequence = models.PositiveBigIntegerField(
        _("room sequence"),
        default=0,
        editable=False,
        help_text=_("The number of the newest change in the live room."),
    )
    went_live_at = models.DateTimeField(_("went live"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    attended_from_s = models.PositiveIntegerField(
        _("attended from, in seconds"),
        default=ATTENDED_FROM_S,
        editable=False,
        help_text=_("Who stayed for less looked in; set when the meeting is closed."),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("planned by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-starts_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "starts_at"], name="meetings_by_state_start"),
            models.Index(fields=["-starts_at", "-id"], name="meetings_newest_first"),
            models.Index(fields=["closed_at"], name="meetings_by_closing"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="meetings_ends_after_start",
                violation_error_message=_("The meeting must end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(registration_opens_at__isnull=True)
                | Q(registration_closes_at__isnull=True)
                | Q(registration_closes_at__gt=F("registration_opens_at")),
                name="meetings_registration_closes_after_opening",
                violation_error_message=_("Registration must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1),
                name="meetings_has_capacity",
                violation_error_message=_("A meeting needs room for at least one person."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=MeetingState.values), name="meetings_known_state"
            ),
            models.CheckConstraint(
                condition=Q(state=MeetingState.CLOSED, closed_at__isnull=False)
                | (~Q(state=MeetingState.CLOSED) & Q(closed_at__isnull=True)),
                name="meetings_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("meetings:detail", args=[self.public_id])

    @property
    def subject_ref(self) -> str:
        """The name under which crm knows this meeting."""
        return f"meeting:{self.public_id}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.zone)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.zone)

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def length_min(self) -> int:
        return round(self.length.total_seconds() / 60)

    @property
    def counted_from(self) -> datetime:
        """When attendance begins to count. What came before going live was rehearsal."""
        return self.went_live_at or self.starts_at

    @property
    def real_length(self) -> timedelta:
        """How long one had to stay to have been there from start to end.

        Minutes before the planned start count for who was there but are asked of nobody, unless
        the whole meeting took place before it.
        """
        end = self.ended_at or self.ends_at
        planned = end - max(self.counted_from, self.starts_at)
        return planned if planned > timedelta(0) else max(end - self.counted_from, timedelta(0))

    def measure_attendance(self) -> int:
        """Seconds that make an attendee: five minutes, or a quarter of a short meeting."""
        quarter = int(self.real_length.total_seconds()) // ATTENDED_SHARE
        return max(1, min(ATTENDED_FROM_S, quarter))

    def count_free_seats(self) -> int:
        """How many more people can get a seat; a query. Only who confirmed holds one, so that
        invented addresses cannot fill a meeting."""
        return max(self.capacity - self.registrations.confirmed().count(), 0)

    @property
    def is_over(self) -> bool:
        """Nobody can join any more."""
        return self.state in {MeetingState.ENDED, MeetingState.CLOSED, MeetingState.CANCELLED}

    @property
    def is_cancelled(self) -> bool:
        return self.state == MeetingState.CANCELLED

    @property
    def is_evaluated(self) -> bool:
        """Closed after having taken place: for each registration it is known who came."""
        return self.state == MeetingState.CLOSED and self.went_live_at is not None

    @property
    def is_live(self) -> bool:
        return self.state == MeetingState.LIVE

    @property
    def can_be_changed(self) -> bool:
        """Only an appointment that has not begun can be moved or cancelled."""
        return self.state == MeetingState.PLANNED

    @property
    def room_opens_at(self) -> datetime:
        """Until then only hosts enter, to rehearse; the meeting cannot go live earlier."""
        return self.starts_at - ROOM_OPENS_BEFORE

    @property
    def is_room_open(self) -> bool:
        """Guests are let into the room from half an hour before the start until the end."""
        if self.state == MeetingState.PLANNED:
            return timezone.now() >= self.room_opens_at
        return self.state == MeetingState.LIVE

    @property
    def is_under_way(self) -> bool:
        """Between start and end with the door open, or live for as long as its people stay."""
        if self.state == MeetingState.PLANNED:
            return self.starts_at <= timezone.now() < self.ends_at
        return self.is_live


class AgendaItem(models.Model):
    """One point of the agenda, in order."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.CASCADE, related_name="agenda", verbose_name=_("meeting")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    title = models.CharField(_("title"), max_length=200)
    duration_min = models.PositiveSmallIntegerField(
        _("minutes"), default=15, validators=[MinValueValidator(1)]
    )
    speaker = models.CharField(_("speaker"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_min__gte=1), name="meetings_item_has_length"
            )
        ]

    def __str__(self) -> str:
        return self.title
