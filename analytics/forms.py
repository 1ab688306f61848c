"""What is asked before a run: one form for each kind that people start by hand."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.datasets import SPEND, first_day, spell
from analytics.labels import EFFECT_UNITS, MEETING_CONTROLS
from analytics.monthly_figures import MonthlyFiguresField
from crm.selectors import choices

if TYPE_CHECKING:
    from crm.models import User

MAX_MONTHS = 240
BUDGET_ROWS = 8
MOST_DIGITS = 30  # of an amount or an effect: more is a slip, and "1e99999999" would never end


class RunForm(forms.Form):
    """`to_parameters()` gives what the run stores: JSON values only."""

    title: str | Promise = ""
    description: str | Promise = ""
    icon = "chart"
    # The page on which a kind is chosen shows the classes, and templates call what they can.
    do_not_call_in_templates = True

    request_key = forms.CharField(max_length=100, widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Name of the run"),
        max_length=200,
        required=False,
        help_text=_("What you will find it by in lists. Empty: its kind."),
    )

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if "currency" in self.fields:
            self.fields["currency"].initial = choices.usual_currency(user=user)

    def to_parameters(self) -> dict[str, Any]:
        raise NotImplementedError


def _currency_field() -> forms.RegexField:
    return forms.RegexField(
        label=_("Currency"),
        regex=r"^[A-Z]{3}$",
        help_text=_("Amounts in other currencies are left out, never mixed in."),
        error_messages={"invalid": _("Write the three capital letters of a currency, as in EUR.")},
    )


class MonthField(forms.RegexField):
    """A month as 2026-11."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-01"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(regex=r"^[0-9]{4}-(0[1-9]|1[0-2])$", **kwargs)
        self.error_messages["invalid"] = _("Write a month as 2026-01.")


def _month_before(months: int) -> str:
    last = timezone.localdate().replace(day=1) - dt.timedelta(days=1)
    number = last.year * 12 + last.month - 1 - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


