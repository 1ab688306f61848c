"""Planning, moving and cancelling in the administration. Times are entered as the clocks of the
meeting's own zone show them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.services.errors import Refusal
from meetings.forms.seats import SeatsForm
from meetings.models import Meeting
from meetings.models.template import weights_add_up
from meetings.services.local_time import find_zone, point_in_time
from meetings.services.planning import defaults_for

LONGEST_MEETING = timedelta(hours=24)
LATEST_PLANNING = timedelta(hours=1)  # who is late may still write down what has just begun
_CONTINENTS = frozenset(
    {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
WEIGHTS = ("attendance", "interaction", "satisfaction")


@lru_cache(maxsize=1)
def zone_choices() -> list[tuple[str, str]]:
    """Every zone people know by a city, UTC first; not the old and technical names."""
    named = sorted(name for name in available_timezones() if _is_place(name))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in named)]


def _is_place(name: str) -> bool:
    return "/" in name and name.partition("/")[0] in _CONTINENTS


# The two halves share one label, so each has a name of its own.
_DATE_ATTRIBUTES: dict[str, Any] = {"type": "date", "aria-label": _("Date")}
_TIME_ATTRIBUTES: dict[str, Any] = {"type": "time", "aria-label": _("Time")}


class WallTimeField(forms.SplitDateTimeField):
    """Date and time as clocks show them: a datetime without zone, given meaning by the form."""

    def __init__(self, **kwargs: Any) -> None:
        # The browser's own pickers: the administration's would compare with the server's clock.
        kwargs.setdefault(
            "widget",
            forms.SplitDateTimeWidget(
                date_attrs=_DATE_ATTRIBUTES,
                date_format="%Y-%m-%d",
                time_attrs=_TIME_ATTRIBUTES,
                time_format="%H:%M",
            ),
        )
        super().__init__(**kwargs)

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list:
            return None
        day, time = data_list
        if day in self.empty_values:
            raise ValidationError(self.error_messages["invalid_date"], code="invalid_date")
        if time in self.empty_values:
            raise ValidationError(self.error_messages["invalid_time"], code="invalid_time")
        return datetime.combine(day, time)


class _ZonedForm(forms.BaseForm):
    """Reads wall times in the zone that the same form names."""

    def read_time(self, name: str) -> datetime | None:
        """The point in time of the field, or None with the reason beside the field."""
        wall_time = self.cleaned_data.get(name)
        zone = self.cleaned_data.get("time_zone") or ""
        if wall_time is None or not zone:
            return None
        try:
            return point_in_time(wall_time=wall_time, zone_name=zone)
        except Refusal as refusal:
            self.add_error(name, str(refusal))
            return None

    def read_times(self) -> tuple[datetime, datetime] | None:
        start, end = self.read_time("start"), self.read_time("end")
        if start is None or end is None:
            return None
        if end <= start:
            self.add_error("end", _("The meeting must end after it starts."))
            return None
        if end - start > LONGEST_MEETING:
            self.add_error("end", _("A meeting lasts 24 hours at most."))
            return None
        return start, end


class MeetingForm(SeatsForm, _ZonedForm):
    """A new meeting, or the details of a planned one."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    start = WallTimeField(label=_("Start"), help_text=_("As the clocks of the time zone show it."))
    end = WallTimeField(label=_("End"))
    opens = WallTimeField(label=_("Registration opens"), required=False)
    closes = WallTimeField(label=_("Registration closes"), required=False)
    weight_attendance = forms.DecimalField(
        label=_("Weight of attendance"), min_value=0, max_value=1, decimal_places=3
    )
    weight_interaction = forms.DecimalField(
        label=_("Weight of interaction"), min_value=0, max_value=1, decimal_places=3
    )
    weight_satisfaction = forms.DecimalField(
        label=_("Weight of satisfaction"),
        min_value=0,
        max_value=1,
        decimal_places=3,
        help_text=_("The three weights must add up to 1."),
    )

    class Meta:
        model = Meeting
        fields = [
            "kind",
            "title",
            "description",
            "language",
            "time_zone",
            "host",
            "co_hosts",
            "team",
            "capacity",
            "visibility",
            "has_lobby",
            "recording_policy",
            "campaign",
            "market",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Moving an appointment has a page of its own, because people are told.
            for name in ("start", "end", "time_zone"):
                self.fields.pop(name, None)
            self._show_saved()
        for name in WEIGHTS:
            field = self.fields.get(f"weight_{name}")
            if field is not None and field.initial is None:
                field.initial = self.instance.weights.get(name)

    def _show_saved(self) -> None:
        zone = self.instance.zone
        times = {
            "opens": self.instance.registration_opens_at,
            "closes": self.instance.registration_closes_at,
        }
        for name, value in times.items():
            if name in self.fields and value is not None:
                self.fields[name].initial = value.astimezone(zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.instance.pk:
            self.cleaned_data["time_zone"] = self.instance.time_zone
        else:
            self._read_start_and_end()
        self._read_registration_window()
        self._read_weights()
        return self.cleaned_data

    def _read_start_and_end(self) -> None:
        times = self.read_times()
        if times is not None and times[0] < datetime.now(tz=UTC) - LATEST_PLANNING:
            self.add_error("start", _("This time has passed already."))
        elif times is not None:
            self.instance.starts_at, self.instance.ends_at = times
            self.instance.time_zone = self.cleaned_data["time_zone"]

    def _read_registration_window(self) -> None:
        opens, closes = self.read_time("opens"), self.read_time("closes")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("Registration must close after it opens."))
            return
        self.instance.registration_opens_at = opens
        self.instance.registration_closes_at = closes

    def _read_weights(self) -> None:
        entered = {name: self.cleaned_data.get(f"weight_{name}") for name in WEIGHTS}
        if None in entered.values():
            return
        weights = {name: _spell(value) for name, value in entered.items() if value is not None}
        if not weights_add_up(weights):
            self.add_error("weight_satisfaction", _("The three weights must add up to 1."))
            return
        self.instance.weights = weights

    def _post_clean(self) -> None:
        if self.errors and not self.instance.pk:
            # Without times the row cannot be checked against the table's constraints; the form's
            # own errors say what is missing.
            return
        super()._post_clean()  # type: ignore[misc]


class AgendaFormSet(forms.BaseInlineFormSet):
    """The points of the agenda, each of which fits into the meeting."""

    def clean(self) -> None:
        super().clean()
        meeting = self.instance
        if any(self.errors) or not self.has_changed() or meeting.starts_at is None:
            return
        for form in self.forms:
            if form in self.deleted_forms or not form.cleaned_data.get("title"):
                continue
            if form.cleaned_data["duration_min"] > meeting.length_min:
                form.add_error(
                    "duration_min",
                    _("The whole meeting takes %(meeting)s minutes.")
                    % {"meeting": meeting.length_min},
                )


def _spell(value: Decimal) -> str:
    """0.40 and 0.4 are one weight and must not make two versions."""
    return format(value.normalize(), "f")


def initial_for(*, kind: str, now: datetime, zone_name: str) -> dict[str, Any]:
    """What the form for a new meeting of this kind starts with: the next full hour but one."""
    defaults = defaults_for(kind=kind)
    local = now.astimezone(find_zone(zone_name)).replace(tzinfo=None)
    start = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    return {
        "kind": kind,
        "capacity": defaults.capacity,
        "visibility": defaults.visibility,
        "has_lobby": defaults.has_lobby,
        "recording_policy": defaults.recording_policy,
        "time_zone": zone_name,
        "start": start,
        "end": start + timedelta(minutes=defaults.duration_min),
        **{f"weight_{name}": Decimal(defaults.weights[name]) for name in WEIGHTS},
    }


class RescheduleForm(_ZonedForm, forms.Form):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices)
    start = WallTimeField(label=_("Start"))
    end = WallTimeField(label=_("End"))

    times: tuple[datetime, datetime] | None = None

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.times = self.read_times()
        if self.times is not None and self.times[0] <= datetime.now(tz=UTC):
            self.add_error("start", _("This time has passed already."))
        return self.cleaned_data


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("A word to those who registered"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the mail; leave it empty to give no reason."),
    )
