"""`seed_demo --remove`: leaves what people entered, and nothing of the demo company."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Max, Q
from django.test import Client, TestCase
from django.utils import timezone

from analytics.models import Run
from analytics.services.scoring import request_missing_scores
from crm.models import (
    Activity,
    Channel,
    Company,
    ConsentEvent,
    Contact,
    ContactPoint,
    Delivery,
    Product,
    Suppression,
    User,
)
from crm.services import activities, consent, deliveries
from crm.services.sending import send
from meetings.models import Meeting, Recording, RecordingTrack, Registration
from meetings.services import access, registration
from tests.factories.crm import (
    make_consent,
    make_contact,
    make_point,
    make_purchase,
    make_spend,
    make_task,
)
from tests.factories.meetings import make_meeting, make_registration
from tests.people import make_user
from vmcrm.demo.loading import load_demo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("database_guard")]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.HOME = tmp_path
    settings.MAIL_FOLDER = tmp_path / "mail"


def seed(**options) -> str:
    out = io.StringIO()
    with TestCase.captureOnCommitCallbacks(execute="remove" in options):
        call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def count_rows() -> dict[str, int]:
    """Every table, those without a model included. Sequences of SQLite are no rows of ours."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def read_everything() -> dict[str, list]:
    contents = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            contents[table] = sorted(cursor.fetchall(), key=str)
    return contents


def live_in_the_demo() -> None:
    """What people and workers do with the demo before somebody has seen enough."""
    anna = User.objects.get(email="anna@lumen.example")
    marta = User.objects.get(email="marta@lumen.example")
    client = Client()
    client.force_login(anna)
    contact = Contact.objects.filter(owner=anna).first()
    client.post(f"/admin/crm/contact/{contact.pk}/change/", {"name": "Renamed"})
    point = contact.points.filter(kind="email").first() or make_point(contact=contact)
    consent.record(
        contact_point=ContactPoint.objects.filter(consents__isnull=False).first(),
        purpose="marketing",
        state="withdrawn",
        wording_version="marketing-1",
        source="preferences",
    )
    activities.record(
        contact_point=point, kind="call", occurred_at=timezone.now(), subject_title="Rang up"
    )
    assert request_missing_scores()
    mail = deliveries.enqueue_composed(
        purpose_key="test", address=marta.email, subject="Hello", text="Hello", language="en"
    )
    send(delivery_id=mail.pk)
    send(delivery_id=Delivery.objects.filter(contact_point__isnull=False).first().pk)


def test_last_activity_in_the_demo_is_the_newest_on_the_timeline():
    load_demo(seed=1)

    newest = Max("points__activities__occurred_at")
    apart = Contact.objects.annotate(newest=newest).exclude(
        Q(last_activity_at=F("newest")) | Q(last_activity_at=None, newest=None)
    )
    assert list(apart.values_list("name", "last_activity_at", "newest")) == []


def test_remove_restores_the_row_count_of_every_table(tmp_path):
    before = count_rows()
    seed()
    live_in_the_demo()
    loaded = count_rows()

    said = seed(remove=True)

    assert loaded["crm_contact"] == 300
    assert loaded["crm_consentevent"] > 200
    assert loaded["crm_suppression"] == 1
    assert loaded["analytics_run"] > 3
    assert loaded["django_session"] == 1
    assert count_rows() == before
    assert list((tmp_path / "mail").glob("*")) == []
    assert not (tmp_path / "secrets" / "demo_password").exists()
    assert "The demo company is gone." in said


def test_last_activity_of_a_real_contact_is_that_of_what_stays():
    point = make_contact(name="Real Person", email="real@customer.test").points.get()
    untouched = make_contact(name="Another Person", email="other@customer.test")
    called_at = timezone.now() - timedelta(days=40)
    activities.record(contact_point=point, kind="call", occurred_at=called_at)
    load_demo(seed=1)
    for days, meeting in enumerate(Meeting.objects.all()[:2]):
        activities.record(
            contact_point=point,
            kind="attended",
            occurred_at=timezone.now() - timedelta(days=days),
            subject_ref=meeting.subject_ref,
        )

    seed(remove=True)

    contact = point.contact
    contact.refresh_from_db()
    assert (contact.last_activity_at, contact.engagement_score) == (called_at, 2)
    untouched.refresh_from_db()
    assert untouched.last_activity_at is None


def test_remove_twice_is_harmless_and_loading_again_works():
    seed()
    first = count_rows()
    seed(remove=True)

    again = seed(remove=True)
    seed()

    assert again == "There is no demo data.\n"
    assert count_rows() == first


def test_real_rows_beside_the_demo_stay_exactly_as_they_are():
    ada = make_user("Ada Administrator", "admin", is_superuser=True)
    real = make_contact(name="Real Person", email="real@customer.test", owner=ada)
    make_consent(real.points.get())
    make_task(ada, contact=real)
    make_purchase(contact=real)
    make_spend()
    make_registration(make_meeting(ada))
    before = read_everything()

    load_demo(seed=1)
    seed(remove=True)

    assert read_everything() == before


def test_real_row_that_mentions_the_demo_stays_and_loses_the_mention():
    seed()
    anna = User.objects.get(email="anna@lumen.example")
    company = Company.objects.filter(owner=anna).first()
    real = make_contact(name="Real Person", company=company, owner=anna, team=anna.team)
    real.collaborators.add(anna)

    said = seed(remove=True)

    real.refresh_from_db()
    assert (real.name, real.company, real.owner, real.team) == ("Real Person", None, None, None)
    assert not real.collaborators.exists()
    assert "Keeping 1 contacts of yours; “owner” named a demo record and becomes empty." in said


