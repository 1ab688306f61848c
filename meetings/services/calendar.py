"""Calendar entries (iCalendar, RFC 5545 and 5546) of a meeting."""

from datetime import timedelta
from typing import Literal

from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from crm.selectors import organisation
from meetings.models import Meeting, Registration
from meetings.services import addresses

ALARM_BEFORE = timedelta(minutes=15)
Method = Literal["PUBLISH", "REQUEST", "CANCEL"]


def calendar_uid(meeting: Meeting) -> str:
    """The same for all time and every language: by it calendars find the entry again."""
    return f"{meeting.public_id}@vmcrm"


def build_calendar(
    *, meeting: Meeting, method: Method, registration: Registration | None = None
) -> bytes:
    """The entry as a file. With `registration` it is that person's own, with their link.

    PUBLISH is for download; REQUEST and CANCEL travel by mail and change the entry that has the
    same UID and a lower SEQUENCE.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//vmcrm//meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_build_event(meeting, method, registration))
    # With dates, else the zone's whole history since 1970 is written.
    calendar.add_missing_timezones(
        first_date=(meeting.starts_at - timedelta(days=366)).date(),
        last_date=(meeting.ends_at + timedelta(days=366)).date(),
    )
    return bytes(calendar.to_ical())


def _build_event(meeting: Meeting, method: Method, registration: Registration | None) -> Event:
    event = Event()
    event.add("uid", calendar_uid(meeting))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", meeting.updated_at)
    event.add("dtstart", meeting.local_start)
    event.add("dtend", meeting.local_end)
    event.add("summary", meeting.title)
    event.add("description", _describe(meeting, None if method == "CANCEL" else registration))
    event.add("location", _("Online"))
    event.add("url", addresses.public_url(meeting))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event["organizer"] = _organizer(meeting, registration)
    if registration is not None:
        event["attendee"] = _attendee(registration)
    if method != "CANCEL":
        event.add_component(_alarm(meeting))
    return event


def _alarm(meeting: Meeting) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", meeting.title)
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm


def _describe(meeting: Meeting, registration: Registration | None) -> str:
    lines = [meeting.description] if meeting.description else []
    if registration is not None:
        link = addresses.personal_url(registration)
        lines.append(_("Your personal link, for you alone: %(link)s") % {"link": link})
    else:
        lines.append(_("Meeting page: %(link)s") % {"link": addresses.public_url(meeting)})
    return "\n\n".join(lines)


def _organizer(meeting: Meeting, registration: Registration | None) -> vCalAddress:
    """The host, whom answers reach, for those who registered. The file that anybody may download
    names the organisation's address, so that hosts' own ones are not collected from it."""
    sender = f"MAILTO:{organisation.current().sender_address}"
    if registration is None:
        organizer = vCalAddress(sender)
    else:
        organizer = vCalAddress(f"MAILTO:{meeting.host.email}")
        organizer.params["sent-by"] = vText(sender)
    organizer.params["cn"] = vText(meeting.host.get_full_name())
    return organizer


def _attendee(registration: Registration) -> vCalAddress:
    attendee = vCalAddress(f"MAILTO:{registration.contact_point.value}")
    if registration.verified_at:  # until then the name may be anybody's words
        attendee.params["cn"] = vText(registration.name)
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    attendee.params["partstat"] = vText("ACCEPTED")
    attendee.params["rsvp"] = vText("FALSE")
    return attendee
