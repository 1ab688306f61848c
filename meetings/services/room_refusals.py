"""Why the live room refused something; codes are part of PROTOCOL.md."""

from django.utils.translation import gettext_lazy as _

from meetings.services.refusals import MeetingRefusal


class NotPermitted(MeetingRefusal):
    code = "not_permitted"
    sentence = _("Your role in this meeting does not allow that.")


class NotInRoom(MeetingRefusal):
    code = "not_in_room"
    sentence = _("You are not in the room any more. Please join again.")


class RoomClosed(MeetingRefusal):
    code = "meeting_ended"
    sentence = _("This meeting is over.")


class NotLive(MeetingRefusal):
    code = "not_live"
    sentence = _("The meeting has not begun. Leave the room; the appointment stays as planned.")


class SeatRemoved(MeetingRefusal):
    code = "removed"
    sentence = _("A host has removed you from this meeting.")


class NotRecordable(MeetingRefusal):
    code = "not_recordable"
    sentence = _("This meeting was planned without recordings.")


class UnknownSeat(MeetingRefusal):
    code = "unknown_seat"
    sentence = _("This person is not in the meeting any more.")


class EmptyText(MeetingRefusal):
    code = "empty_text"
    sentence = _("There is nothing to send.")


class ClientIdTaken(MeetingRefusal):
    code = "client_id_taken"
    sentence = _("Another message was sent under the same mark. Please send it again.")
