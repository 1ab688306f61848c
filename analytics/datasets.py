"""From the selectors of crm and meetings to the rows a run keeps, and from there to numbers.

A snapshot holds the rows exactly as used, amounts as decimal text and people as pseudonymous keys;
its fingerprint is the SHA-256 of the canonical form. Estimators see the snapshot only, never the
tables, which is what makes a run repeatable.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.selectors import purchases, sales
from crm.services.errors import Refusal
from meetings.selectors import outcomes

if TYPE_CHECKING:
    from crm.models import User

PERIOD, SALES, SPEND = "period", "sales_amount", "spend_amount"
CUSTOMER_FEATURES = ("recency_days", "frequency", "monetary_amount")

Row = dict[str, str | None]


class DataGone(Refusal):
    code = "data_gone"


@dataclass(frozen=True)
class Column:
    name: str
    unit: str = ""


@dataclass(frozen=True)
class Dropped:
    """A row that was there and is not used, with the code of the reason."""

    key: str
    reason: str


@dataclass(frozen=True)
class Snapshot:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    dropped: tuple[Dropped, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "columns": [asdict(column) for column in self.columns],
            "rows": [dict(row) for row in self.rows],
            "dropped": [asdict(row) for row in self.dropped],
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Snapshot":
        return cls(
            columns=tuple(Column(**column) for column in stored["columns"]),
            rows=tuple(dict(row) for row in stored["rows"]),
            dropped=tuple(Dropped(**row) for row in stored["dropped"]),
            facts=dict(stored["facts"]),
        )

    def numbers(self, column: str) -> list[float]:
        """A column as floats; an empty value becomes NaN, which the estimators name and refuse."""
        return [
            float("nan") if row[column] is None else float(row[column] or 0) for row in self.rows
        ]

    def texts(self, column: str) -> list[str]:
        return [row[column] or "" for row in self.rows]


def fingerprint(stored: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form: sorted keys, no blanks, UTF-8."""
    canonical = json.dumps(
        stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def collect(*, kind: str, user: "User", parameters: Mapping[str, Any]) -> Snapshot:
    """The rows for a run of this kind, as far as `user` may see them."""
    return _COLLECTORS[kind](user, parameters)


def collect_sales_and_spend(user: "User", parameters: Mapping[str, Any]) -> Snapshot:
    """One row a month. A month without sales or without spend is left out, never taken as zero."""
    currency = parameters["currency"]
    months = sales.monthly_spend_and_sales(
        user=user,
        start=first_day(parameters["start"]),
        end=last_day(parameters["end"]),
        currency=currency,
        channel_ids=parameters.get("channels") or None,
    )
    names = sorted({name for month in months for name in month.spend_by_channel})
    controls = _collect_controls(user, parameters)
    predictors = [SPEND] if parameters.get("combine", True) else names
    rows: list[Row] = []
    dropped: list[Dropped] = []
    for month in months:
        period = f"{month.month:%Y-%m}"
        if not month.spend_by_channel:
            dropped.append(Dropped(period, "no_spend"))
        elif not month.sales_amount:
            dropped.append(Dropped(period, "no_sales"))
        else:
            spend = {name: month.spend_by_channel.get(name, Decimal(0)) for name in names}
            spend[SPEND] = sum(month.spend_by_channel.values(), Decimal(0))
            row: Row = {PERIOD: period, SALES: spell(month.sales_amount)}
            row |= {name: spell(spend[name]) for name in predictors}
            row |= {name: figures.get(period, empty) for name, (figures, empty) in controls.items()}
            rows.append(row)
    return Snapshot(
        columns=(
            Column(PERIOD),
            Column(SALES, currency),
            *(Column(name, currency) for name in predictors),
            *(Column(name) for name in controls),
        ),
        rows=tuple(rows),
        dropped=tuple(dropped),
        facts={"controls": list(controls)} if controls else {},
    )


def _collect_controls(
    user: "User", parameters: Mapping[str, Any]
) -> dict[str, tuple[dict[str, str], str | None]]:
    """Columns to take out: figures by month, and what a month without one has.

    A month without meetings had none; a month left out of one's own figures has no value, which
    the estimator refuses with its row.
    """
    controls: dict[str, tuple[dict[str, str], str | None]] = {}
    chosen = parameters.get("meeting_controls") or []
    if chosen:
        held = _count_meetings(user, parameters["start"], parameters["end"])
        controls |= {name: (held[name], "0") for name in chosen}
    own = parameters.get("own_figures") or {}
    return controls | {name: (dict(figures), None) for name, figures in own.items()}


def _count_meetings(user: "User", start: str, end: str) -> dict[str, dict[str, str]]:
    """Closed meetings and the guests who attended them, by month in the local time zone."""
    zone = timezone.get_current_timezone()
    first = dt.datetime.combine(first_day(start), dt.time(), zone)
    after = dt.datetime.combine(last_day(end) + dt.timedelta(days=1), dt.time(), zone)
    held: Counter[str] = Counter()
    guests: Counter[str] = Counter()
    for outcome in outcomes.outcomes_between(user=user, start=first, end=after):
        month = f"{timezone.localtime(outcome.starts_at, zone):%Y-%m}"
        held[month] += 1
        guests[month] += outcome.attended
    counts = {"meetings_held": held, "meeting_guests": guests}
    return {name: {month: str(n) for month, n in count.items()} for name, count in counts.items()}


def collect_customers(user: "User", parameters: Mapping[str, Any]) -> Snapshot:
    """One row a customer, under a pseudonymous key."""
    customers = purchases.customer_features(
        user=user,
        currency=parameters.get("currency") or None,
        source=parameters.get("source") or None,
    )
    currency = customers[0].currency if customers else ""
    return Snapshot(
        columns=(
            Column("key"),
            Column("recency_days"),
            Column("frequency"),
            Column("monetary_amount", currency),
        ),
        rows=tuple(
            {
                "key": customer.key,
                "recency_days": str(customer.recency_days),
                "frequency": str(customer.frequency),
                "monetary_amount": spell(customer.monetary_amount),
            }
            for customer in customers
        ),
    )


def collect_budget(user: "User", parameters: Mapping[str, Any]) -> Snapshot:
    """The table typed into the form: nothing is read from elsewhere."""
    currency = parameters["currency"]
    return Snapshot(
        columns=(
            Column("name"),
            Column("effect"),
            Column("cap", currency),
            Column("floor", currency),
        ),
        rows=tuple(
            {name: channel.get(name) for name in ("name", "effect", "cap", "floor")}
            for channel in parameters["channels"]
        ),
    )


def collect_meeting(user: "User", parameters: Mapping[str, Any]) -> Snapshot:
    """One row an indicator: the count behind it and the scale that count lies on.

    A scale such as 0..registrations keeps shares exact. An indicator nobody stands behind has no
    value, and the score does without it. `interaction` among the facts names what counted as such:
    runs from before talk was counted have no such fact, and their page says so.
    """
    outcome = outcomes.meeting_outcome(UUID(parameters["meeting"]))
    if outcome is None:
        raise DataGone(_("The meeting is not closed, or it is gone."))
    ratings = len(outcome.ratings)
    figures: dict[str, tuple[Decimal, Decimal, Decimal, int]] = {
        "attendance": (
            Decimal(outcome.attended),
            Decimal(0),
            Decimal(outcome.registered),
            outcome.registered,
        ),
        "interaction": (
            Decimal(outcome.interacted),
            Decimal(0),
            Decimal(outcome.attended),
            outcome.attended,
        ),
        "satisfaction": (
            Decimal(sum(outcome.ratings)),
            Decimal(ratings),
            Decimal(5 * ratings),
            ratings,
        ),
        "participation": (
            Decimal(str(outcome.participation or 0)),
            Decimal(0),
            Decimal(1),
            outcome.attended,
        ),
    }
    rows: list[Row] = []
    for name, weight in sorted(outcome.weights.items()):
        value, low, high, people = figures[name]
        rows.append(
            {
                "indicator": name,
                "weight": str(weight),
                "value": spell(value) if people else None,
                "low": spell(low),
                "high": spell(high),
                "n": str(people),
            }
        )
    columns = ("indicator", "weight", "value", "low", "high", "n")
    return Snapshot(
        columns=tuple(Column(name) for name in columns),
        rows=tuple(rows),
        facts={
            "weights_version": str(outcome.weights_version),
            "title": outcome.title,
            "interaction": "written_or_talked",
        },
    )


def first_day(month: str) -> dt.date:
    """The first day of "2026-11"."""
    return dt.date.fromisoformat(f"{month}-01")


def last_day(month: str) -> dt.date:
    first = first_day(month)
    return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def spell(amount: Decimal) -> str:
    """Plain digits, the same text for the same amount: "1200.5", never "1.2005E+3"."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_COLLECTORS: dict[str, Callable[["User", Mapping[str, Any]], Snapshot]] = {
    "regression": collect_sales_and_spend,
    "segments": collect_customers,
    "budget": collect_budget,
    "score": collect_meeting,
}
