"""The admin's first page: order of the day, counts, what waits, first steps."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.extensions import DayItem
from crm.models import IdentitySuggestion
from tests.factories.crm import make_activity, make_contact, make_delivery, make_point, make_spend
from vmcrm import today

BERLIN = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 3, 2, 0, 30, tzinfo=BERLIN)  # in UTC this is still the first of March


def make_item(title: str, when: dt.date) -> DayItem:
    return DayItem(when=when, title=title, url="/", icon="task", kind="task")


def titles(items: list[DayItem]) -> list[str]:
    return [item.title for item in items]


def test_items_fall_into_the_readers_days():
    items = [
        make_item("due today", dt.date(2026, 3, 2)),
        make_item("late", dt.date(2026, 3, 1)),
        make_item("just gone", dt.datetime(2026, 3, 1, 23, 10, tzinfo=dt.UTC)),
        make_item("in a week", dt.date(2026, 3, 9)),
        make_item("too far", dt.date(2026, 3, 10)),
        make_item("yesterday evening", dt.datetime(2026, 3, 1, 22, 59, tzinfo=dt.UTC)),
        make_item("tonight", dt.datetime(2026, 3, 2, 19, 0, tzinfo=dt.UTC)),
    ]

    agenda = today.arrange(items, NOW)

    assert titles(agenda.overdue) == ["late", "yesterday evening"]
    assert titles(agenda.today) == ["due today", "just gone", "tonight"]
    assert titles(agenda.next_days) == ["in a week"]


@pytest.mark.django_db
def test_changes_compare_two_weeks_and_only_of_what_one_sees(owner, stranger):
    now = timezone.now()
    own = make_point(contact=make_contact(owner=owner))
    foreign = make_point(contact=make_contact(owner=stranger))
    for days in (1, 2, 6.9, 8, 13.9, 14.1):
        make_activity(own, kind="call", occurred_at=now - dt.timedelta(days=days))
    make_activity(foreign, kind="call", occurred_at=now - dt.timedelta(days=1))

    changes = {str(c.label): c for c in today.count_changes(owner, now)}

    call = changes["Call"]
    assert (call.count, call.count_before, call.difference, call.icon) == (3, 2, 1, "phone")
    assert changes["New contacts"].count == 1


@pytest.mark.django_db
def test_nothing_waits_and_nothing_changed_in_an_empty_system(owner):
    assert today.count_waiting(owner) == []
    assert today.count_changes(owner, timezone.now()) == []


@pytest.mark.django_db
def test_open_suggestions_and_lost_mails_wait(administrator):
    contact = make_contact()
    for state in ("open", "accepted"):
        IdentitySuggestion.objects.create(
            contact_point=make_point(), contact=contact, name="P", source="x", state=state
        )
    make_delivery(state="failed", address="lost@x.example")
    make_delivery(state="queued", address="there@x.example")

    waiting = {row.icon: (row.count, row.url) for row in today.count_waiting(administrator)}

    assert waiting == {
        "help": (1, "/admin/crm/identitysuggestion/?state__exact=open"),
        "email": (1, "/admin/crm/delivery/?state__exact=failed"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "/admin/crm/identitysuggestion/?state__exact=open",
        "/admin/crm/delivery/?state__exact=failed",
    ],
)
def test_pages_that_waiting_rows_lead_to_understand_the_filter(client, administrator, page):
    client.force_login(administrator)

    response = client.get(page)

    assert response.status_code == 200
    assert response.context["cl"].has_active_filters


@pytest.mark.django_db
def test_first_steps_vanish_as_they_are_done(rf, administrator):
    addresses = {"crm.contact": "/c/", "meetings.meeting": "/m/", "crm.spend": "/s/"}

    at_first = [step.url for step in today.suggest_steps(administrator, addresses)]
    point = make_point(contact=make_contact())
    make_activity(point, kind="registered", subject_ref="meeting:1")
    make_spend()
    at_last = [step.url for step in today.suggest_steps(administrator, addresses)]

    assert at_first == ["/c/", "/m/", "/s/"]
    assert at_last == []


@pytest.mark.django_db
def test_first_page_of_an_empty_system_says_what_to_do(client, administrator):
    client.force_login(administrator)

    html = client.get(reverse("admin:index")).content.decode()

    assert "Add the first customers" in html
    assert "Nothing is planned for today." in html
    assert "Nobody waits for you." in html


@pytest.mark.django_db
def test_auditor_is_offered_nothing_to_add(client, auditor):
    client.force_login(auditor)

    page = client.get(reverse("admin:index")).context["today"]

    assert (page.actions, page.steps) == ([], [])
