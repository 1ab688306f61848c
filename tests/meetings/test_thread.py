"""The thread in one piece: plan, invite, register, verify, be there, close, know the customer."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Contact, Delivery, Mailing, User
from crm.selectors.timeline import timeline_of
from crm.services import mailings, sending
from meetings.models import Meeting, Registration
from meetings.selectors.outcomes import meeting_outcome
from tests.factories.crm import make_consent, make_contact
from tests.factories.meetings import make_presence
from tests.meetings.admin.test_meeting_admin import _form

pytestmark = pytest.mark.django_db


def _send_all() -> None:
    for delivery in Delivery.objects.filter(state="queued"):
        assert sending.send(delivery_id=delivery.pk) == "sent"


def _link_in_newest_mail(address: str, pattern: str) -> str:
    """The path of the first link of that shape, as the receiver reads it."""
    delivery = Delivery.objects.filter(address=address).latest("pk")
    message = message_from_bytes(delivery.read_mime() or b"", policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain",))
    assert body is not None
    found = re.search(rf"http://localhost:\d+({pattern})", body.get_content())
    assert found is not None
    return found[1]


def test_thread_from_plan_to_the_contacts_timeline(owner: User) -> None:
    known = make_contact(email="li.na@customers.example", name="Li Na", owner=owner)
    make_consent(known.points.get())
    rep, li_na, chen = Client(), Client(), Client(headers={"accept-language": "zh-hans"})
    rep.force_login(owner)

    # Plan
    rep.post("/admin/meetings/meeting/add/", _form(owner, visibility="public", has_lobby=""))
    meeting = Meeting.objects.get()
    start = timezone.now().replace(microsecond=0) + timedelta(minutes=10)
    Meeting.objects.update(starts_at=start, ends_at=start + timedelta(hours=1))

    # Invite
    rep.post("/admin/meetings/meeting/invite/", {"meeting": meeting.pk, "filter": "whose=own"})
    mailings.expand(mailing_id=Mailing.objects.get().pk)
    _send_all()

    # Register: one by invitation, one from the public page
    form_path = _link_in_newest_mail("li.na@customers.example", r"/meetings/\S+token=\S+")
    assert 'value="Li Na"' in li_na.get(form_path).content.decode()
    li_na.post(form_path, {"name": "Li Na", "email": "li.na@customers.example"})
    chen.post(
        f"/meetings/{meeting.public_id}/register/",
        {"name": "陈明", "email": "chen@customers.example", "consent_research": "on"},
    )
    _send_all()

    # Verify
    for client, address in ((li_na, "li.na@customers.example"), (chen, "chen@customers.example")):
        link = _link_in_newest_mail(address, r"/r/[^/\s]+/")
        client.get(link)
        assert client.post(link)["Location"] == f"/meetings/{meeting.public_id}/room/"
        assert client.get(f"/meetings/{meeting.public_id}/room/").status_code == 200
    assert Contact.objects.get(name="陈明").owner == owner

    # Meet
    started = start - timedelta(hours=2)
    Meeting.objects.update(
        starts_at=started,
        ends_at=started + timedelta(hours=1),
        went_live_at=started,
        ended_at=started + timedelta(hours=1),
        state="ended",
    )
    first, second = Registration.objects.order_by("pk")
    make_presence(first.seat, start=started, minutes=48)
    li_na.post(f"/meetings/{meeting.public_id}/left/", {"rating": "4"})

    # Close
    rep.post(f"/admin/meetings/meeting/{meeting.pk}/close/")

    known.refresh_from_db()
    sentences = {entry.sentence for entry in timeline_of(known)}
    assert {
        "Registered for “Spring round”",
        "Attended “Spring round” for 48 minutes",
        "Rated “Spring round” with 4 of 5 stars",
        "Took part in “Spring round” with 58 of 100 meeting points",
    } <= sentences
    assert known.engagement_score >= 14
    newcomer = second.contact_point.contact or Contact.objects.get(name="陈明")
    assert "Did not come to “Spring round”" in {row.sentence for row in timeline_of(newcomer)}
    outcome = meeting_outcome(meeting.public_id)
    assert outcome is not None
    assert (outcome.registered, outcome.attended, outcome.ratings) == (2, 1, [4])
    page = rep.get(f"/admin/crm/contact/{known.pk}/change/").content.decode()
    assert "Attended “Spring round” for 48 minutes" in page
