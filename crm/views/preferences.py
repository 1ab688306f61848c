"""The page behind the link in every mail: purposes and channels, and the one-click way out."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm.forms import PreferencesForm
from crm.models import ContactPoint
from crm.selectors import consent as consents
from crm.services import consent
from crm.services.mail_layout import read_preferences_token


@csrf_exempt  # mail programs press the button without a cookie; the token is what proves the right
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET changes nothing. POST saves the form, or unsubscribes in one click (RFC 8058)."""
    point = _find_point(token)
    if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
        consent.withdraw_all(contact_point=point, source="one_click")
        return HttpResponse(status=204)
    if request.method == "POST" and "nothing" in request.POST:
        consent.withdraw_all(contact_point=point, source="preferences")
        messages.success(request, _("You will get no more such mails from us."))
        return redirect(request.path)
    form = PreferencesForm(request.POST or None, statuses=consents.states(point))
    if request.method == "POST" and form.is_valid():
        form.save(contact_point=point)
        messages.success(request, _("Your choice is saved."))
        return redirect(request.path)
    response = render(request, "crm/preferences.html", {"form": form, "address": point.value})
    response["Referrer-Policy"] = "strict-origin"
    return response


def _find_point(token: str) -> ContactPoint:
    public_id = read_preferences_token(token)
    point = ContactPoint.objects.filter(public_id=public_id).first() if public_id else None
    if point is None:
        raise Http404
    return point
