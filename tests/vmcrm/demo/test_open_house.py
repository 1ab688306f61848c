"""Whoever starts the demonstration, on whatever day, finds a meeting to walk into."""

import datetime as dt

from django.core.management import call_command
from django.utils import timezone

from crm.models import Delivery, DemoRow, User
from meetings.models import Meeting
from vmcrm.demo.access import describe_access
from vmcrm.demo.loading import keep_a_door_open
from vmcrm.demo.meetings import find_open_meeting


def seed(settings, tmp_path) -> Meeting:
    settings.HOME = tmp_path
    call_command("seed_demo")
    meeting = find_open_meeting(timezone.now())
    assert meeting is not None
    return meeting


def test_open_house_of_today_stays_the_only_one(db, settings, tmp_path):
    meeting = seed(settings, tmp_path)

    keep_a_door_open()

    assert find_open_meeting(timezone.now()) == meeting
    assert Meeting.objects.filter(title=meeting.title).count() == 1


def test_open_house_of_yesterday_is_followed_by_another_that_belongs_to_the_demo(
    db, settings, tmp_path
):
    yesterday = seed(settings, tmp_path)
    Meeting.objects.filter(pk=yesterday.pk).update(
        starts_at=yesterday.starts_at - dt.timedelta(days=1),
        ends_at=yesterday.ends_at - dt.timedelta(days=1),
    )

    keep_a_door_open()

    meeting = find_open_meeting(timezone.now())
    assert meeting is not None
    assert meeting != yesterday
    assert any(meeting.join_code in line for line in describe_access())
    assert DemoRow.objects.filter(model="meetings.meeting", key=str(meeting.pk)).exists()


def test_both_sellers_find_a_meeting_that_is_open_with_links_in_their_own_outbox(
    db, settings, tmp_path
):
    seed(settings, tmp_path)

    for name in ("anna", "chen"):
        seller = User.objects.get(email=f"{name}@lumen.example")
        (meeting,) = (
            Meeting.objects.hosted_by(seller).listed().filter(starts_at__lte=timezone.now())
        )
        links = Delivery.objects.visible_to(seller).filter(
            subject_ref=meeting.subject_ref, composer="meeting_confirmation"
        )
        assert links.count() == 3


def test_without_the_demo_company_no_meeting_is_held(db):
    keep_a_door_open()

    assert not Meeting.objects.exists()
