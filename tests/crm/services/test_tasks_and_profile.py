"""Tasks fall on a day of their owner; facts stand beside each other and the surest counts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.models import ContactProfile, ProfileFact, Region, Task, User
from crm.selectors.my_day import tasks_of_the_day
from crm.services import profile, tasks
from tests.factories.crm import make_contact, make_task

pytestmark = pytest.mark.django_db


def test_moment_counts_as_its_day_where_the_owner_is(owner: User) -> None:
    owner.time_zone = "Asia/Shanghai"

    task = tasks.create_task(
        title=" Call  back ",
        owner=owner,
        origin="meeting",
        due=datetime(2026, 11, 23, 20, 0, tzinfo=UTC),
    )

    assert (task.due, task.title) == (date(2026, 11, 24), "Call back")


def test_task_with_a_key_is_made_once(owner: User) -> None:
    facts = {"title": "Answer", "owner": owner, "due": date(2026, 12, 1), "origin": "question"}

    first = tasks.create_task(**facts, key="question:7")
    second = tasks.create_task(**facts, key="question:7")

    assert first == second


def test_task_without_a_title_is_refused(owner: User) -> None:
    with pytest.raises(tasks.TaskNeedsTitle):
        tasks.create_task(title=" ", owner=owner, due=date(2026, 12, 1), origin="manual")


def test_only_open_tasks_are_ticked_off(owner: User) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    done, waiting = make_task(owner, done_at=long_ago), make_task(owner)

    count = tasks.mark_done(tasks=Task.objects.all())

    done.refresh_from_db()
    waiting.refresh_from_db()
    assert (count, done.done_at, waiting.is_done) == (1, long_ago, True)


def test_day_shows_own_open_tasks(owner: User, teammate: User) -> None:
    mine = make_task(owner, title="Mine", due=timezone.localdate())
    make_task(owner, due=timezone.localdate() + timedelta(days=60))
    make_task(owner, done_at=timezone.now())
    make_task(teammate)

    (item,) = tasks_of_the_day(owner)

    assert (item.title, item.when, item.kind) == ("Mine", mine.due, "task")


def test_surest_fact_counts_and_the_newest_among_equals() -> None:
    contact = make_contact()
    now = timezone.now()
    Region.objects.create(code="CN-SH", name="Shanghai")

    def record(key: str, value: object, confidence: str, age_days: int) -> None:
        profile.record_fact(
            contact=contact,
            key=key,
            value=value,
            source="survey",
            confidence=Decimal(confidence),
            observed_at=now - timedelta(days=age_days),
        )

    record("occupation", "buyer", "1", 9)
    record("occupation", "engineer", "0.5", 0)
    record("birth_year", 1980, "1", 9)
    record("birth_year", 1981, "1", 1)
    record("region", "CN-SH", "1", 1)

    found = ContactProfile.objects.get(contact=contact)
    assert (found.occupation, found.birth_year, str(found.region)) == ("buyer", 1981, "Shanghai")
    assert profile.conflicting_keys(contact=contact) == {"occupation", "birth_year"}
    assert ProfileFact.objects.count() == 5


@pytest.mark.parametrize(
    ("key", "value"),
    [("shoe_size", "44"), ("birth_year", 1500), ("birth_year", "1980"), ("interests", "pumps")],
)
def test_fact_that_does_not_fit_is_refused(key: str, value: object) -> None:
    with pytest.raises(profile.UnusableFact):
        profile.record_fact(contact=make_contact(), key=key, value=value, source="rep")
