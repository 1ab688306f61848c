"""Calendar entries (iCalendar, RFC 5545 and 5546) of a meeting."""

from datetime import timedelta
from typing import Literal

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from crm.selectors import organisation
from meetings.models import Meeting, Registration
from meetings.services import addresses

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
    if method != "PUBLISH":
        event["organizer"] = _organizer(meeting)
    if registration is not None:
        event["attendee"] = _attendee(registration)
    return event


def _describe(meeting: Meeting, registration: Registration | None) -> str:
    lines = [meeting.description] if meeting.description else []
    if registration is not None:
        link = addresses.personal_url(registration)
        lines.append(_("Your personal link, for you alone: %(link)s") % {"link": link})
    else:
        lines.append(_("Meeting page: %(link)s") % {"link": addresses.public_url(meeting)})
    return "\n\n".join(lines)


def _organizer(meeting: Meeting) -> vCalAddress:
    organizer = vCalAddress(f"MAILTO:{organisation.current().sender_address}")
    organizer.params["cn"] = vText(meeting.host.get_full_name())
    return organizer


def _attendee(registration: Registration) -> vCalAddress:
    attendee = vCalAddress(f"MAILTO:{registration.contact_point.value}")
    attendee.params["cn"] = vText(registration.name)
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    attendee.params["partstat"] = vText("ACCEPTED")
    attendee.params["rsvp"] = vText("FALSE")
    return attendee
