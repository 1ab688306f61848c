"""The admin's first page: what is on, who waits, what changed, what to do next.

The apps bring what they know through the registries of crm/extensions.py; this module only puts
it in order.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from crm import extensions
from crm.extensions import DayItem, Panel
from crm.models import Activity, Contact, Delivery, IdentitySuggestion, Spend, User

PERIOD = dt.timedelta(days=7)
MOST_CHANGES = 6


@dataclass(frozen=True)
class Agenda:
    """A colleague's items in the order in which they want attention."""

    overdue: list[DayItem] = field(default_factory=list)
    today: list[DayItem] = field(default_factory=list)
    next_days: list[DayItem] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """A count of the last seven days beside that of the seven days before."""

    label: str | Promise
    icon: str
    count: int
    count_before: int

    @property
    def difference(self) -> int:
        return self.count - self.count_before


@dataclass(frozen=True)
class Waiting:
    """Something that stays as it is until a person decides."""

    label: str | Promise
    icon: str
    count: int
    url: str


@dataclass(frozen=True)
class Step:
    """What a new installation, or an empty week, needs next."""

    title: str | Promise
    sentence: str | Promise
    icon: str
    url: str


@dataclass(frozen=True)
class TodayPage:
    now: dt.datetime
    agenda: Agenda
    waiting: list[Waiting]
    changes: list[Change]
    steps: list[Step]
    panels: list[Panel]
    actions: list[Step]


def build_page(request: HttpRequest, site: AdminSite) -> TodayPage:
    user: Any = request.user
    now = timezone.localtime()
    addresses = find_forms(request, site)
    return TodayPage(
        now=now,
        agenda=arrange(collect_items(user), now),
        waiting=count_waiting(user),
        changes=count_changes(user, now),
        steps=suggest_steps(user, addresses),
        panels=collect_panels(request),
        actions=offer_actions(addresses),
    )


def collect_items(user: User) -> list[DayItem]:
    return [item for source in extensions.my_day_items for item in source(user)]


def collect_panels(request: HttpRequest) -> list[Panel]:
    panels = (make_panel(request) for make_panel in extensions.index_panels)
    return [panel for panel in panels if panel is not None]


def arrange(items: Iterable[DayItem], now: dt.datetime) -> Agenda:
    """Sorts items into overdue, today and the seven days after, by the reader's own clock.

    A whole day (a task's due date) comes before the hours of that day and is overdue from the next
    day on; an appointment earlier today is still today's.
    """
    agenda = Agenda()
    for item in sorted(items, key=lambda item: _start_of(item, now)):
        day = _start_of(item, now).date()
        if day < now.date():
            agenda.overdue.append(item)
        elif day == now.date():
            agenda.today.append(item)
        elif day <= now.date() + PERIOD:
            agenda.next_days.append(item)
    return agenda


def _start_of(item: DayItem, now: dt.datetime) -> dt.datetime:
    if isinstance(item.when, dt.datetime):
        return item.when.astimezone(now.tzinfo)
    return dt.datetime.combine(item.when, dt.time.min, tzinfo=now.tzinfo)


def count_changes(user: User, now: dt.datetime) -> list[Change]:
    """New contacts, then the kinds of activity that happened most in the two weeks."""
    recent, before = now - PERIOD, now - 2 * PERIOD
    contacts = Contact.objects.visible_to(user).aggregate(
        recent=Count("pk", filter=Q(created_at__gte=recent)),
        before=Count("pk", filter=Q(created_at__gte=before, created_at__lt=recent)),
    )
    changes = [Change(_("New contacts"), "user-plus", contacts["recent"], contacts["before"])]
    kinds = (
        Activity.objects.visible_to(user)
        .filter(occurred_at__gte=before, occurred_at__lte=now)
        .order_by()
        .values("kind")
        .annotate(
            recent=Count("pk", filter=Q(occurred_at__gte=recent)),
            before=Count("pk", filter=Q(occurred_at__lt=recent)),
            both=Count("pk"),
        )
        .order_by("-both", "kind")[: MOST_CHANGES - 1]
    )
    for row in kinds:
        known = extensions.activity_kinds.get(row["kind"])
        label, icon = (known.label, known.icon) if known else (row["kind"], "activity")
        changes.append(Change(label, icon, row["recent"], row["before"]))
    return [change for change in changes if change.count or change.count_before]


def count_waiting(user: User) -> list[Waiting]:
    """What only a person can settle; what is at nought is left out."""
    open_suggestions = (
        IdentitySuggestion.objects.visible_to(user)
        .filter(state=IdentitySuggestion.State.OPEN)
        .count()
    )
    stuck_mails = (
        Delivery.objects.visible_to(user)
        .filter(state__in=(Delivery.State.FAILED, Delivery.State.UNKNOWN))
        .count()
    )
    rows = (
        (
            _("Addresses that may belong to a contact"),
            "help",
            open_suggestions,
            "admin:crm_identitysuggestion_changelist",
            {"state__exact": IdentitySuggestion.State.OPEN.value},
        ),
        (
            _("Mails that did not arrive"),
            "email",
            stuck_mails,
            "admin:crm_delivery_changelist",
            {"state__exact": Delivery.State.FAILED.value},
        ),
    )
    return [
        Waiting(label, icon, count, f"{reverse(page)}?{urlencode(query)}")
        for label, icon, count, page, query in rows
        if count
    ]


def offer_actions(addresses: dict[str, str]) -> list[Step]:
    """The buttons at the head of the page: what people come here to do."""
    wanted = (
        ("meetings.meeting", _("Plan a meeting"), "calendar-plus"),
        ("crm.contact", _("Add a contact"), "user-plus"),
        ("crm.task", _("Note a task"), "task"),
    )
    return [
        Step(title, "", icon, addresses[label])
        for label, title, icon in wanted
        if label in addresses
    ]


def find_forms(request: HttpRequest, site: AdminSite) -> dict[str, str]:
    """ "app.model" -> the address of its form, for what this person may add."""
    return {
        f"{app['app_label']}.{model['object_name'].lower()}": model["add_url"]
        for app in site.get_app_list(request)
        for model in app["models"]
        if model["add_url"]
    }


def suggest_steps(user: User, addresses: dict[str, str]) -> list[Step]:
    """The first steps that are still to be done; nothing once the loop has begun to turn."""
    has_met = Activity.objects.visible_to(user).filter(subject_ref__startswith="meeting:")
    steps = (
        (
            User.objects.filter(is_staff=True).exclude(pk=user.pk).exists(),
            "crm.user",
            Step(
                _("Invite your colleagues"),
                _("A mail brings each a link to choose a password; roles decide what they see."),
                "user-plus",
                addresses.get("crm.user", ""),
            ),
        ),
        (
            Contact.objects.visible_to(user).exists(),
            "crm.contact",
            Step(
                _("Add the first customers"),
                _("A contact needs a name and an address; everything else grows by itself."),
                "contacts",
                addresses.get("crm.contact", ""),
            ),
        ),
        (
            has_met.exists(),
            "meetings.meeting",
            Step(
                _("Plan a meeting and invite people"),
                _("Choose one of the four kinds: it brings its agenda and settings along."),
                "meeting",
                addresses.get("meetings.meeting", ""),
            ),
        ),
        (
            Spend.objects.exists(),
            "crm.spend",
            Step(
                _("Enter what the channels cost"),
                _("With spend and sales side by side the system shows which channel pays."),
                "money",
                addresses.get("crm.spend", ""),
            ),
        ),
    )
    return [step for is_done, label, step in steps if not is_done and label in addresses]
