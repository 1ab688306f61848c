"""Meetings in the administration: who gets in, planning with zones, moving, closing, the report."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Contact, Delivery, Mailing, User
from crm.services import mailings
from media_relay.room import MAX_PARTICIPANTS
from meetings.models import Meeting
from meetings.models.choices import MeetingKind
from meetings.services import closing
from tests.factories.crm import make_consent, make_contact, make_market
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
    make_registration,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/meetings/meeting/"


def _page(meeting: Meeting, page: str = "change/") -> str:
    return f"{LIST}{meeting.pk}/{page}"


def _form(host: User, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": "partner",
        "title": "Spring round",
        "description": "",
        "language": "en",
        "time_zone": "Europe/Berlin",
        "start_0": "2038-03-29",
        "start_1": "10:00",
        "end_0": "2038-03-29",
        "end_1": "11:00",
        "opens_0": "",
        "opens_1": "",
        "closes_0": "",
        "closes_1": "",
        "host": host.pk,
        "team": "",
        "capacity": "12",
        "visibility": "invitation",
        "has_lobby": "on",
        "recording_policy": "never",
        "weight_attendance": "0.4",
        "weight_interaction": "0.30",
        "weight_satisfaction": "0.3",
        "agenda-TOTAL_FORMS": "2",
        "agenda-INITIAL_FORMS": "0",
        "agenda-0-position": "1",
        "agenda-0-title": "Update",
        "agenda-0-duration_min": "10",
        "agenda-1-position": "2",
        "agenda-1-title": "Proposal",
        "agenda-1-duration_min": "15",
        "agenda-1-speaker": "Li Na",
    }
    return values | changes


@pytest.fixture
def people(
    owner: User, teammate: User, stranger: User, manager: User, auditor: User, administrator: User
) -> dict[str, User]:
    return {
        "owner": owner,
        "teammate": teammate,
        "stranger": stranger,
        "manager": manager,
        "auditor": auditor,
        "administrator": administrator,
    }


# What each page answers to whom. Redirects (302) are successes of a POST.
CELLS = [
    ("GET", "change/", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 200}),
    ("GET", "reschedule/", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 403}),
    ("GET", "cancel/", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 403}),
    ("GET", "attendance.csv", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 200}),
    ("POST", "cancel/", {"owner": 302, "manager": 302, "administrator": 302, "auditor": 403}),
    ("POST", "reschedule/", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 403}),
    ("POST", "change/", {"owner": 200, "manager": 200, "administrator": 200, "auditor": 403}),
    ("POST", "close/", {"owner": 302, "manager": 302, "administrator": 302, "auditor": 403}),
]


@pytest.mark.parametrize(("method", "page", "answers"), CELLS)
def test_every_page_answers_to_each_person_as_permissions_say(
    people: dict[str, User], method: str, page: str, answers: dict[str, int]
) -> None:
    meeting = make_meeting(people["owner"])

    got = {}
    for name, person in people.items():
        client = Client()
        client.force_login(person)
        response = client.generic(method, _page(meeting, page))
        got[name] = response.status_code
        if name not in answers or answers[name] == 403:
            assert Meeting.objects.filter(pk=meeting.pk, state="planned").exists()
        Meeting.objects.filter(pk=meeting.pk).update(state="planned", cancelled_at=None)

    # The stranger and the teammate learn nothing: the change page sends them to the index, as the
    # administration does for unknown rows; the others are not found.
    hidden = 302 if page == "change/" else 404
    assert got == {"teammate": hidden, "stranger": hidden, **answers}


def test_list_shows_counts_without_a_query_for_each_row(client: Client, owner: User) -> None:
    client.force_login(owner)
    make_registration(make_meeting(owner))
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for _number in range(2):
        make_registration(make_meeting(owner))

    with CaptureQueriesContext(connection) as three:
        page = client.get(LIST).content.decode()

    assert page.count("field-registered") == 3
    assert len(three) == len(one)


def test_list_and_search_show_what_one_may_see(client: Client, owner: User, stranger: User) -> None:
    make_meeting(owner, title="Ours")
    make_meeting(stranger, title="Theirs")
    client.force_login(owner)

    everything = client.get(LIST).content.decode()
    found = client.get(f"{LIST}?q=s").content.decode()

    for page in (everything, found):
        assert "Theirs" not in page
        assert "Ours" in page


def test_add_asks_for_the_kind_and_fills_the_form_from_its_template(
    client: Client, owner: User
) -> None:
    client.force_login(owner)

    chooser = client.get(f"{LIST}add/").content.decode()
    form = client.get(f"{LIST}add/?kind=training").content.decode()

    for kind in ("launch", "research", "partner", "training"):
        assert f"{LIST}add/?kind={kind}" in chooser
    assert 'value="Goals of the training"' in form
    assert 'name="capacity" value="100"' in form


def test_every_kind_can_be_planned_with_the_seats_it_comes_with(
    client: Client, owner: User
) -> None:
    client.force_login(owner)

    for kind in MeetingKind:
        form = client.get(f"{LIST}add/?kind={kind}").context["adminform"].form
        seats = form.initial["capacity"]
        sent = _form(owner, kind=kind, capacity=seats)
        response = client.post(f"{LIST}add/?kind={kind}", sent)
        assert response.status_code == 302, response.context["errors"]


def test_add_plans_the_meeting_at_the_time_the_zones_clocks_show(
    client: Client, owner: User
) -> None:
    client.force_login(owner)

    response = client.post(f"{LIST}add/", _form(owner))

    assert response.status_code == 302, response.context["errors"]
    meeting = Meeting.objects.get()
    assert (meeting.starts_at, meeting.ends_at) == (
        datetime(2038, 3, 29, 8, tzinfo=UTC),
        datetime(2038, 3, 29, 9, tzinfo=UTC),
    )
    assert (meeting.time_zone, meeting.created_by, meeting.team) == (
        "Europe/Berlin",
        owner,
        owner.team,
    )
    assert [(item.title, item.speaker) for item in meeting.agenda.all()] == [
        ("Update", ""),
        ("Proposal", "Li Na"),
    ]
    assert meeting.weights == {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"}
    assert meeting.seats.get().role == "host"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start_0": "2038-03-28", "start_1": "02:30", "end_0": "2038-03-28"}, "does not exist"),
        ({"start_0": "2038-10-31", "start_1": "02:30", "end_0": "2038-10-31"}, "happens twice"),
        ({"end_1": "09:00"}, "must end after it starts"),
        ({"start_1": ""}, "This field is required"),
        ({"weight_attendance": "0.5"}, "must add up to 1"),
        (
            {
                "opens_0": "2038-03-02",
                "opens_1": "10:00",
                "closes_0": "2038-03-01",
                "closes_1": "10:00",
            },
            "must close after it opens",
        ),
        ({"capacity": "0"}, "greater than or equal to 1"),
        ({"capacity": "201"}, "A room takes 200 people at most"),
        ({"end_0": "2038-03-30", "end_1": "10:01"}, "A meeting lasts 24 hours at most"),
        ({"start_0": "2020-03-29", "end_0": "2020-03-29"}, "has passed already"),
        ({"agenda-1-duration_min": "61"}, "The whole meeting takes 60 minutes"),
        ({"title": ""}, "This field is required"),
    ],
)
def test_add_with_bad_values_says_what_is_wrong_and_saves_nothing(
    client: Client, owner: User, changes: dict[str, str], sentence: str
) -> None:
    client.force_login(owner)

    response = client.post(f"{LIST}add/", _form(owner, **changes))

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert Meeting.objects.count() == 0


def test_agenda_and_capacity_may_fill_the_meeting_and_the_room(client: Client, owner: User) -> None:
    client.force_login(owner)
    changes = {"capacity": str(MAX_PARTICIPANTS), "agenda-1-duration_min": "50"}

    response = client.post(f"{LIST}add/", _form(owner, **changes))

    assert response.status_code == 302, response.context["errors"]
    meeting = Meeting.objects.get()
    assert meeting.capacity == MAX_PARTICIPANTS
    assert sum(item.duration_min for item in meeting.agenda.all()) == meeting.length_min


def test_agenda_longer_than_its_meeting_is_said_and_saved(client: Client, owner: User) -> None:
    """As with the kind's own agenda in a short meeting."""
    client.force_login(owner)

    response = client.post(
        f"{LIST}add/", _form(owner, **{"agenda-1-duration_min": "51"}), follow=True
    )

    assert "The agenda takes 61 minutes, the meeting only 60." in response.content.decode()
    assert Meeting.objects.get().agenda.count() == 2