class RegressionForm(RunForm):
    title = _("Sales and spend")
    description = _(
        "How much do sales go together with what is spent on channels, month by month? "
        "With a forecast, if you name a spend."
    )
    icon = "trend"

    currency = _currency_field()
    start = MonthField(label=_("First month"), initial=lambda: _month_before(11))
    end = MonthField(label=_("Last month"), initial=lambda: _month_before(0))
    channels = forms.TypedMultipleChoiceField(
        label=_("Channels"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    combine = forms.BooleanField(
        label=_("Add the channels up to one spend"),
        required=False,
        initial=True,
        help_text=_("Apart, each channel needs about ten months of its own."),
    )
    forecast_spend = forms.DecimalField(
        label=_("Forecast at a monthly spend of"),
        required=False,
        min_value=Decimal(0),
        max_digits=MOST_DIGITS,
        help_text=_("In the currency above, for all channels together. Empty: no forecast."),
    )

    meeting_controls = forms.MultipleChoiceField(
        label=_("Take out what goes with our meetings"),
        choices=list(MEETING_CONTROLS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("So that no channel is credited with what the meetings brought."),
    )
    own_figures = MonthlyFiguresField(
        label=_("Take out what goes with figures of your own"),
        required=False,
        help_text=_(
            "Such as a competitor's price. First line: month; name. Then a line for each month: "
            "2026-01; 19.90"
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channels: Any = self.fields["channels"]
        channels.choices = [
            (channel.id, channel.name) for channel in choices.list_channels(user=self.user)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end:
            first, last = first_day(start), first_day(end)
            months = (last.year - first.year) * 12 + last.month - first.month + 1
            if months < 1:
                self.add_error("end", _("The last month lies before the first."))
            elif months > MAX_MONTHS:
                self.add_error("start", _("Ask for twenty years at most."))
        if cleaned.get("forecast_spend") is not None and not cleaned.get("combine"):
            self.add_error(
                "forecast_spend",
                _("A forecast at one spend needs the channels added up."),
            )
        channels: Any = self.fields["channels"]
        taken = {name for _pk, name in channels.choices} & set(cleaned.get("own_figures") or {})
        for name in sorted(taken):
            self.add_error(
                "own_figures", _("“%(name)s” is a channel: choose another name.") % {"name": name}
            )
        return cleaned

    def to_parameters(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        spend = cleaned["forecast_spend"]
        field: Any = self.fields["channels"]
        names = dict(field.choices)
        return {
            "currency": cleaned["currency"],
            "start": cleaned["start"],
            "end": cleaned["end"],
            "channels": sorted(cleaned["channels"]),
            "channel_names": sorted(names[channel] for channel in cleaned["channels"]),
            "combine": cleaned["combine"],
            "forecast": {} if spend is None else {SPEND: spell(spend)},
            "meeting_controls": cleaned["meeting_controls"],
            "own_figures": cleaned["own_figures"],
        }


class SegmentsForm(RunForm):
    title = _("Customer segments")
    description = _(
        "Which customers buy alike? Groups them by how lately, how often and how much they bought."
    )
    icon = "segment"

    source = forms.ChoiceField(
        label=_("Purchases from"),
        required=False,
        help_text=_(
            "With one source, days are counted back from its last purchase; else from today."
        ),
    )
    k = forms.IntegerField(
        label=_("Number of segments"),
        required=False,
        min_value=2,
        max_value=12,
        help_text=_("Empty: the number that describes the customers best, or none at all."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = choices.list_purchase_sources(user=self.user)
        field: Any = self.fields["source"]
        field.choices = [("", _("All sources")), *((source, source) for source in sources)]

    def to_parameters(self) -> dict[str, Any]:
        return {"k": self.cleaned_data["k"], "source": self.cleaned_data["source"]}


class BudgetChannelForm(forms.Form):
    """One line of the budget table; an empty line does not count."""

    name = forms.CharField(label=_("Channel"), max_length=120, required=False)
    effect = forms.DecimalField(label=_("Effect"), required=False, max_digits=MOST_DIGITS)
    cap = forms.DecimalField(label=_("Cap"), required=False, max_digits=MOST_DIGITS)
    floor = forms.DecimalField(label=_("Floor"), required=False, max_digits=MOST_DIGITS)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        numbers = [cleaned.get(name) for name in ("effect", "cap", "floor")]
        if any(number is not None for number in numbers) and not cleaned.get("name"):
            self.add_error("name", _("Name the channel."))
        return cleaned


BudgetChannels = forms.formset_factory(
    BudgetChannelForm, extra=BUDGET_ROWS, max_num=40, absolute_max=40
)


class BudgetForm(RunForm):
    title = _("Budget allocation")
    description = _(
        "How should a budget be split over channels so that it wins the most new customers?"
    )
    icon = "pie"

    currency = _currency_field()
    total = forms.DecimalField(
        label=_("Total budget"), min_value=Decimal(0), max_digits=MOST_DIGITS
    )
    unit = forms.ChoiceField(
        label=_("What the effect means"),
        choices=list(EFFECT_UNITS.items()),
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.channels = BudgetChannels(data, prefix="channels")

    def is_valid(self) -> bool:
        is_table_valid = self.channels.is_valid()
        return super().is_valid() and is_table_valid

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.channels.is_valid() and not self._rows():
            raise forms.ValidationError(_("Name at least one channel."))
        return cleaned

    def _rows(self) -> list[dict[str, Any]]:
        return [row for row in self.channels.cleaned_data if row and row.get("name")]

    def to_parameters(self) -> dict[str, Any]:
        return {
            "currency": self.cleaned_data["currency"],
            "total": spell(self.cleaned_data["total"]),
            "unit": self.cleaned_data["unit"],
            "channels": [
                {
                    "name": row["name"],
                    **{
                        name: None if row[name] is None else spell(row[name])
                        for name in ("effect", "cap", "floor")
                    },
                }
                for row in self._rows()
            ],
        }


# Meeting effect scores start by themselves when a meeting is closed.
RUN_FORMS: dict[str, type[RunForm]] = {
    "regression": RegressionForm,
    "segments": SegmentsForm,
    "budget": BudgetForm,
}
