"""Linking addresses to contacts: only when verified, blanks only, and undone on demand."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Contact, ContactPoint, IdentityLink, IdentitySuggestion, User
from crm.services import identity
from crm.services.errors import InvalidName
from tests.factories.crm import make_activity, make_company, make_contact, make_point


def identify(point: ContactPoint, **facts: Any) -> identity.IdentityOutcome:
    facts = {
        "name": "张伟",
        "company_name": "恒瑞",
        "language": "zh-hans",
        "source": "meeting:1",
    } | facts
    return identity.identify(contact_point=point, **facts)


def verified_point(**fields: Any) -> ContactPoint:
    return make_point(verified_at=timezone.now(), **fields)


def test_unverified_address_is_claimed_and_nothing_is_made(db: None) -> None:
    outcome = identify(make_point())

    assert outcome == identity.IdentityOutcome("claimed", None)
    assert not Contact.objects.exists()


def test_verified_address_of_nobody_becomes_a_contact(owner: User) -> None:
    point = verified_point()
    make_activity(point, kind="call")

    outcome = identify(point, owner=owner, team=owner.team, time_zone="Asia/Shanghai")

    contact = Contact.objects.get()
    assert outcome == identity.IdentityOutcome("created", contact.pk)
    assert point.contact == contact
    assert (contact.name, contact.company.name if contact.company else "") == ("张伟", "恒瑞")
    assert (contact.owner, contact.team) == (owner, owner.team)
    assert contact.engagement_score == 2
    assert contact.last_activity_at is not None


def test_verified_address_of_a_contact_fills_blanks_only(owner: User) -> None:
    contact = make_contact(name="Zhang Wei", language="en", owner=owner)
    point = verified_point(contact=contact)

    outcome = identify(point)

    contact.refresh_from_db()
    assert outcome == identity.IdentityOutcome("linked", contact.pk)
    assert (contact.name, contact.language, contact.owner) == ("Zhang Wei", "en", owner)
    assert contact.company is not None


def test_identifying_twice_changes_nothing(db: None) -> None:
    point = verified_point()
    identify(point)

    outcome = identify(point)

    assert outcome.status == "linked"
    assert (Contact.objects.count(), IdentityLink.objects.count()) == (1, 1)


def test_shared_address_becomes_a_suggestion(db: None) -> None:
    point = verified_point(value="info@customers.example", is_shared=True)

    first, second = identify(point), identify(point)

    assert first == second == identity.IdentityOutcome("suggested", None)
    assert IdentitySuggestion.objects.get().reason == "shared"


def test_namesake_in_the_same_company_becomes_a_suggestion(db: None) -> None:
    company = make_company(name="恒瑞")
    known = make_contact(name="张伟", company=company)

    outcome = identify(verified_point())

    assert outcome.status == "suggested"
    assert IdentitySuggestion.objects.get().contact == known
    assert Contact.objects.count() == 1


def test_accepted_suggestion_links_and_closes_the_others(owner: User) -> None:
    company = make_company(name="恒瑞")
    known, other = (make_contact(name="张伟", company=company) for _ in range(2))
    point = verified_point()
    identify(point)

    identity.accept_suggestion(suggestion=known.suggestions.get(), decided_by=owner)

    point.refresh_from_db()
    assert point.contact == known
    assert other.suggestions.get().state == "rejected"
    with pytest.raises(identity.AlreadyDecided):
        identity.reject_suggestion(suggestion=known.suggestions.get(), decided_by=owner)


def test_unlink_takes_back_what_was_filled_and_nobody_changed(owner: User) -> None:
    contact = make_contact(name="Zhang Wei")
    point = verified_point(contact=None)
    point.contact = contact
    point.save()
    make_activity(point, occurred_at=timezone.now() - timedelta(days=1))
    identify(point, time_zone="Asia/Shanghai")
    Contact.objects.filter(pk=contact.pk).update(time_zone="Europe/Berlin")

    identity.unlink(link=IdentityLink.objects.get())

    contact.refresh_from_db()
    point.refresh_from_db()
    assert point.contact is None
    assert (contact.language, contact.company, contact.time_zone) == ("", None, "Europe/Berlin")
    assert contact.last_activity_at is None


def test_name_without_letters_is_refused(db: None) -> None:
    with pytest.raises(InvalidName):
        identify(verified_point(), name="  \u200b ")
