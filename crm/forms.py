"""Forms of the crm app outside the administration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise

from crm.consent_wordings import current_version, current_wording
from crm.models import ConsentChannel, ContactPoint, Purpose
from crm.selectors.consent import ConsentStatus
from crm.services import consent

# What can be chosen. Service mail is no choice: it answers what the person did.
_CHOICES = {
    Purpose.MARKETING: (ConsentChannel.EMAIL, ConsentChannel.PHONE),
    Purpose.RESEARCH: (ConsentChannel.EMAIL, ConsentChannel.PHONE),
    Purpose.RECORDING: (ConsentChannel.MEETING,),
}


@dataclass(frozen=True)
class PurposeRow:
    label: str
    wording: Promise
    fields: list[forms.BoundField]


class PreferencesForm(forms.Form):
    """A box for each purpose and channel; ticked means granted."""

    def __init__(
        self, *args: Any, statuses: Mapping[tuple[str, str], ConsentStatus], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._statuses = statuses
        for purpose, channel in self._cells():
            status = statuses.get((purpose, channel))
            self.fields[f"{purpose}-{channel}"] = forms.BooleanField(
                label=channel.label,
                required=False,
                initial=status is not None and status.state == "granted",
            )

    @staticmethod
    def _cells() -> Iterator[tuple[Purpose, ConsentChannel]]:
        return ((purpose, channel) for purpose, row in _CHOICES.items() for channel in row)

    def rows(self) -> list[PurposeRow]:
        return [
            PurposeRow(
                label=str(purpose.label),
                wording=current_wording(purpose).text,
                fields=[self[f"{purpose}-{channel}"] for channel in channels],
            )
            for purpose, channels in _CHOICES.items()
        ]

    def save(self, *, contact_point: ContactPoint) -> None:
        """Record what changed; a box that was and stays empty says nothing."""
        for purpose, channel in self._cells():
            is_wanted = self.cleaned_data[f"{purpose}-{channel}"]
            status = self._statuses.get((purpose, channel))
            was_said = status is not None and status.state != "withdrawn"
            if is_wanted or was_said:
                consent.record(
                    contact_point=contact_point,
                    purpose=purpose,
                    channel=channel,
                    state="granted" if is_wanted else "withdrawn",
                    wording_version=current_version(purpose),
                    source="preferences",
                )
