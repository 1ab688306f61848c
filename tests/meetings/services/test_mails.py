"""The mails about meetings as they are really sent: language, zone, link, calendar entry."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from icalendar import Calendar

from crm.models import Delivery, User
from crm.services import sending
from meetings.models import Meeting
from meetings.services import planning, registration, registration_mails, tokens
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail_folder(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    settings.MAIL_FOLDER = tmp_path


def _send_newest() -> EmailMessage:
    delivery = Delivery.objects.latest("pk")
    assert sending.send(delivery_id=delivery.pk) == "sent", Delivery.objects.latest("pk").error
    delivery.refresh_from_db()
    message = message_from_bytes(delivery.read_mime() or b"", policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def _entry(message: EmailMessage) -> tuple[Any, Any]:
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert part.get_param("method") == calendar["METHOD"]
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def _meeting(owner: User, **fields: Any) -> Meeting:
    start = datetime(2027, 6, 10, 8, tzinfo=UTC)
    return make_meeting(owner, starts_at=start, ends_at=start + timedelta(hours=1), **fields)


def test_confirmation_states_the_receivers_own_time_and_link(owner: User) -> None:
    row = make_registration(_meeting(owner, title="Herbst & Co"), time_zone="Asia/Shanghai")
    registration_mails.replace_link(registration=row, replaced_by=owner)

    message = _send_newest()

    row.refresh_from_db()
    link = f"/r/{tokens.personal_token(row)}/"
    assert message["Subject"] == "Your link for “Herbst & Co”"
    assert "16:00–17:00 (Asia/Shanghai)" in _text(message)
    assert link in _text(message)
    assert link in _text(message, "html")
    assert "Herbst &amp; Co" in _text(message, "html")
    calendar, event = _entry(message)
    assert (str(calendar["METHOD"]), link in str(event["DESCRIPTION"])) == ("REQUEST", True)


def test_mail_to_an_address_nobody_proved_says_nothing_that_was_typed(owner: User) -> None:
    row = make_registration(
        _meeting(owner), name="Visit evil-example now", company_name="Evil", verified_at=None
    )
    registration_mails.replace_link(registration=row, replaced_by=owner)

    mime = _send_newest()

    entry = _entry(mime)[1]
    for words in (_text(mime), _text(mime, "html"), str(entry.to_ical())):
        assert "vil" not in words
    assert _text(mime).startswith("Hello,")


def test_answers_to_a_mail_reach_the_host(owner: User) -> None:
    row = make_registration(_meeting(owner))
    registration_mails.replace_link(registration=row, replaced_by=owner)

    mime = _send_newest()

    assert mime["Reply-To"] == formataddr((owner.get_full_name(), owner.email))
    organizer = _entry(mime)[1]["ORGANIZER"]
    assert str(organizer) == f"MAILTO:{owner.email}"
    assert organizer.params["SENT-BY"] == "MAILTO:no-reply@localhost"


def test_confirmation_follows_the_language_of_the_receiver(owner: User) -> None:
    row = make_registration(_meeting(owner), language="zh-hans")
    registration_mails.replace_link(registration=row, replaced_by=owner)

    with translation.override("en"):
        message = _send_newest()

    assert "2027年6月10日" in _text(message)


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("Pacific/Honolulu", "9 Jun 2027, 22:00–10 Jun 2027, 01:00"),
        ("Europe/Berlin", "10 Jun 2027, 10:00–13:00"),
    ],
)
def test_confirmation_names_the_day_of_the_end_where_it_is_another_for_the_receiver(
    owner: User, zone: str, times: str
) -> None:
    start = datetime(2027, 6, 10, 8, tzinfo=UTC)
    meeting = make_meeting(owner, starts_at=start, ends_at=start + timedelta(hours=3))
    row = make_registration(meeting, time_zone=zone)
    registration_mails.replace_link(registration=row, replaced_by=owner)

    message = _send_newest()

    assert times in _text(message)
    assert times in _text(message, "html")


def test_change_names_both_times_and_carries_the_next_sequence(owner: User) -> None:
    meeting = _meeting(owner)
    make_registration(meeting, time_zone="Europe/Berlin")
    start = meeting.starts_at + timedelta(days=1)
    planning.reschedule(
        meeting=meeting,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        time_zone=meeting.time_zone,
        changed_by=owner,
    )

    message = _send_newest()

    assert "11 Jun 2027, 10:00–11:00 (Europe/Berlin)" in _text(message)
    assert "10 Jun 2027, 10:00" in _text(message)
    assert int(_entry(message)[1]["SEQUENCE"]) == 1


def test_cancellation_removes_the_entry_and_gives_the_reason_as_text(owner: User) -> None:
    meeting = _meeting(owner)
    make_registration(meeting)
    planning.cancel(meeting=meeting, cancelled_by=owner, reason="<b>Ill</b>")

    message = _send_newest()

    calendar, event = _entry(message)
    assert (str(calendar["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert "&lt;b&gt;Ill&lt;/b&gt;" in _text(message, "html")
    assert "/r/" not in _text(message)


def test_registration_taken_back_removes_the_entry_without_a_link(owner: User) -> None:
    registration.cancel(registration=make_registration(_meeting(owner)))

    message = _send_newest()

    calendar, event = _entry(message)
    assert str(calendar["METHOD"]) == "CANCEL"
    assert "/r/" not in str(event["DESCRIPTION"])
    assert "/r/" not in _text(message)


def test_confirmation_of_a_meeting_cancelled_meanwhile_is_not_sent(owner: User) -> None:
    meeting = _meeting(owner)
    row = make_registration(meeting)
    registration_mails.replace_link(registration=row, replaced_by=owner)
    confirmation = Delivery.objects.get()
    planning.cancel(meeting=meeting, cancelled_by=owner)

    assert sending.send(delivery_id=confirmation.pk) == "suppressed"
