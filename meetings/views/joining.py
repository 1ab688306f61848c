"""Joining with a typed code or a pasted link. Wrong ones are counted and answered alike."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crm.services.errors import Refusal
from meetings.forms.joining import JoinForm
from meetings.services import joining
from meetings.views.entrance import remember_code, visitor_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    form = JoinForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, form)
    try:
        found = joining.find(text=form.cleaned_data["code"], visitor=visitor_of(request))
    except Refusal as refusal:
        form.add_error("code", str(refusal))
        return _show(request, form)
    if found.by_code is not None:
        remember_code(request, found.by_code)
    return redirect(found.path)


def _show(request: HttpRequest, form: JoinForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "meetings/join.html", {"form": form}, status=status)