def test_details_of_an_old_and_oversized_meeting_can_still_be_changed(
    client: Client, owner: User
) -> None:
    meeting = make_meeting(owner, starts_at=datetime(2020, 1, 1, tzinfo=UTC), capacity=500)
    client.force_login(owner)
    form = _form(owner, title="New title", capacity="500", **{"agenda-TOTAL_FORMS": "0"})

    response = client.post(_page(meeting), form)

    assert response.status_code == 302, response.context["errors"]
    meeting.refresh_from_db()
    assert (meeting.title, meeting.capacity) == ("New title", 500)


def test_add_accepts_in_shanghai_what_does_not_exist_in_berlin(client: Client, owner: User) -> None:
    client.force_login(owner)
    form = _form(
        owner, time_zone="Asia/Shanghai", start_0="2038-03-28", start_1="02:30", end_0="2038-03-28"
    )

    client.post(f"{LIST}add/", form)

    assert Meeting.objects.get().starts_at == datetime(2038, 3, 27, 18, 30, tzinfo=UTC)


def test_change_saves_details_and_leaves_the_times_alone(client: Client, owner: User) -> None:
    meeting = make_meeting(owner)
    start = meeting.starts_at
    client.force_login(owner)
    form = _form(owner, title="New title", **{"agenda-TOTAL_FORMS": "0"})

    response = client.post(_page(meeting), form)

    assert response.status_code == 302, response.context["errors"]
    meeting.refresh_from_db()
    assert (meeting.title, meeting.sequence, meeting.starts_at) == ("New title", 1, start)
    assert meeting.time_zone == "Europe/Berlin"


