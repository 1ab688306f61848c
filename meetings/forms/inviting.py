"""Whom to invite, and what to write to them."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import Meeting
from meetings.models.choices import MeetingState


class InviteForm(forms.Form):
    """`filter` is the query string of a contact list; it travels hidden from page to page."""

    meeting = forms.ModelChoiceField(label=_("Meeting"), queryset=Meeting.objects.none())
    filter = forms.CharField(required=False, widget=forms.HiddenInput)
    message = forms.CharField(
        label=_("Your words"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Stands above the meeting in the mail. Empty: a short standard sentence."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["meeting"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = (
                Meeting.objects.visible_to(user)
                .filter(
                    Q(state=MeetingState.PLANNED, ends_at__gt=timezone.now())
                    | Q(state=MeetingState.LIVE)
                )
                .order_by("starts_at", "pk")
            )
