"""What this app holds about a person."""

from django.db.models import F

from crm.extensions import DataSection, Person
from crm.selectors.personal_data import section_of
from meetings.models import (
    ChatMessage,
    PresenceInterval,
    RecordingAnswer,
    RecordingTrack,
    Registration,
    Seat,
    TalkTime,
)


def export_of_meetings(person: Person) -> list[DataSection]:
    """Registrations with attendance, talk time, rating, own recordings (and what was said to being
    recorded) and chat lines."""
    registrations = Registration.objects.filter(contact_point__in=person.point_ids)
    of_seat = {"seat__registration__in": registrations.values("pk")}
    return [
        section_of(
            registrations.select_related("meeting", "contact_point").order_by("registered_at"),
            *("meeting.title", "meeting.starts_at", "contact_point.value", "name"),
            *("company_name", "language", "time_zone", "state", "source", "requested_consents"),
            *("utm_source", "utm_medium", "utm_campaign"),
            *("registered_at", "verified_at", "cancelled_at"),
        ),
        section_of(
            Seat.objects.filter(registration__in=registrations.values("pk")).select_related(
                "meeting"
            ),
            *("meeting.title", "display_name", "role", "closing_rating", "attended_s"),
            *("talked_s", "engagement_points", "engagement_parts"),
        ),
        section_of(
            PresenceInterval.objects.filter(**of_seat).select_related("seat__meeting"),
            *("seat.meeting.title", "joined_at", "left_at", "is_rehearsal"),
        ),
        section_of(
            TalkTime.objects.filter(**of_seat).select_related("seat__meeting"),
            *("seat.meeting.title", "talked_s", "rehearsed_s"),
        ),
        section_of(
            RecordingAnswer.objects.filter(**of_seat).select_related("seat__meeting"),
            *("seat.meeting.title", "is_agreeing", "said_at"),
        ),
        section_of(
            RecordingTrack.objects.filter(**of_seat).select_related("seat__meeting"),
            *("seat.meeting.title", "source", "started_at", "duration_s", "size_bytes", "state"),
        ),
        section_of(
            ChatMessage.objects.filter(**of_seat)
            .select_related("meeting")
            .order_by(F("sent_at").asc()),
            *("meeting.title", "sent_at", "text"),
        ),
    ]
