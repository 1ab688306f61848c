"""What the meetings app brings to crm's registries. Called once, when all apps are loaded."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm import extensions, permissions
from crm.extensions import DayItem, Panel
from meetings.models import Meeting
from meetings.permissions import PLANNING_ROLES, can_plan
from meetings.selectors import appointments, personal_data
from meetings.services import mails
from meetings.services.personal_data import erase_person

if TYPE_CHECKING:
    from crm.models import Contact, User


def register_all() -> None:
    _register_rights()
    _register_activity_kinds()
    _register_composers()
    extensions.contact_panels.register("meetings", show_meetings_of_contact)
    extensions.index_panels.register("meetings", show_coming_meetings)
    extensions.my_day_items.register(list_day_items)
    extensions.timeline_links.register("meeting", link_to_meeting)
    extensions.bulk_actions.register(
        "invite_to_meeting", _("Invite to a meeting"), address_of_invite_page
    )
    extensions.personal_data.register(
        "meetings",
        label=_("Meetings"),
        export=personal_data.export_of_meetings,
        erase=erase_person,
    )


def _register_rights() -> None:
    nobody: frozenset[str] = frozenset()
    permissions.set_editors("meetings.meeting", PLANNING_ROLES, deleters=nobody)
    permissions.set_editors("meetings.agendaitem", PLANNING_ROLES)
    permissions.set_editors("meetings.registration", nobody)
    permissions.set_editors("meetings.meetingtemplate", permissions.PLANNERS, deleters=nobody)


def _register_activity_kinds() -> None:
    kinds = extensions.activity_kinds
    kinds.register(
        "invited",
        label=_("Invited"),
        icon="send",
        sentence=_("Invited to “%(title)s” by %(by)s"),
    )
    kinds.register(
        "registered",
        label=_("Registered"),
        icon="ticket",
        sentence=_("Registered for “%(title)s”"),
        points=2,
    )
    kinds.register(
        "registration_cancelled",
        label=_("Registration taken back"),
        icon="calendar-x",
        sentence=_("Took the registration for “%(title)s” back"),
        points=-1,
    )
    kinds.register(
        "attended",
        label=_("Attended"),
        icon="presentation",
        sentence=_("Attended “%(title)s” for %(quantity)s minutes"),
        points=10,
    )
    kinds.register(
        "looked_in",
        label=_("Looked in"),
        icon="eye",
        sentence=_("Looked into “%(title)s”, too briefly to have attended"),
        points=1,
    )
    kinds.register(
        "no_show",
        label=_("Did not come"),
        icon="clock",
        sentence=_("Did not come to “%(title)s”"),
    )
    kinds.register(
        "talked",
        label=_("Talked"),
        icon="microphone",
        sentence=_("Talked in “%(title)s” (minutes: %(quantity)s)"),
        points=3,
    )
    kinds.register(
        "chatted",
        label=_("Wrote in the chat"),
        icon="chat",
        sentence=_("Wrote in the chat of “%(title)s” (lines: %(quantity)s)"),
        points=3,
    )
    kinds.register(
        "rated",
        label=_("Rated"),
        icon="star",
        sentence=_("Rated “%(title)s” with %(quantity)s of 5 stars"),
        points=2,
    )
    kinds.register(
        "engaged",
        label=_("Engagement in the meeting"),
        icon="gauge",
        sentence=_("Took part in “%(title)s” with %(quantity)s of 100 meeting points"),
    )


def _register_composers() -> None:
    composers = extensions.mail_composers
    composers.register("meeting_confirmation", mails.compose_confirmation)
    composers.register("meeting_change", mails.compose_change)
    composers.register("meeting_cancellation", mails.compose_cancellation)
    composers.register("meeting_registration_cancelled", mails.compose_registration_cancelled)
    composers.register("meeting_invitation", mails.compose_invitation, activity="invited")


def show_meetings_of_contact(request: HttpRequest, contact: "Contact") -> Panel | None:
    """Meetings the contact registered for, as far as the reader sees them."""
    user: Any = request.user
    rows = appointments.registrations_of_contact(contact=contact, user=user)
    return Panel(
        title=_("Meetings"),
        template="admin/meetings/contact_panel.html",
        context={"registrations": rows, "contact": contact, "can_plan": can_plan(user)},
    )


def show_coming_meetings(request: HttpRequest) -> Panel | None:
    user: Any = request.user
    if not permissions.can_view_any(user, Meeting):
        return None
    return Panel(
        title=_("Meetings"),
        template="admin/meetings/index_panel.html",
        context={
            "meetings": appointments.upcoming_meetings(user=user),
            "can_plan": can_plan(user),
        },
    )


def list_day_items(user: "User") -> list[DayItem]:
    """Today's meetings one runs, and who waits in their lobbies; for managers the team's, too."""
    items = []
    for meeting in appointments.meetings_of_day(user=user):
        items.append(_meeting_item(meeting, is_own=True))
        waiting = 0 if meeting.is_over else getattr(meeting, "waiting_count", 0)
        if waiting:
            items.append(_waiting_item(meeting, waiting))
    others = appointments.colleagues_meetings_of_day(user=user)
    return items + [_meeting_item(meeting, whose=meeting.host.name) for meeting in others]


def _meeting_item(meeting: Meeting, *, is_own: bool = False, whose: str = "") -> DayItem:
    room = reverse("meetings:room", args=[meeting.public_id])
    return DayItem(
        when=meeting.starts_at,
        title=meeting.title,
        url=reverse("admin:meetings_meeting_change", args=[meeting.pk]),
        icon="presentation",
        kind="meeting",
        whose=whose,
        is_now=meeting.is_under_way,
        door_url=room if is_own and meeting.is_room_open else "",
    )


def _waiting_item(meeting: Meeting, waiting: int) -> DayItem:
    sentence = ngettext(
        "%(count)d person waits in the lobby of “%(title)s”",
        "%(count)d people wait in the lobby of “%(title)s”",
        waiting,
    )
    return DayItem(
        when=meeting.starts_at,
        title=sentence % {"count": waiting, "title": meeting.title},
        url=reverse("meetings:room", args=[meeting.public_id]),
        icon="lobby",
        kind="lobby",
    )


def link_to_meeting(subject_ref: str) -> str | None:
    """The administration's page of a meeting; addressed by its public id, so no query is needed."""
    public_id = UUID(subject_ref.removeprefix("meeting:"))
    return reverse("admin:meetings_meeting_by_public_id", args=[public_id])


def address_of_invite_page(query_string: str) -> str:
    """The invite page with the contact list's filter."""
    path = reverse("admin:meetings_meeting_invite_filter")
    return f"{path}?{urlencode({'filter': query_string})}"
