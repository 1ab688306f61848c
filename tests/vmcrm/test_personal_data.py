"""A person across all apps: everything comes out, and after erasing nothing names them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from analytics.models import Run
from analytics.services import execution, runs
from analytics.services.runs import CannotRepeat
from crm.models import (
    Activity,
    ConsentEvent,
    Contact,
    ContactPoint,
    Delivery,
    IdentitySuggestion,
    Purchase,
    User,
)
from crm.selectors.contacts import visible_contacts
from crm.selectors.personal_data import as_plain_data
from crm.selectors.suppression import is_suppressed
from crm.services import consent, personal_data, profile, sending
from crm.services.errors import NotAllowed
from crm.services.personal_data import AlreadyErased
from meetings.models import Registration
from meetings.services import planning
from tests.factories.analytics import make_run
from tests.factories.crm import (
    make_activity,
    make_company,
    make_contact,
    make_delivery,
    make_point,
    make_purchase,
    make_task,
)
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
)
from tests.people import make_user

ADDRESS = "zhao.lihua@customers.example"
TRACES = ("Zhao Lihua", "zhao.lihua", "+8613800001234", "Orchid secret", "Beekeeper")


@dataclass
class Known:
    """Somebody every part of the system knows."""

    contact: Contact
    point: ContactPoint
    registration: Registration
    run: Run
    mail: Delivery


@pytest.fixture
def known(owner: User, administrator: User, settings: Any, tmp_path: Path) -> Known:
    settings.MAIL_FOLDER = tmp_path
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    contact = make_contact(name="Zhao Lihua", owner=owner, company=make_company(), source="fair")
    point = make_point(ADDRESS, contact=contact, verified_at=timezone.now())
    make_point("+8613800001234", kind="phone", contact=contact)
    consent.grant_many(contact_point=point, purposes=["marketing"], source="preferences")
    consent.withdraw_all(contact_point=point, source="one_click")
    profile.record_fact(contact=contact, key="occupation", value="Beekeeper", source="rep")
    make_activity(point, kind="note", subject_title="Orchid secret of Zhao Lihua")
    make_task(owner, title="Call Zhao Lihua", contact=contact)
    IdentitySuggestion.objects.create(
        contact_point=make_point(), contact=contact, name="Zhao Lihua", reason="name", source="x"
    )
    make_user("Zhao Lihua", is_staff=False, email=ADDRESS)
    LogEntry.objects.log_actions(administrator.pk, [contact], 2, "Changed Zhao Lihua.")
    mail = make_delivery(
        address=ADDRESS,
        contact_point=point,
        parameters={"subject": "Dear Zhao Lihua", "text": "Orchid secret", "html": ""},
    )
    sending.send(delivery_id=mail.pk)
    make_delivery(address=ADDRESS, contact_point=point, parameters={"subject": "Zhao Lihua"})
    seat = make_guest(make_past_meeting(owner), contact_point=point, name="Zhao Lihua")
    make_presence(seat)
    make_chat_line(seat, "Orchid secret")
    assert seat.registration is not None
    for number in range(30):
        buyer = contact if number == 0 else make_contact(owner=owner)
        make_purchase(contact=buyer, amount=100 + number)
    run = make_run(kind="segments", requested_by=owner, parameters={"k": 2})
    execution.execute_run(run_id=run.pk)
    run.refresh_from_db()
    return Known(contact, point, seat.registration, run, mail)


def traces_in_database() -> set[str]:
    """Which of the person's traces stand anywhere: every column of every table is read."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            text = " ".join(
                bytes(value).decode("utf-8", "replace")
                if isinstance(value, (bytes, memoryview))
                else str(value)
                for row in cursor.fetchall()
                for value in row
            )
            found |= {f"{table}: {trace}" for trace in TRACES if trace.lower() in text.lower()}
    return found


