"""Forms of the contact's own pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from crm.models import ContactPoint, User


class AssignOwnerForm(forms.Form):
    owner = forms.ModelChoiceField(label=_("Colleague"), queryset=User.objects.none())
    filter = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.queryset = User.objects.visible_to(user).filter(is_staff=True, is_active=True)


class ContactPointForm(forms.ModelForm):
    """An address of a contact. Who sees the contact that has it already is led there; nobody else
    learns that, and where, it stands: docs/decisions/0013."""

    viewer: User

    def full_clean(self) -> None:
        super().full_clean()
        if self.has_error("value", code="taken") and (holder := self._find_holder()) is not None:
            self.errors["value"] = self.error_class([_name_holder(holder)])

    def _find_holder(self) -> ContactPoint | None:
        visible = ContactPoint.objects.visible_to(self.viewer).select_related("contact")
        same = visible.filter(kind=self.instance.kind, normalised=self.instance.normalised)
        return same.exclude(pk=self.instance.pk).first()


def _name_holder(point: ContactPoint) -> str:
    if point.contact is None:
        page = reverse("admin:crm_contactpoint_change", args=[point.pk])
        sentence = _("Somebody registered with this address: {link}. Choose the contact there.")
        return format_html(str(sentence), link=format_html('<a href="{}">{}</a>', page, point))
    page = reverse("admin:crm_contact_change", args=[point.contact.pk])
    link = format_html('<a href="{}">{}</a>', page, point.contact)
    return format_html(str(_("This address belongs to {link}.")), link=link)


class ContactPointFormSet(forms.BaseInlineFormSet):
    """The addresses of one contact: each stands there once."""

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[str, str]] = set()
        for form in self.forms:
            point = form.instance
            if not form.cleaned_data.get("value") or form.cleaned_data.get("DELETE"):
                continue
            if (point.kind, point.normalised) in seen:
                form.add_error("value", ValidationError(_("This address stands here twice.")))
            seen.add((point.kind, point.normalised))