def test_reschedule_page_refuses_a_meeting_of_more_than_a_day(client: Client, owner: User) -> None:
    meeting = make_meeting(owner)
    client.force_login(owner)
    times = {"start_0": "2038-10-30", "start_1": "10:00", "end_0": "2038-10-31", "end_1": "10:01"}

    response = client.post(_page(meeting, "reschedule/"), {"time_zone": "Asia/Shanghai", **times})

    assert "A meeting lasts 24 hours at most" in response.content.decode()
    meeting.refresh_from_db()
    assert meeting.sequence == 0


def test_reschedule_page_moves_and_mails(client: Client, owner: User) -> None:
    meeting = make_meeting(owner)
    make_registration(meeting)
    client.force_login(owner)
    times = {"start_0": "2038-10-30", "start_1": "10:00", "end_0": "2038-10-30", "end_1": "11:00"}

    response = client.post(_page(meeting, "reschedule/"), {"time_zone": "Asia/Shanghai", **times})

    assert response.status_code == 302
    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.sequence) == (datetime(2038, 10, 30, 2, tzinfo=UTC), 1)
    assert Delivery.objects.get().composer == "meeting_change"


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (("2038-10-31", "02:30", "2038-10-31", "05:00"), "happens twice"),
        (("2020-01-01", "10:00", "2020-01-01", "11:00"), "has passed already"),
        (("2038-05-01", "10:00", "2038-05-01", "09:00"), "must end after"),
    ],
)
def test_reschedule_page_refuses_bad_times(
    client: Client, owner: User, times: tuple[str, str, str, str], sentence: str
) -> None:
    meeting = make_meeting(owner)
    client.force_login(owner)
    form = dict(zip(("start_0", "start_1", "end_0", "end_1"), times, strict=True))

    response = client.post(_page(meeting, "reschedule/"), {"time_zone": "Europe/Berlin", **form})

    assert sentence in response.content.decode()
    meeting.refresh_from_db()
    assert meeting.sequence == 0


def test_close_button_closes_and_the_report_shows_who_came(client: Client, owner: User) -> None:
    meeting = make_past_meeting(owner)
    seat = make_guest(meeting, name="Li Na", email="li.na@customers.example")
    make_presence(seat, minutes=42)
    make_chat_line(seat)
    client.force_login(owner)
    assert "close-meeting" in client.get(_page(meeting)).content.decode()

    client.post(_page(meeting, "close/"))

    page = client.get(_page(meeting)).content.decode()
    meeting.refresh_from_db()
    assert meeting.state == "closed"
    assert "close-meeting" not in page
    assert "1 of 1 registered people attended (100 %)" in page
    assert "presence 42 of 60" in page


