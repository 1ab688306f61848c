"""The registration form, its thank-you page, and asking for the personal link again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crm.services.errors import Refusal
from meetings.forms.registering import LinkAgainForm, RegistrationForm
from meetings.models import Meeting, Registration
from meetings.models.choices import RegistrationSource, Visibility
from meetings.services import access, registration, registration_mails
from meetings.services.invitations import Invitation
from meetings.services.registration import Person, Provenance
from meetings.views.entrance import came_by_code, client_of, find_page_meeting, invitation_of
from meetings.views.pages import registration_state


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, public_id: UUID) -> HttpResponse:
    meeting = find_page_meeting(request, public_id)
    invitation = invitation_of(request, meeting)
    if request.method == "POST" and "again" in request.POST:
        return _send_link_again(request, meeting)
    if request.method == "POST":
        return _take_form(request, meeting, invitation)
    if "sent" in request.GET:
        return render(request, "meetings/registered.html", {"meeting": meeting})
    form = RegistrationForm(meeting=meeting, initial=_prefill(invitation))
    return _show(request, meeting, form=form)


def _prefill(invitation: Invitation | None) -> dict[str, str]:
    if invitation is None:
        return {}
    return {
        "name": invitation.name,
        "email": invitation.address,
        "company_name": invitation.company_name,
    }


def _take_form(
    request: HttpRequest, meeting: Meeting, invitation: Invitation | None
) -> HttpResponse:
    form = RegistrationForm(meeting=meeting, data=request.POST)
    if not form.is_valid():
        return _show(request, meeting, form=form, status=422)
    person = Person(
        name=form.cleaned_data["name"],
        email=form.cleaned_data["email"],
        company_name=form.cleaned_data["company_name"],
        language=get_language() or meeting.language,
        time_zone=form.cleaned_data["time_zone"],
        consents=form.ticked_consents,
    )
    try:
        proved = registration.register(
            meeting=meeting,
            person=person,
            provenance=_provenance(request, meeting, invitation),
            client=client_of(request),
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _show(request, meeting, form=form, status=422)
    return redirect(_sent_address(request, meeting)) if proved is None else _enter(request, proved)


def _enter(request: HttpRequest, own: Registration) -> HttpResponse:
    """The link of the invitation was proof enough: the way in, in this browser."""
    page = "meetings:room" if own.meeting.is_room_open else "meetings:detail"
    if page == "meetings:detail":
        messages.success(request, _("A mail brings your personal link and the calendar entry."))
    response = redirect(page, public_id=own.meeting.public_id)
    access.set_seat_cookie(response=response, registration=own)
    return response


def _send_link_again(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    form = LinkAgainForm(request.POST)
    if form.is_valid():
        try:
            registration_mails.send_link_again(
                meeting=meeting, email=form.cleaned_data["email"], client=client_of(request)
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    if form.errors:
        return _show(request, meeting, again_form=form, status=422)
    return redirect(_sent_address(request, meeting))


def _provenance(
    request: HttpRequest, meeting: Meeting, invitation: Invitation | None
) -> Provenance:
    if invitation is not None:
        source = RegistrationSource.INVITATION
    elif came_by_code(request, meeting):
        source = RegistrationSource.CODE
    elif meeting.visibility == Visibility.PUBLIC:
        source = RegistrationSource.PUBLIC
    else:
        source = RegistrationSource.LINK
    return Provenance(
        source=source,
        delivery_id=invitation.delivery_id if invitation else None,
        invited_address=invitation.address if invitation else "",
        utm={part: request.GET.get(f"utm_{part}", "") for part in ("source", "medium", "campaign")},
    )


def _sent_address(request: HttpRequest, meeting: Meeting) -> str:
    """The thank-you page; the token stays, so that the invited still may read it."""
    query = QueryDict(mutable=True)
    query["sent"] = "1"
    if token := request.GET.get("token"):
        query["token"] = token
    return f"{reverse('meetings:register', args=[meeting.public_id])}?{query.urlencode()}"


def _show(
    request: HttpRequest,
    meeting: Meeting,
    *,
    form: RegistrationForm | None = None,
    again_form: LinkAgainForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "meeting": meeting,
        "form": form or RegistrationForm(meeting=meeting),
        "again_form": again_form or LinkAgainForm(),
        "is_invited": invitation_of(request, meeting) is not None,
        **registration_state(meeting),
    }
    return render(request, "meetings/register.html", context, status=status)