def test_export_holds_what_every_app_knows(known: Known, administrator: User) -> None:
    apps = personal_data.export_person(contact=known.contact, requested_by=administrator)

    text = json.dumps(as_plain_data(apps), cls=DjangoJSONEncoder)
    data = json.loads(text)
    for trace in TRACES:
        assert trace in text, trace
    assert set(data) == {"crm", "meetings", "analytics"}
    assert {"contact", "contactpoint", "profilefact", "consentevent", "activity"} <= set(
        data["crm"]
    )
    assert {"purchase", "task", "delivery", "user"} <= set(data["crm"])
    assert set(data["meetings"]) == {"registration", "seat", "presenceinterval", "chatmessage"}
    assert len(data["analytics"]["rows"]) == 1
    assert [event["state"] for event in data["crm"]["consentevent"]][:2] == ["granted", "withdrawn"]


def test_erasing_leaves_no_trace_in_any_table_nor_in_the_mail_folder(
    known: Known,
    administrator: User,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert len(traces_in_database()) > 10
    assert len(list(tmp_path.glob("*.eml"))) == 1

    with django_capture_on_commit_callbacks(execute=True):
        personal_data.erase_person(contact=known.contact, erased_by=administrator)

    assert traces_in_database() == set()
    assert list(tmp_path.glob("*.eml")) == []


def test_erasing_leaves_figures_consents_and_the_suppression(
    known: Known, administrator: User
) -> None:
    consents = list(ConsentEvent.objects.order_by("pk").values_list("pk", "state"))
    activities = Activity.objects.count()
    sold = sum(purchase.amount for purchase in Purchase.objects.all())

    personal_data.erase_person(contact=known.contact, erased_by=administrator)

    assert list(ConsentEvent.objects.order_by("pk").values_list("pk", "state")) == consents != []
    assert Activity.objects.count() == activities
    assert sum(purchase.amount for purchase in Purchase.objects.all()) == sold
    assert is_suppressed(ADDRESS, "marketing")
    known.registration.refresh_from_db()
    assert known.registration.seat.presence.count() == 1
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states == {"sent", "suppressed"}


def test_erased_person_is_found_no_more_and_a_newcomer_with_the_address_starts_anew(
    known: Known, administrator: User
) -> None:
    personal_data.erase_person(contact=known.contact, erased_by=administrator)

    assert known.contact not in visible_contacts(administrator)
    newcomer = make_point(ADDRESS)
    assert (newcomer.contact, newcomer.consents.count()) == (None, 0)
    with pytest.raises(AlreadyErased):
        personal_data.erase_person(contact=known.contact, erased_by=administrator)


def test_run_that_used_the_person_loses_the_row_and_says_that_it_cannot_be_repeated(
    known: Known, administrator: User, owner: User
) -> None:
    figures = known.run.figures

    personal_data.erase_person(contact=known.contact, erased_by=administrator)

    run = Run.objects.get(pk=known.run.pk)
    assert (run.rows_erased, len(run.dataset["rows"]), run.rows_in) == (1, 29, 30)
    assert run.figures == figures is not None
    with pytest.raises(CannotRepeat, match="rows: 1"):
        runs.repeat_run(run=run, user=owner)
    fresh = runs.repeat_run(run=run, user=owner, with_new_data=True)
    execution.execute_run(run_id=fresh.pk)
    fresh.refresh_from_db()
    assert fresh.rows_in == 29


def test_coming_meeting_does_not_expect_the_person_and_can_still_be_moved(
    known: Known, administrator: User, owner: User
) -> None:
    meeting = make_meeting(owner)
    seat = make_guest(meeting, contact_point=known.point)

    personal_data.erase_person(contact=known.contact, erased_by=administrator)
    planning.reschedule(
        meeting=meeting,
        starts_at=meeting.starts_at + timedelta(days=1),
        ends_at=meeting.ends_at + timedelta(days=1),
        time_zone=meeting.time_zone,
        changed_by=owner,
    )

    seat.registration.refresh_from_db()
    assert seat.registration.state == "cancelled"
    assert not Delivery.objects.filter(composer="meeting_change").exists()


def test_shared_address_stays_with_the_others_who_read_it(
    known: Known, administrator: User
) -> None:
    office = make_point("office@customers.example", contact=known.contact, is_shared=True)

    personal_data.erase_person(contact=known.contact, erased_by=administrator)

    office.refresh_from_db()
    assert (office.value, office.contact) == ("office@customers.example", None)


def test_nothing_is_erased_when_one_app_fails(
    known: Known, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = traces_in_database()

    def fail(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(personal_data, "_log", fail)
    with pytest.raises(OSError, match="disk full"):
        personal_data.erase_person(contact=known.contact, erased_by=administrator)

    assert traces_in_database() == before


def test_who_may_export_and_who_may_erase(
    known: Known, owner: User, manager: User, stranger: User, auditor: User, administrator: User
) -> None:
    for person in (owner, stranger, auditor):
        with pytest.raises(NotAllowed):
            personal_data.export_person(contact=known.contact, requested_by=person)
    assert personal_data.export_person(contact=known.contact, requested_by=manager)
    for person in (owner, manager, stranger, auditor):
        with pytest.raises(NotAllowed):
            personal_data.erase_person(contact=known.contact, erased_by=person)

    assert Contact.objects.get(pk=known.contact.pk).erased_at is None
    personal_data.erase_person(contact=known.contact, erased_by=administrator)


# --- Pages --------------------------------------------------------------------------------------


def address(name: str, contact: Contact) -> str:
    return reverse(f"admin:crm_contact_{name}", args=[contact.pk])


def test_page_shows_everything_only_when_asked_and_logs_it(
    known: Known, manager: User, client: Client
) -> None:
    client.force_login(manager)
    page = address("personal_data", known.contact)

    before, after = client.get(page), client.post(page)

    assert "Beekeeper" not in before.content.decode()
    assert "Beekeeper" in after.content.decode()
    assert "no-store" in after["Cache-Control"]
    entry = LogEntry.objects.first()
    assert entry is not None
    assert (entry.user, entry.object_id) == (manager, str(known.contact.pk))
    assert "personal-data.json" in entry.get_change_message()


def test_file_is_json_and_never_given_to_a_link(
    known: Known, manager: User, client: Client
) -> None:
    client.force_login(manager)
    page = address("personal_data_file", known.contact)

    assert client.get(page).status_code == 405
    response = client.post(page)

    assert response["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    assert json.loads(response.content)["crm"]["contact"][0]["name"] == "Zhao Lihua"


def test_erase_page_says_what_it_touches_and_wants_the_name(
    known: Known, administrator: User, client: Client
) -> None:
    client.force_login(administrator)
    page = address("erase", known.contact)

    shown = client.get(page).content.decode()
    wrong = client.post(page, {"name": "somebody"}).content.decode()

    assert "Activities: 2" in " ".join(shown.split())
    assert "This is not the name of this person." in wrong
    assert Contact.objects.get(pk=known.contact.pk).erased_at is None
    response = client.post(page, {"name": "Zhao Lihua"}, follow=True)
    assert "The person is erased." in response.content.decode()
    assert client.get(page).status_code == 404
    entry = LogEntry.objects.first()
    assert entry is not None
    assert (entry.user, entry.get_change_message()) == (
        administrator,
        "Deleted personal data “–”.",
    )


@pytest.mark.parametrize("name", ["personal_data", "personal_data_file", "erase"])
def test_pages_are_closed_to_who_may_not(
    known: Known, owner: User, stranger: User, client: Client, name: str
) -> None:
    page = address(name, known.contact)

    for person, status in ((owner, 403), (stranger, 404)):
        client.force_login(person)
        assert client.post(page, {"name": "Zhao Lihua"}).status_code == status

    assert Contact.objects.get(pk=known.contact.pk).erased_at is None
