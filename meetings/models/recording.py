"""Recordings of a meeting, their files, and who took one along."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meetings.models.choices import RecordingTrouble
from meetings.models.meeting import Meeting
from meetings.models.seat import Seat, minutes_and_seconds

SOURCE_NAMES = {
    "microphone": _("Microphone"),
    "camera": _("Camera"),
    "screen": _("Screen"),
    "screen_audio": _("Sound of the screen"),
}


class Recording(models.Model):
    """From the notice in the room to the moment it was stopped; its tracks are files.

    The relay knows it by its public id. Until `starts_at` nothing is recorded: everybody in the
    room reads the notice first.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="recordings", verbose_name=_("meeting")
    )
    started_by = models.ForeignKey(
        Seat,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("started by"),
        help_text=_("Empty when the meeting is always recorded."),
    )
    starts_at = models.DateTimeField(_("starts"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    trouble = models.CharField(
        _("why it is not recorded"), max_length=16, choices=RecordingTrouble, blank=True
    )
    heard_at = models.DateTimeField(
        _("last word of the media server"),
        null=True,
        blank=True,
        help_text=_("When it last said that it records, or why not. Empty until it was asked."),
    )
    delete_on = models.DateField(
        _("delete on"), help_text=_("From this day on the files are deleted.")
    )
    changed_sequence = models.PositiveBigIntegerField(_("room sequence of the last change"))

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting"],
                condition=Q(stopped_at__isnull=True),
                name="meetings_one_running_recording",
            )
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class RecordingTrack(models.Model):
    """One file of a recording. The row is the job that fetches it from the relay."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("recording track", "waiting to be fetched")
        STORED = "stored", pgettext_lazy("recording track", "stored")
        DAMAGED = "damaged", pgettext_lazy("recording track", "checksum does not match")
        DELETED = "deleted", pgettext_lazy("recording track", "deleted")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    recording = models.ForeignKey(
        Recording, on_delete=models.PROTECT, related_name="tracks", verbose_name=_("recording")
    )
    seat = models.ForeignKey(
        Seat, on_delete=models.PROTECT, related_name="recorded_tracks", verbose_name=_("seat")
    )
    source = models.CharField(_("source"), max_length=12)
    relay_url = models.CharField(_("relay"), max_length=300)
    relay_file = models.CharField(_("file at the relay"), max_length=128, unique=True)
    media_type = models.CharField(_("type"), max_length=60)
    is_interrupted = models.BooleanField(_("interrupted"), default=False)
    is_refused = models.BooleanField(
        _("after a refusal"),
        default=False,
        help_text=_("The person had left the recording, and the file ran on: it is not kept."),
    )
    started_at = models.DateTimeField(_("first frame"))
    duration_s = models.FloatField(_("seconds"))
    size_bytes = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    journal = models.JSONField(
        _("journal"), help_text=_("Gaps and clocks, as the relay wrote them down.")
    )
    file = models.FileField(_("file"), upload_to="recordings", max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    is_at_relay = models.BooleanField(_("still at the relay"), default=True)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("recorded track")
        verbose_name_plural = _("recorded tracks")
        ordering = ["started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "stored", "damaged", "deleted")),
                name="meetings_track_known_state",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seat} · {self.source}"

    @property
    def source_name(self) -> str:
        return str(SOURCE_NAMES.get(self.source, self.source))

    @property
    def length(self) -> str:
        return minutes_and_seconds(self.duration_s)

    @property
    def filename(self) -> str:
        """For whoever takes it along; in the storage it has a random name."""
        day = f"{self.recording.meeting.local_start:%Y-%m-%d}"
        who = slugify(self.seat.display_name, allow_unicode=True) or "participant"
        began = f"{self.started_at:%H%M%S}"
        return f"{day}-{who}-{self.source.replace('_', '-')}-{began}{self.suffix}"

    @property
    def suffix(self) -> str:
        return ".webm" if self.media_type.endswith("webm") else ".mkv"


class RecordingAnswer(models.Model):
    """What a person said in the room to being recorded, each time it was something else."""

    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="recording_answers", verbose_name=_("seat")
    )
    is_agreeing = models.BooleanField(_("may be recorded"))
    said_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("answer to being recorded")
        verbose_name_plural = _("answers to being recorded")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.seat}: {self.is_agreeing}"


class RecordingAccess(models.Model):
    """Somebody took a file along."""

    track = models.ForeignKey(
        RecordingTrack, on_delete=models.CASCADE, related_name="accesses", verbose_name=_("track")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("user"),
    )
    occurred_at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("access to a recording")
        verbose_name_plural = _("accesses to recordings")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.track}"
