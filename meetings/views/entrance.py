"""Finding the meeting of an address: unknown and forbidden get the same answer."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from meetings.models import Meeting
from meetings.permissions import can_see_page
from meetings.selectors.appointments import meeting_by_public_id
from meetings.services.access import resolve_seat
from meetings.services.invitations import Invitation, find_invitation
from meetings.services.rate_limits import Visitor

_SESSION_KEY = "meetings_by_code"


def find_page_meeting(request: HttpRequest, public_id: UUID) -> Meeting:
    """The meeting if this visitor may read its page, else Http404."""
    meeting = meeting_by_public_id(public_id)
    if meeting is None or not may_read(request, meeting):
        raise Http404(_("There is no such meeting."))
    return meeting


def may_read(request: HttpRequest, meeting: Meeting) -> bool:
    """Whether this visitor may know of the meeting: its kind of visibility, a code, an invitation,
    a seat."""
    if can_see_page(request.user, meeting) or came_by_code(request, meeting):
        return True
    is_invited = (
        invitation_of(request, meeting) is not None
        or resolve_seat(request_or_scope=request, meeting=meeting) is not None
    )
    return can_see_page(request.user, meeting, is_invited=is_invited)


def invitation_of(request: HttpRequest, meeting: Meeting) -> Invitation | None:
    """The invitation whose token stands in the address, if it is one to this meeting."""
    token = request.GET.get("token", "")
    return find_invitation(token=token, meeting=meeting) if token else None


def came_by_code(request: HttpRequest, meeting: Meeting) -> bool:
    return str(meeting.public_id) in request.session.get(_SESSION_KEY, [])


def remember_code(request: HttpRequest, meeting: Meeting) -> None:
    """The visitor typed the join code: they may read the page and register."""
    known = request.session.get(_SESSION_KEY, [])
    request.session[_SESSION_KEY] = [*known, str(meeting.public_id)][-20:]


def client_of(request: HttpRequest) -> str:
    """Who tries, for counting tries: the address the connection came from."""
    return str(request.META.get("REMOTE_ADDR", "unknown"))


def visitor_of(request: HttpRequest) -> Visitor:
    """Who tries, told apart from others behind the same address by the cookie that forms need."""
    browser = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    return Visitor(address=client_of(request), browser=browser)
