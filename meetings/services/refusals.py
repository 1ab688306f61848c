"""Why a use case about meetings was refused, each with a stable code and a sentence."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.services.errors import Refusal


class MeetingRefusal(Refusal):
    """A refusal whose sentence is fixed by its class; parameters fill the gaps."""

    code = "refused"
    sentence: str | Promise = ""

    def __init__(self, **parameters: object) -> None:
        self.parameters: Mapping[str, object] = parameters
        super().__init__(str(self))

    def __str__(self) -> str:
        text = str(self.sentence)
        return text % self.parameters if self.parameters else text


class NotAllowed(MeetingRefusal):
    code = "not_allowed"
    sentence = _("You are not allowed to do this with this meeting.")


class BadTimes(MeetingRefusal):
    code = "bad_times"
    sentence = _("The meeting must end after it starts.")


class NonexistentTime(MeetingRefusal):
    code = "nonexistent_time"
    sentence = _(
        "%(time)s does not exist in %(zone)s: the clocks are put forward then. "
        "Choose an earlier or a later time."
    )


class AmbiguousTime(MeetingRefusal):
    code = "ambiguous_time"
    sentence = _(
        "%(time)s happens twice in %(zone)s: the clocks are put back then. "
        "Choose an earlier or a later time, or plan the meeting in UTC."
    )


class UnknownZone(MeetingRefusal):
    code = "unknown_zone"
    sentence = _("“%(zone)s” is no time zone that is known here. Example: Europe/Berlin.")


class BadWeights(MeetingRefusal):
    code = "bad_weights"
    sentence = _("The weights of attendance, interaction and satisfaction must add up to 1.")


class NoLongerPlanned(MeetingRefusal):
    code = "no_longer_planned"
    sentence = _("The meeting has begun, is over or was cancelled; it cannot be changed any more.")


class RegistrationClosed(MeetingRefusal):
    code = "registration_closed"
    sentence = _("Registration for this meeting is not open.")


class RegistrationNotYetOpen(MeetingRefusal):
    code = "not_yet_open"
    sentence = _("Registration for this meeting has not begun yet.")


class NothingFound(MeetingRefusal):
    code = "nothing_found"
    sentence = _("We found no meeting for this. Check the code or the link, or ask your host.")


class MeetingCancelled(MeetingRefusal):
    code = "cancelled"
    sentence = _("This meeting was cancelled.")


class MeetingFull(MeetingRefusal):
    code = "full"
    sentence = _("This meeting is full.")


class SeatsGone(MeetingFull):
    sentence = _(
        "All seats were taken by people who confirmed before you. Your registration stays: when "
        "somebody gives a place back, your link takes it."
    )


class TooManyTries(MeetingRefusal):
    code = "too_many_tries"
    sentence = _("That were too many tries. Please wait a quarter of an hour and try again.")


class LinkNotValid(MeetingRefusal):
    code = "link_not_valid"
    sentence = _("This link is not valid any more. Ask for a new one on the meeting's page.")


class MeetingOver(MeetingRefusal):
    code = "meeting_over"
    sentence = _("This meeting is over.")


class NotYetOver(MeetingRefusal):
    code = "not_yet_over"
    sentence = _("The meeting has not begun yet. Cancel it, or wait until it is over.")


class BadRating(MeetingRefusal):
    code = "bad_rating"
    sentence = _("Choose one to five stars.")
