"""What customers' pages and the first page show of meetings, and to whom."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.extensions import timeline_links
from crm.models import User
from meetings import contributions
from meetings.services import closing
from tests.factories.crm import make_contact
from tests.factories.meetings import (
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
)

pytestmark = pytest.mark.django_db


def test_contact_page_shows_meetings_of_the_contact_one_may_see(
    client: Client, owner: User, stranger: User
) -> None:
    contact = make_contact(email="li.na@customers.example", owner=owner)
    ours = make_past_meeting(owner, title="Ours")
    theirs = make_past_meeting(stranger, title="Theirs")
    for meeting in (ours, theirs):
        make_presence(make_guest(meeting, contact_point=contact.points.get()), minutes=37)
    closing.close_meeting(meeting=ours)
    client.force_login(owner)

    response = client.get(f"/admin/crm/contact/{contact.pk}/change/")

    (panel,) = [panel for panel in response.context["panels"] if str(panel.title) == "Meetings"]
    rows = [(row.meeting.title, row.attended_minutes) for row in panel.context["registrations"]]
    assert rows == [("Ours", 37)]
    assert ">37<" in response.content.decode()


def test_first_page_names_meetings_to_come_and_those_to_close(
    client: Client, owner: User, stranger: User
) -> None:
    make_meeting(owner, title="Coming up")
    make_past_meeting(owner, title="Waits to be closed")
    make_meeting(stranger, title="Somebody else's")
    client.force_login(owner)

    page = client.get("/admin/").content.decode()

    assert "Coming up" in page
    assert "Waits to be closed" in page
    assert "Somebody else" not in page


def test_day_items_are_todays_own_meetings_and_who_waits(owner: User, teammate: User) -> None:
    now = timezone.localtime()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    meeting = make_meeting(owner, title="Today", starts_at=noon, has_lobby=True)
    make_guest(meeting)
    make_meeting(owner, title="Next week", starts_at=noon + timedelta(days=7))
    make_meeting(owner, title="Called off", starts_at=noon, state="cancelled")

    items = contributions.list_day_items(owner)

    assert [(item.kind, item.title) for item in items] == [
        ("meeting", "Today"),
        ("lobby", "1 person waits in the lobby of “Today”"),
    ]
    assert contributions.list_day_items(teammate) == []


def test_meeting_under_way_is_marked_and_leads_its_host_into_the_room(
    client: Client, owner: User, manager: User
) -> None:
    just_now = timezone.now() - timedelta(minutes=1)
    meeting = make_meeting(owner, title="Under way", starts_at=just_now)
    room = reverse("meetings:room", args=[meeting.public_id])
    client.force_login(owner)

    page = client.get("/admin/").content.decode()

    (own,) = contributions.list_day_items(owner)
    (seen_by_manager,) = contributions.list_day_items(manager)
    assert (own.is_now, own.door_url) == (True, room)
    assert (seen_by_manager.is_now, seen_by_manager.door_url) == (True, "")
    assert f'href="{room}"' in page
    assert '<span class="badge badge-good">now</span>' in page


def test_meeting_that_is_over_is_not_marked_as_now(owner: User) -> None:
    make_past_meeting(owner, starts_at=timezone.now() - timedelta(minutes=2))

    (item,) = contributions.list_day_items(owner)

    assert (item.is_now, item.door_url) == (False, "")


def test_day_of_a_manager_names_the_teams_meetings_and_whose_they_are(
    client: Client, owner: User, manager: User, teammate: User, stranger: User
) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    for host, title in ((owner, "Of the team"), (manager, "Own"), (stranger, "Elsewhere")):
        make_meeting(host, title=title, starts_at=noon)
    make_meeting(owner, title="Called off", starts_at=noon, state="cancelled")

    items = {item.title: item.whose for item in contributions.list_day_items(manager)}

    assert items == {"Own": "", "Of the team": owner.name}
    assert contributions.list_day_items(teammate) == []
    client.force_login(manager)
    assert f"Held by:</span> {owner.name}" in client.get("/admin/").content.decode()


def test_timeline_link_leads_to_the_meeting(client: Client, owner: User) -> None:
    meeting = make_meeting(owner)
    client.force_login(owner)

    address = timeline_links.find(meeting.subject_ref)

    assert address is not None
    assert client.get(address)["Location"] == f"/admin/meetings/meeting/{meeting.pk}/change/"
