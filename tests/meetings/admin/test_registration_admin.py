"""Registrations in the administration: read by who sees the meeting, links replaced."""

from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Delivery, User
from meetings.models import Registration
from meetings.services import closing
from tests.factories.meetings import (
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
    make_registration,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/meetings/registration/"


def test_list_shows_registrations_of_visible_meetings(
    client: Client, owner: User, stranger: User
) -> None:
    make_registration(make_meeting(owner), name="Ours Guest")
    make_registration(make_meeting(stranger), name="Theirs Guest")
    client.force_login(owner)

    page = client.get(LIST).content.decode()

    assert "Ours Guest" in page
    assert "Theirs Guest" not in page


def test_list_says_of_a_closed_meeting_who_came(client: Client, owner: User) -> None:
    meeting = make_past_meeting(owner)
    for name, minutes in {"Stayed": 40, "Peeped": 2}.items():
        make_presence(make_guest(meeting, name=name), minutes=minutes)
    make_registration(meeting, name="Absent")
    make_registration(meeting, name="Never confirmed", verified_at=None)
    make_registration(meeting, name="Gave up", state="cancelled", cancelled_at=timezone.now())
    make_registration(make_meeting(owner), name="To come")
    closing.close_meeting(meeting=meeting)
    client.force_login(owner)

    rows = client.get(LIST).context["cl"].result_list

    assert {row.name: row.outcome for row in rows} == {
        "Stayed": "attended",
        "Peeped": "looked in",
        "Absent": "did not come",
        "Never confirmed": "not confirmed",
        "Gave up": "cancelled",
        "To come": "registered",
    }


def test_replace_links_action_voids_and_mails(client: Client, owner: User) -> None:
    row = make_registration(make_meeting(owner))
    client.force_login(owner)

    client.post(LIST, {"action": "replace_links", "_selected_action": row.pk})

    row.refresh_from_db()
    assert (row.link_version, Delivery.objects.count()) == (2, 1)


def test_replace_links_action_is_not_the_auditors(client: Client, auditor: User) -> None:
    row = make_registration()
    client.force_login(auditor)

    client.post(LIST, {"action": "replace_links", "_selected_action": row.pk})

    row.refresh_from_db()
    assert (row.link_version, Delivery.objects.count()) == (1, 0)


def test_nobody_changes_a_registration_by_hand(client: Client, administrator: User) -> None:
    row = make_registration(name="Li Na")
    client.force_login(administrator)

    answers = [
        client.post(f"{LIST}{row.pk}/change/", {"name": "Somebody else"}).status_code,
        client.get(f"{LIST}add/").status_code,
        client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code,
    ]

    assert answers == [403, 403, 403]
    assert Registration.objects.get().name == "Li Na"


def test_meeting_page_counts_seats_taken_and_leads_to_just_those(
    client: Client, owner: User
) -> None:
    meeting = make_meeting(owner, capacity=5)
    make_registration(meeting, name="Li Na")
    make_registration(meeting, name="Nobody", verified_at=None)
    client.force_login(owner)

    page = client.get(f"/admin/meetings/meeting/{meeting.pk}/change/").content.decode()
    link = f"{LIST}?meeting__id__exact={meeting.pk}&amp;state__exact=registered"
    link += "&amp;verified_at__isempty=0"
    listed = client.get(unescape(link)).content.decode()

    assert f'<a href="{link}">1</a> / 5' in page
    assert "1 not confirmed yet" in page
    assert ("Li Na" in listed, "Nobody" in listed) == (True, False)
