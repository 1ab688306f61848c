"""What a visitor fills in to register, and to get the personal link once more."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from crm.consent_wordings import current_wording
from crm.validators import normalise_email, normalise_name, validate_no_link
from meetings.models import Meeting
from meetings.models.choices import RecordingPolicy

CONSENT_PREFIX = "consent_"


def consent_purposes(meeting: Meeting) -> list[str]:
    """What is asked for, each by a box of its own that nobody ticked beforehand."""
    purposes = ["marketing", "research"]
    if meeting.recording_policy != RecordingPolicy.NEVER:
        purposes.insert(0, "recording")
    return purposes


def _clean_address(address: str) -> str:
    try:
        normalise_email(address)
    except ValidationError as error:
        raise ValidationError(_("Enter a valid e-mail address."), code="invalid") from error
    return address.strip()


class RegistrationForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Your personal link goes to this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    company_name = forms.CharField(
        label=_("Company"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    # Filled in by the browser; without a script the meeting's own zone is used.
    time_zone = forms.CharField(
        max_length=64,
        required=False,
        widget=forms.HiddenInput(attrs={"data-visitor-zone": ""}),
    )

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for purpose in consent_purposes(meeting):
            self.fields[f"{CONSENT_PREFIX}{purpose}"] = forms.BooleanField(
                label=format_lazy("{}", current_wording(purpose).text), required=False
            )

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(CONSENT_PREFIX)]

    @property
    def ticked_consents(self) -> list[str]:
        return [
            name.removeprefix(CONSENT_PREFIX)
            for name, value in self.cleaned_data.items()
            if name.startswith(CONSENT_PREFIX) and value
        ]

    def clean_name(self) -> str:
        name = normalise_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("Enter your name."), code="required")
        validate_no_link(name)
        return name

    def clean_email(self) -> str:
        return _clean_address(self.cleaned_data["email"])


class LinkAgainForm(forms.Form):
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "id": "id_again_email"}),
    )

    def clean_email(self) -> str:
        return _clean_address(self.cleaned_data["email"])