def test_guest_of_a_demo_meeting_stays_without_the_meeting():
    seed()
    meeting = Meeting.objects.get(title="Open house: meet the Lumen team")
    point = make_contact(name="Real Guest", email="guest@customer.test").points.get()
    registration.register(
        meeting=meeting,
        person=registration.Person(
            name="Real Guest",
            email=point.value,
            company_name="",
            language="en",
            time_zone="UTC",
            consents=("recording",),
        ),
        provenance=registration.Provenance(),
        client="test",
    )
    assert Activity.objects.filter(contact_point=point).exists()

    seed(remove=True)

    assert Contact.objects.get().name == "Real Guest"
    assert ConsentEvent.objects.get().contact_point == point
    assert not Activity.objects.exists()
    assert not Registration.objects.exists()
    assert not Delivery.objects.exists()


def test_demo_guests_leave_a_real_meeting():
    seed()
    ada = make_user("Ada Administrator", "admin")
    meeting = make_meeting(ada, title="Ours")
    make_registration(meeting, contact_point=ContactPoint.objects.filter(kind="email").first())
    make_registration(meeting, contact_point=make_point("real@customer.test"))

    seed(remove=True)

    assert Meeting.objects.get().title == "Ours"
    left = meeting.registrations.values_list("contact_point__value", flat=True)
    assert list(left) == ["real@customer.test"]


def hang_something_on_the_demo() -> None:
    ada = make_user("Ada Administrator", "admin")
    make_task(ada, contact=Contact.objects.first(), title="Call back")
    make_purchase(contact=make_contact(name="Real Buyer"), product=Product.objects.first())
    make_spend(channel=Channel.objects.first())
    make_meeting(User.objects.get(email="anna@lumen.example"), title="My own try")


def test_rows_that_cannot_stand_alone_stop_the_removal_and_are_named():
    seed()
    hang_something_on_the_demo()
    before, out = read_everything(), io.StringIO()

    with pytest.raises(CommandError, match="Nothing was removed: your own records"):
        call_command("seed_demo", remove=True, stdout=out)

    assert read_everything() == before
    for words in ("tasks", "Call back", "purchases", "spend", "meetings", "My own try"):
        assert words in out.getvalue()


def test_rows_that_cannot_stand_alone_go_when_asked_to():
    before = count_rows()
    seed()
    hang_something_on_the_demo()

    seed(remove=True, with_attached=True)

    assert Contact.objects.get().name == "Real Buyer"
    assert User.objects.get().name == "Ada Administrator"
    changed = {
        table: count - before[table]
        for table, count in count_rows().items()
        if count != before[table]
    }
    assert changed == {
        "crm_contact": 1,
        "crm_user": 1,
        "crm_user_groups": 1,
    }


def test_dry_run_counts_and_changes_nothing():
    seed()
    hang_something_on_the_demo()
    before = read_everything()

    said = seed(remove=True, dry_run=True)

    assert read_everything() == before
    assert "Would remove" in said
    assert "     300  contacts" in said
    assert "Yours, but hanging on the demo: tasks" in said


def test_demo_that_was_not_noted_is_left_alone_with_a_sentence():
    make_user("Anna", email="anna@lumen.example")

    said = seed(remove=True)

    assert "did not note its rows" in said
    assert User.objects.count() == 1


def test_options_of_removing_are_refused_without_it():
    with pytest.raises(CommandError, match="belong to --remove"):
        seed(dry_run=True)


def test_suppressed_addresses_of_the_demo_go_and_others_stay():
    seed()
    live_in_the_demo()
    consent.record(
        contact_point=make_point("real@customer.test"),
        purpose="marketing",
        state="withdrawn",
        wording_version="marketing-1",
        source="preferences",
    )

    seed(remove=True)

    assert Suppression.objects.count() == 1
    assert not Run.objects.exists()


def test_recording_of_a_real_meeting_keeps_all_but_the_tracks_of_demo_people():
    seed()
    ada, anna = make_user("Ada Administrator", "admin"), User.objects.get(name="Anna Weber")
    meeting = make_meeting(ada, title="Ours")
    meeting.co_hosts.add(anna)
    hers, ours = (access.ensure_host_seat(meeting=meeting, user=person) for person in (anna, ada))
    recording = Recording.objects.create(
        meeting=meeting,
        started_by=hers,
        starts_at=timezone.now(),
        delete_on=timezone.localdate(),
        changed_sequence=1,
    )
    for seat in (hers, ours):
        RecordingTrack.objects.create(
            recording=recording,
            seat=seat,
            source="microphone",
            relay_file=f"{seat.pk}",
            started_at=timezone.now(),
            duration_s=1,
            size_bytes=4,
            journal={},
            file=ContentFile(b"webm", f"{seat.pk}.webm"),
        )
    gone, kept = (track.file.name for track in RecordingTrack.objects.order_by("pk"))

    seed(remove=True)

    recording.refresh_from_db()
    assert recording.started_by is None
    assert [track.seat for track in recording.tracks.all()] == [ours]
    assert default_storage.exists(kept)
    assert not default_storage.exists(gone)
