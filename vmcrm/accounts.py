"""Accounts: who may sign up, what is asked, and account mails through the one outbox."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import available_timezones

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from crm.selectors import organisation
from vmcrm import account_mails


class AccountAdapter(DefaultAccountAdapter):
    """allauth's hooks. A person who registers is an attendee; staff are made in the admin."""

    def save_user(
        self, request: HttpRequest, user: Any, form: forms.BaseForm, commit: bool = True
    ) -> Any:
        user.name = form.cleaned_data["name"]
        user.language = form.cleaned_data["language"]
        user.time_zone = form.cleaned_data["time_zone"]
        user.is_staff = user.is_superuser = False
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Written by the worker, in the request's language; sent and retried like every mail."""
        links = {
            name: move_to_base_url(value)
            for name, value in context.items()
            if name.endswith("_url") and isinstance(value, str)
        }
        account_mails.enqueue(
            template_prefix=template_prefix, address=email, context={**context, **links}
        )


def move_to_base_url(url: str) -> str:
    """The same page below the one configured address: the Host of a request is anybody's word."""
    parts = urlsplit(url)
    return organisation.absolute(urlunsplit(("", "", parts.path, parts.query, parts.fragment)))


def list_zones() -> list[tuple[str, str]]:
    """All zones that name a place; the technical ones (Etc/..., EST5EDT) help nobody."""
    places = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(places))]


class SignupForm(AllauthSignupForm):
    """Asks for the name as one field: names are not split by Western rules."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=list_zones)
    field_order = ["name", "email", "password1", "password2", "language", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = translation.get_language()
        # The page's script puts the browser's zone in its place.
        self.fields["time_zone"].initial = timezone.get_current_timezone_name()
        self.fields["time_zone"].widget.attrs["data-browser-time-zone"] = True

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        """A known address costs the page as much as a new one, so that its time tells nothing."""
        if self.account_already_exists:
            adapter = get_adapter()
            adapter.save_user(request, adapter.new_user(request), self, commit=False)
        return super().try_save(request)


class ResetPasswordForm(AllauthResetPasswordForm):
    """Asks nothing of the database: the page does the same for every address."""

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        address = str(self.cleaned_data["email"])
        account_mails.enqueue_reset(address=address)
        return address
