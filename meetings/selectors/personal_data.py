"""What this app holds about one address."""

from typing import Any

from meetings.models import Registration


def registrations_of_point(contact_point_id: int) -> list[dict[str, Any]]:
    """Registrations with attendance, rating and own chat lines, as plain data."""
    rows = (
        Registration.objects.filter(contact_point_id=contact_point_id)
        .select_related("meeting", "seat")
        .prefetch_related("seat__presence", "seat__chat")
        .order_by("registered_at")
    )
    return [_as_data(row) for row in rows]


def _as_data(row: Registration) -> dict[str, Any]:
    seat = getattr(row, "seat", None)
    presence = seat.presence.all() if seat else []
    lines = seat.chat.all() if seat else []
    return {
        "meeting": row.meeting.title,
        "starts_at": row.meeting.starts_at.isoformat(),
        "name": row.name,
        "company": row.company_name,
        "state": row.state,
        "registered_at": row.registered_at.isoformat(),
        "source": row.source,
        "rating": seat.closing_rating if seat else None,
        "engagement_points": seat.engagement_points if seat else None,
        "presence": [
            {
                "joined_at": stay.joined_at.isoformat(),
                "left_at": stay.left_at.isoformat() if stay.left_at else None,
            }
            for stay in presence
        ],
        "chat": [{"sent_at": line.sent_at.isoformat(), "text": line.text} for line in lines],
    }
