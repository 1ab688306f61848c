"""The first-run page, and the logo that is chosen there."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from crm.models import Organisation, User
from crm.models.organisation import ONLY_ROW
from crm.selectors import organisation
from crm.services.errors import Refusal
from crm.services.organisation import AlreadySetUp, FirstAdministrator
from crm.services.organisation import set_up as set_up_organisation
from vmcrm.organisation_forms import FirstRunForm
from vmcrm.setup_link import forget_setup_token, is_setup_token

LOGO_KEPT_FOR_S = 365 * 24 * 3600


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """There is no such page for whoever has not the token, nor once there is an administrator."""
    if not is_setup_token(token) or organisation.has_administrator():
        raise Http404
    form = FirstRunForm(
        request.POST or None,
        request.FILES or None,
        instance=Organisation.objects.filter(pk=ONLY_ROW).first(),
        origin=request.build_absolute_uri("/").rstrip("/"),
    )
    if form.is_valid():
        try:
            user = _set_up(form)
        except AlreadySetUp:
            return render(request, "setup/done_already.html", status=409)
        except Refusal as refusal:
            form.add_error("email", str(refusal))
        else:
            return _enter(request, user)
    return render(
        request, "setup/first_run.html", {"form": form}, status=400 if form.errors else 200
    )


def _set_up(form: FirstRunForm) -> User:
    values = form.cleaned_data
    facts = organisation.current()
    return set_up_organisation(
        organisation=form.instance,
        new_logo=values["new_logo"],
        administrator=FirstAdministrator(
            email=values["email"],
            name=values["user_name"],
            password=values["password1"],
            language=values["language"] or facts.language,
            time_zone=values["time_zone"] or facts.time_zone,
        ),
    )


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    forget_setup_token()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    messages.success(request, _("Your system is set up. What to do next stands on this page."))
    return HttpResponseRedirect(reverse("admin:index"))


@require_safe
@cache_control(public=True, max_age=LOGO_KEPT_FOR_S, immutable=True)
def show_logo(request: HttpRequest, name: str) -> HttpResponse:
    """Only the picture in use; its name changes with it, so browsers may keep it."""
    picture = organisation.read_logo(name)
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type="image/png")
