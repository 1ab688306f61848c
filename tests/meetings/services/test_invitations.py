"""Inviting: each contact counted once, each address written to once, consent asked for."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone, translation

from crm.models import Contact, Delivery, User
from crm.selectors.timeline import timeline_of
from crm.services import consent, mailings, sending
from crm.services.mailings import NobodyToWriteTo
from meetings.contributions import link_to_meeting
from meetings.models import Meeting
from meetings.services import invitations, tokens
from meetings.services.invitations import Invitation, InvitationPreview
from meetings.services.refusals import NotAllowed
from tests.factories.crm import make_company, make_consent, make_contact
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


def _willing(email: str, **fields: object) -> Contact:
    contact = make_contact(email=email, **fields)
    make_consent(contact.points.get())
    return contact


def _choice(meeting: Meeting) -> InvitationPreview:
    """One contact of every sort, and two who will get the mail."""
    _willing("one@customers.example")
    _willing("two@customers.example")
    make_contact(email="no.consent@customers.example")
    make_contact()
    registered = _willing("registered@customers.example")
    make_registration(meeting, contact_point=registered.points.get())
    return invitations.preview(meeting=meeting, contacts=Contact.objects.all())


def test_preview_counts_every_contact_once(owner: User) -> None:
    preview = _choice(make_meeting(owner))

    assert preview == InvitationPreview(
        total=5,
        will_send=2,
        already_registered=1,
        already_invited=0,
        no_address=1,
        no_consent=1,
        suppressed=0,
    )


def test_invite_reaches_who_was_registered_by_a_stranger_and_never_confirmed(owner: User) -> None:
    meeting = make_meeting(owner)
    point = _willing("one@customers.example").points.get()
    make_registration(meeting, contact_point=point, verified_at=None)

    preview = invitations.preview(meeting=meeting, contacts=Contact.objects.all())

    assert (preview.will_send, preview.already_registered) == (1, 0)


def test_invite_writes_to_whom_the_preview_counted_and_never_twice(owner: User) -> None:
    meeting = make_meeting(owner)
    _choice(meeting)

    mailing = invitations.invite(meeting=meeting, contacts=Contact.objects.all(), invited_by=owner)
    mailings.expand(mailing_id=mailing.pk)

    assert sorted(row.address for row in Delivery.objects.all()) == [
        "one@customers.example",
        "two@customers.example",
    ]
    again = invitations.preview(meeting=meeting, contacts=Contact.objects.all())
    assert (again.will_send, again.already_invited) == (0, 2)
    with pytest.raises(NobodyToWriteTo):
        invitations.invite(meeting=meeting, contacts=Contact.objects.all(), invited_by=owner)


def test_invite_by_people_without_right_or_to_a_past_meeting_is_refused(
    owner: User, teammate: User, stranger: User, auditor: User
) -> None:
    meeting = make_meeting(owner)
    _willing("one@customers.example")

    for person in (teammate, stranger, auditor):
        with pytest.raises(NotAllowed):
            invitations.invite(meeting=meeting, contacts=Contact.objects.all(), invited_by=person)
    over = make_meeting(owner, state="ended")
    with pytest.raises(NotAllowed):
        invitations.invite(meeting=over, contacts=Contact.objects.all(), invited_by=owner)

    assert Delivery.objects.count() == 0


def test_invitation_mail_carries_words_link_and_way_out(owner: User) -> None:
    meeting = make_meeting(owner, starts_at=timezone.now() + timedelta(days=3))
    _willing("one@customers.example", name="Li Na", company=make_company(name="Hengrui"))
    mailing = invitations.invite(
        meeting=meeting,
        contacts=Contact.objects.all(),
        message="Come & see <it>.",
        invited_by=owner,
    )
    mailings.expand(mailing_id=mailing.pk)
    delivery = Delivery.objects.get()

    assert sending.send(delivery_id=delivery.pk) == "sent"

    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=delivery.pk)
    delivery.refresh_from_db()
    mime = delivery.read_mime() or b""
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mime
    assert invitations.find_invitation(token=token, meeting=meeting) == Invitation(
        delivery_id=delivery.pk,
        address="one@customers.example",
        name="Li Na",
        company_name="Hengrui",
    )


def test_invitation_that_was_sent_stands_on_the_timeline_with_who_invited(owner: User) -> None:
    meeting = make_meeting(owner, title="Spring launch")
    contact = _willing("one@customers.example", name="Li Na")
    mailing = invitations.invite(meeting=meeting, contacts=Contact.objects.all(), invited_by=owner)
    mailings.expand(mailing_id=mailing.pk)
    before = timeline_of(contact)

    sending.send(delivery_id=Delivery.objects.get().pk)

    assert before == []
    entries = timeline_of(contact)
    assert [(entry.icon, entry.sentence, entry.url) for entry in entries] == [
        (
            "send",
            f"Invited to “Spring launch” by {owner.get_full_name()}",
            link_to_meeting(meeting.subject_ref),
        )
    ]
    with translation.override("zh-hans"):
        assert timeline_of(contact)[0].sentence == f"{owner.get_full_name()}邀请参加“Spring launch”"


def test_invitation_that_was_not_sent_leaves_nothing_on_the_timeline(owner: User) -> None:
    meeting = make_meeting(owner)
    contact = _willing("one@customers.example")
    mailing = invitations.invite(meeting=meeting, contacts=Contact.objects.all(), invited_by=owner)
    mailings.expand(mailing_id=mailing.pk)
    consent.withdraw_all(contact_point=contact.points.get(), source="one_click")

    assert sending.send(delivery_id=Delivery.objects.get().pk) == "suppressed"

    assert timeline_of(contact) == []


def test_find_invitation_refuses_forged_foreign_and_unknown_tokens(owner: User) -> None:
    meeting, other = make_meeting(owner), make_meeting(owner)
    foreign = tokens.invitation_token(meeting_id=other.public_id, delivery_id=1)
    unknown = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=999_999)

    for token in (foreign, unknown, foreign[:-1], "", str(uuid4())):
        assert invitations.find_invitation(token=token, meeting=meeting) is None