def test_page_shows_the_chat_with_who_wrote_it_in_pages(client: Client, owner: User) -> None:
    meeting = make_past_meeting(owner)
    contact = make_contact(owner=owner, email="li.na@customers.example")
    seat = make_guest(meeting, contact_point=contact.points.get(), name="Li Na")
    make_chat_line(seat, "What does <b>it</b> cost?")
    make_chat_line(seat, "Deleted words", deleted_at=timezone.now())
    for number in range(50):
        make_chat_line(seat, f"line {number}")
    client.force_login(owner)

    first = client.get(_page(meeting)).content.decode()
    second = client.get(f"{_page(meeting)}?chat=2").content.decode()

    assert "What does &lt;b&gt;it&lt;/b&gt; cost?" in first
    assert f"/admin/crm/contact/{contact.pk}/change/" in first
    assert "Deleted words" not in first + second
    assert ("line 49" in first, "line 49" in second) == (False, True)


def test_page_of_a_meeting_without_chat_has_no_empty_box(client: Client, owner: User) -> None:
    meeting = make_past_meeting(owner)
    client.force_login(owner)

    assert 'id="chat"' not in client.get(_page(meeting)).content.decode()


def test_close_of_a_meeting_to_come_is_refused_with_a_sentence(client: Client, owner: User) -> None:
    meeting = make_meeting(owner)
    client.force_login(owner)

    page = client.post(_page(meeting, "close/"), follow=True).content.decode()

    assert "has not begun yet" in page
    meeting.refresh_from_db()
    assert meeting.state == "planned"


def test_close_by_get_is_refused(client: Client, owner: User) -> None:
    meeting = make_past_meeting(owner)
    client.force_login(owner)

    assert client.get(_page(meeting, "close/")).status_code == 405


def test_attendance_file_escapes_formulas_and_leaves_unknown_figures_empty(
    client: Client, owner: User
) -> None:
    meeting = make_past_meeting(owner)
    make_presence(make_guest(meeting, name="=HYPERLINK(1)", company_name="@evil"), minutes=30)
    make_registration(meeting, name="Absent, “Ann”")
    closing.close_meeting(meeting=meeting)
    client.force_login(owner)

    response = client.get(_page(meeting, "attendance.csv"))

    text = response.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    first, second = rows
    assert (first["Name"], first["Company"], first["Minutes"]) == ("'=HYPERLINK(1)", "'@evil", "30")
    assert (second["Name"], second["Minutes"], second["Rating"]) == ("Absent, “Ann”", "", "")


def test_report_takes_as_many_queries_for_three_people_as_for_one(
    client: Client, owner: User
) -> None:
    meeting = make_past_meeting(owner)
    make_guest(meeting)
    client.force_login(owner)
    client.get(_page(meeting))
    with CaptureQueriesContext(connection) as one:
        client.get(_page(meeting))
    for _number in range(2):
        make_guest(meeting)

    with CaptureQueriesContext(connection) as three:
        client.get(_page(meeting))

    assert len(three) == len(one)


def test_invite_from_the_contact_list_keeps_the_filter_counts_and_sends(
    client: Client, owner: User
) -> None:
    meeting = make_meeting(owner)
    for number, language in enumerate(("en", "zh-hans", "zh-hans")):
        contact = make_contact(email=f"c{number}@customers.example", owner=owner, language=language)
        make_consent(contact.points.get())
    client.force_login(owner)
    choice = {"filter": "language__exact=zh-hans", "meeting": meeting.pk}

    counted = client.get(f"{LIST}invite/", choice)
    sent = client.post(f"{LIST}invite/", {**choice, "message": "Please come."})

    assert counted.context["preview"].will_send == 2
    mailing = Mailing.objects.get()
    assert sent["Location"] == f"/admin/crm/mailing/{mailing.pk}/change/"
    assert client.get(sent["Location"]).status_code == 200
    mailings.expand(mailing_id=mailing.pk)
    assert sorted(row.address for row in Delivery.objects.all()) == [
        "c1@customers.example",
        "c2@customers.example",
    ]


def test_invite_warns_when_more_are_invited_than_seats_are_free(
    client: Client, owner: User
) -> None:
    small, large = make_meeting(owner, capacity=2), make_meeting(owner, capacity=3)
    for meeting in (small, large):
        make_registration(meeting)
    for number in range(2):
        contact = make_contact(email=f"c{number}@customers.example", owner=owner)
        make_consent(contact.points.get())
    client.force_login(owner)

    warned = client.get(f"{LIST}invite/", {"meeting": small.pk, "filter": "all=1"})
    enough = client.get(f"{LIST}invite/", {"meeting": large.pk, "filter": "all=1"})

    assert warned.context["preview"].will_send == 2
    assert "Only 1 seat of this meeting is free" in warned.content.decode()
    assert enough.context["preview"].will_send == 2
    assert "of this meeting" not in enough.content.decode()


