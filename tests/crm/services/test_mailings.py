"""Mail to many: counted, snapshotted, expanded once however often a worker dies."""

import pytest
from django.utils import timezone

from crm.models import Contact, Delivery, Mailing, User
from crm.services import consent, mailings, suppression
from tests.factories.crm import make_contact, make_delivery, make_point

pytestmark = pytest.mark.django_db


def make_reader(name: str, **fields: object) -> Contact:
    contact = make_contact(name=name, email=f"{name.lower()}@customers.example", **fields)
    consent.grant_many(
        contact_point=contact.points.get(), purposes=["marketing"], source="preferences"
    )
    return contact


def create(owner: User, **facts: object) -> Mailing:
    facts = {
        "created_by": owner,
        "composer": "crm.composed",
        "parameters": {"subject": "S", "text": "T"},
        "consent_purpose": "marketing",
        "contacts": Contact.objects.all(),
        "subject_ref": "meeting:1",
        "purpose_key_prefix": "invite:1",
    } | facts
    return mailings.create(**facts)  # type: ignore[arg-type]


def test_preview_counts_each_contact_once_with_its_reason() -> None:
    make_reader("Anna")
    make_contact(name="No address")
    make_contact(name="No consent", email="noconsent@customers.example")
    suppressed = make_reader("Sup")
    suppression.suppress(address=suppressed.points.get().normalised, reason="blocked")
    dead = make_reader("Dead")
    dead.points.update(bounce_state="hard")
    invited = make_reader("Inv")
    make_delivery(purpose_key="invite:1", address=invited.points.get().normalised)

    preview = mailings.preview(
        contacts=Contact.objects.all(), consent_purpose="marketing", purpose_key_prefix="invite:1"
    )

    assert preview == mailings.MailingPreview(
        total=6, will_send=1, no_address=2, no_consent=1, suppressed=1, already_invited=1
    )


def test_contact_with_two_addresses_gets_one_mail_at_the_verified_one(owner: User) -> None:
    contact = make_contact(name="Two")
    make_point("old@customers.example", contact=contact)
    verified = make_point("new@customers.example", contact=contact, verified_at=timezone.now())

    mailing = create(owner, consent_purpose="service")
    mailings.expand(mailing_id=mailing.pk)

    assert [d.address for d in mailing.deliveries.all()] == [verified.normalised]


def test_mailing_is_expanded_into_one_delivery_each(owner: User) -> None:
    make_reader("Anna", language="zh-hans", time_zone="Asia/Shanghai")
    make_reader("Bert")
    mailing = create(owner)

    made = mailings.expand(mailing_id=mailing.pk)
    again = mailings.expand(mailing_id=mailing.pk)

    mailing.refresh_from_db()
    rows = list(
        mailing.deliveries.order_by("address").values_list(
            "address", "language", "time_zone", "purpose_key", "consent_purpose", "subject_ref"
        )
    )
    assert (made, again, mailing.state, mailing.recipient_count) == (2, 0, "expanded", 2)
    assert rows == [
        (
            "anna@customers.example",
            "zh-hans",
            "Asia/Shanghai",
            "invite:1",
            "marketing",
            "meeting:1",
        ),
        ("bert@customers.example", "en", "", "invite:1", "marketing", "meeting:1"),
    ]


def test_expansion_goes_on_where_it_was_stopped(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Anna", "Bert", "Cleo"):
        make_reader(name)
    mailing = create(owner)
    monkeypatch.setattr(mailings, "_CHUNK", 1)
    mailings._expand_chunk(mailing)

    made = mailings.expand(mailing_id=mailing.pk)

    assert (made, Delivery.objects.count()) == (2, 3)


def test_recipients_are_those_of_the_moment_of_creation(owner: User) -> None:
    make_reader("Anna")
    mailing = create(owner)
    make_reader("Late")

    mailings.expand(mailing_id=mailing.pk)

    assert [d.address for d in mailing.deliveries.all()] == ["anna@customers.example"]


def test_address_written_to_in_the_meantime_is_left_out(owner: User) -> None:
    contact = make_reader("Anna")
    mailing = create(owner)
    make_delivery(purpose_key="invite:1", address=contact.points.get().normalised)

    mailings.expand(mailing_id=mailing.pk)

    assert (mailing.deliveries.count(), Delivery.objects.count()) == (0, 1)
    assert mailing.recipients.get().state == "skipped"


def test_mailing_to_nobody_is_refused(owner: User) -> None:
    make_contact(name="No address")

    with pytest.raises(mailings.NobodyToWriteTo):
        create(owner)
    assert not Mailing.objects.exists()


def test_sweep_wakes_mailings_without_a_worker(owner: User) -> None:
    make_reader("Anna")
    mailing = create(owner)

    waiting = mailings.wake_unfinished()
    mailings.expand(mailing_id=mailing.pk)

    assert (waiting, mailings.wake_unfinished()) == (1, 0)
