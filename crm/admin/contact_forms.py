"""Forms of the contact's own pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import User


class AssignOwnerForm(forms.Form):
    owner = forms.ModelChoiceField(label=_("Colleague"), queryset=User.objects.none())
    filter = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.queryset = User.objects.visible_to(user).filter(is_staff=True, is_active=True)