def test_invite_from_the_meeting_chooses_nobody_by_itself(
    client: Client, owner: User, stranger: User
) -> None:
    market = make_market()
    meeting = make_meeting(owner, market=market)
    for number, place in enumerate((market, None)):
        contact = make_contact(email=f"c{number}@customers.example", owner=owner, market=place)
        make_consent(contact.points.get())
    make_contact(email="theirs@customers.example", owner=stranger, market=market)
    client.force_login(owner)

    opened = client.get(f"{LIST}invite/", {"meeting": meeting.pk})
    sent = client.post(f"{LIST}invite/", {"meeting": meeting.pk, "filter": ""})

    assert "preview" not in opened.context
    assert [(row["filter"], row["count"]) for row in opened.context["choices"]] == [
        (f"market__id__exact={market.pk}", 1),
        ("whose=own", 2),
        ("whose=team", 2),
        ("all=1", 2),
    ]
    assert (sent.status_code, Mailing.objects.count()) == (200, 0)
    assert "Nobody is chosen yet" in sent.content.decode()


@pytest.mark.parametrize("layout", ["o=1.-2", "p=2", "all=", "q="])
def test_invite_from_a_list_that_is_only_sorted_chooses_nobody(
    client: Client, owner: User, layout: str
) -> None:
    meeting = make_meeting(owner)
    make_consent(make_contact(email="c@customers.example", owner=owner).points.get())
    client.force_login(owner)

    opened = client.get(f"{LIST}invite/", {"meeting": meeting.pk, "filter": layout})
    client.post(f"{LIST}invite/", {"meeting": meeting.pk, "filter": layout})

    assert ("preview" in opened.context, Mailing.objects.count()) == (False, 0)


def test_people_can_be_invited_to_a_meeting_that_is_live(client: Client, owner: User) -> None:
    meeting = make_meeting(owner, state="live", went_live_at=timezone.now())
    contact = make_contact(email="late@customers.example", owner=owner)
    make_consent(contact.points.get())
    client.force_login(owner)

    client.post(f"{LIST}invite/", {"meeting": meeting.pk, "filter": "whose=own"})

    assert Mailing.objects.get().subject_ref == meeting.subject_ref


def test_invite_complains_of_nothing_before_a_meeting_is_chosen(
    client: Client, owner: User
) -> None:
    client.force_login(owner)

    opened = client.get(f"{LIST}invite/", {"filter": "language__exact=en"}).content.decode()
    counted = client.get(f"{LIST}invite/", {"meeting": ""}).content.decode()

    assert "This field is required" in counted
    assert "This field is required" not in opened
    assert 'value="language__exact=en"' in opened


def test_invite_reaches_neither_foreign_contacts_nor_foreign_meetings(
    client: Client, owner: User, stranger: User
) -> None:
    make_contact(email="theirs@customers.example", owner=stranger)
    own, foreign = make_meeting(owner), make_meeting(stranger)
    client.force_login(owner)

    counted = client.get(f"{LIST}invite/", {"meeting": own.pk, "filter": "all=1"})
    refused = client.post(f"{LIST}invite/", {"meeting": foreign.pk, "filter": "all=1"})

    assert Contact.objects.count() == 1
    assert counted.context["preview"].total == 0
    assert refused.status_code == 200
    assert "meeting" in refused.context["form"].errors
    assert Mailing.objects.count() == 0


def test_invite_page_is_closed_to_the_auditor(client: Client, auditor: User) -> None:
    client.force_login(auditor)

    assert client.get(f"{LIST}invite/").status_code == 403


def test_by_public_id_leads_to_the_page_of_a_visible_meeting(
    client: Client, owner: User, stranger: User
) -> None:
    meeting = make_meeting(owner)
    path = f"{LIST}by-public-id/{meeting.public_id}/"

    client.force_login(owner)
    assert client.get(path)["Location"] == _page(meeting)
    client.force_login(stranger)
    assert client.get(path).status_code == 404


def test_nobody_deletes_meetings(client: Client, administrator: User) -> None:
    meeting = make_meeting()
    client.force_login(administrator)

    response = client.post(_page(meeting, "delete/"), {"post": "yes"})

    assert response.status_code == 403
    assert Meeting.objects.filter(pk=meeting.pk).exists()
