"""The closing rating."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RatingForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("How was this meeting for you?"),
        coerce=int,
        choices=[
            (1, _("1 – poor")),
            (2, _("2 – fair")),
            (3, _("3 – good")),
            (4, _("4 – very good")),
            (5, _("5 – excellent")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one to five stars.")},
    )
