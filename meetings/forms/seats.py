"""How many people a form may promise a seat to."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_SEATS = 200  # what one room of the relay holds (media_relay.room.MAX_PARTICIPANTS)


class SeatsForm(forms.ModelForm):
    """A form with `capacity`; what was saved larger before may stay as it is."""

    def clean_capacity(self) -> int:
        capacity: int = self.cleaned_data["capacity"]
        if capacity > MOST_SEATS and "capacity" in self.changed_data:
            raise ValidationError(_("A room takes %(most)s people at most.") % {"most": MOST_SEATS})
        return capacity
