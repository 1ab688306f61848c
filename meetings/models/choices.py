"""The closed vocabularies of the meetings app, shared by its tables."""

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MeetingKind(models.TextChoices):
    LAUNCH = "launch", _("Product launch")
    RESEARCH = "research", _("Market research")
    PARTNER = "partner", _("Partner meeting")
    TRAINING = "training", _("Online training")


class MeetingState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("meeting state", "planned")
    LIVE = "live", pgettext_lazy("meeting state", "live")
    ENDED = "ended", pgettext_lazy("meeting state", "ended")
    CLOSED = "closed", pgettext_lazy("meeting state", "closed")
    CANCELLED = "cancelled", pgettext_lazy("meeting state", "cancelled")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Public page, listed")
    LINK = "link", _("Everyone who has the link")
    INVITATION = "invitation", _("By invitation only")


class RecordingPolicy(models.TextChoices):
    NEVER = "never", _("Never recorded")
    OPTIONAL = "optional", _("The host may record")
    ALWAYS = "always", _("Always recorded")


class RecordingTrouble(models.TextChoices):
    """What keeps the relay from recording; the first three are its own words."""

    RECORDING_OFF = (
        "recording_off",
        _("Recording is switched off at the media server: it has no folder for recordings."),
    )
    DISK_LOW = "disk_low", _("The disk of the media server is nearly full.")
    CANNOT_RECORD = "cannot_record", _("The media server refused to record.")
    RELAY_AWAY = "relay_away", _("The media server could not be reached.")


class SeatRole(models.TextChoices):
    HOST = "host", _("Host")
    CO_HOST = "co_host", _("Co-host")
    PRESENTER = "presenter", _("Presenter")
    ATTENDEE = "attendee", _("Attendee")


class SeatState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("seat state", "waiting")
    ADMITTED = "admitted", pgettext_lazy("seat state", "admitted")
    REMOVED = "removed", pgettext_lazy("seat state", "removed")


class RegistrationState(models.TextChoices):
    REGISTERED = "registered", pgettext_lazy("registration state", "registered")
    CANCELLED = "cancelled", pgettext_lazy("registration state", "cancelled")


class RegistrationSource(models.TextChoices):
    PUBLIC = "public", _("Public page")
    LINK = "link", _("Shared link")
    CODE = "code", _("Join code")
    INVITATION = "invitation", _("Invitation mail")


def languages() -> "list[tuple[str, str | Promise]]":
    """The languages of the site as choices; a function, so that migrations do not freeze them."""
    return list(settings.LANGUAGES)
