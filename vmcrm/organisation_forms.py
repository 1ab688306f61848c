"""Forms about the organisation: the first-run page, and editing in the administration."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from crm.models import Organisation, User
from crm.selectors import organisation
from crm.services import logo
from crm.services.errors import Refusal
from vmcrm.accounts import list_zones
from vmcrm.file_chooser import FileChooser
from vmcrm.origins import find_allowed_origins, is_served_at

PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class OrganisationForm(forms.ModelForm):
    """A field that the environment fixes shows the value in use and cannot be changed."""

    new_logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG or JPEG, at most 2 MB. Shown at the head of pages and mails."),
        widget=FileChooser(attrs={"accept": "image/png,image/jpeg"}),
    )
    drop_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", "\u2013"), *settings.LANGUAGES]
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: [("", "\u2013"), *list_zones()]
    )

    class Meta:
        model = Organisation
        fields = (
            "name",
            "sender_name",
            "sender_address",
            "base_url",
            "currency",
            "language",
            "time_zone",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        facts = organisation.current()
        in_use = {
            "name": facts.name,
            "sender_address": facts.sender_address,
            "base_url": facts.base_url,
            "currency": facts.currency,
            "time_zone": facts.time_zone,
        }
        for name, value in in_use.items():
            self.fields[name].widget.attrs.setdefault("placeholder", value)
        for name in self.fields:
            if variable := organisation.variable_of(name):
                self._fix(name, variable, in_use.get(name, ""))
        if "drop_logo" in self.fields and not self.instance.logo:
            del self.fields["drop_logo"]

    def _fix(self, name: str, variable: str, value: str) -> None:
        field = self.fields[name]
        field.disabled, field.required = True, False
        field.help_text = _("Set by %(variable)s in the environment of this system.") % {
            "variable": variable
        }
        field.widget.attrs["placeholder"] = value
        # A disabled field hands back what was stored; the environment's value is only shown.
        self.initial[name] = getattr(self.instance, name)

    def clean_base_url(self) -> str:
        url = str(self.cleaned_data["base_url"]).rstrip("/")
        if self.fields["base_url"].disabled or not url:
            return url
        if url == settings.BASE_URL:
            return ""  # follows the port and the certificate of the next start
        if not is_served_at(url):
            raise ValidationError(
                _(
                    "This system does not answer at this address. It does at %(known)s. For "
                    "another one set VMCRM_BASE_URL and VMCRM_ALLOWED_HOSTS in the environment "
                    "and start it again."
                ),
                params={"known": ", ".join(find_allowed_origins())},
            )
        return url

    def clean_new_logo(self) -> bytes | None:
        """The picture as it will be kept."""
        upload = self.cleaned_data["new_logo"]
        if not upload:
            return None
        try:
            return logo.make_logo(upload.read(logo.MOST_BYTES + 1))
        except Refusal as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal


# --- The first run ------------------------------------------------------------------------------
class FirstRunForm(OrganisationForm):
    """The organisation, and the account of whoever sets up the system."""

    user_name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least ten characters; not only digits, and no word that many people use."),
        widget=PASSWORD,
    )
    password2 = forms.CharField(label=_("Password once more"), strip=False, widget=PASSWORD)

    def __init__(self, *args: Any, origin: str, **kwargs: Any) -> None:
        """`origin` is the address by which the reader came: what is offered, not what is taken."""
        super().__init__(*args, **kwargs)
        self.fields.pop("drop_logo", None)
        facts = organisation.current()
        offered = {
            "base_url": origin if is_served_at(origin) else facts.base_url,
            "currency": facts.currency,
            "language": translation.get_language(),
            "time_zone": facts.time_zone,
        }
        for name, value in offered.items():
            if not self.fields[name].disabled:
                self.initial[name] = self.initial.get(name) or value
        for name in ("name", "currency", "language", "time_zone"):
            self.fields[name].required = not self.fields[name].disabled
        if not self.is_bound:
            # The page's script puts the browser's zone in its place.
            self.fields["time_zone"].widget.attrs["data-browser-time-zone"] = True

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, second = values.get("password1"), values.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords are not the same."))
        elif first:
            person = User(email=values.get("email", ""), name=values.get("user_name", ""))
            try:
                validate_password(first, person)
            except ValidationError as error:
                self.add_error("password1", error)
        return values
