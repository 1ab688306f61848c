"""What was written in the room, for those who read the meeting's page."""

from django.db.models import QuerySet

from meetings.models import ChatMessage, Meeting


def lines_of(meeting: Meeting) -> "QuerySet[ChatMessage]":
    """Every line that stands, in the order in which they were said, with who said it."""
    return (
        ChatMessage.objects.filter(meeting=meeting)
        .standing()
        .select_related("seat__registration__contact_point__contact")
        .order_by("sequence")
    )
