"""The last word counts, a stranger's tick does not, and a no outlives the address's row."""

import pytest

from crm.models import ConsentEvent, ContactPoint, Suppression
from crm.selectors import consent as consents
from crm.services import consent, contact_points, suppression
from tests.factories.crm import make_point

pytestmark = pytest.mark.django_db


def say(point: ContactPoint, state: str, **facts: str) -> ConsentEvent:
    facts = {
        "purpose": "marketing",
        "wording_version": "marketing-1",
        "source": "meeting:1",
    } | facts
    return consent.record(contact_point=point, state=state, **facts)


def test_mail_that_needs_consent_is_forbidden_until_it_is_granted() -> None:
    point = make_point()

    before = consents.may_send(point, "marketing")
    say(point, "granted")

    assert (before, consents.may_send(point, "marketing")) == (False, True)


def test_service_mail_needs_no_consent() -> None:
    assert consents.may_send(make_point(), "service") is True


def test_pending_consent_allows_nothing_until_the_address_is_verified() -> None:
    point = make_point()
    say(point, "pending")
    while_pending = consents.may_send(point, "marketing")

    contact_points.verify(contact_point=point, source="meeting:1")

    assert (while_pending, consents.may_send(point, "marketing")) == (False, True)
    assert point.verified_at is not None


def test_pending_after_granted_changes_nothing() -> None:
    point = make_point()
    say(point, "granted")

    say(point, "pending", source="somebody typed this address")

    assert ConsentEvent.objects.count() == 1
    assert consents.may_send(point, "marketing")


def test_verifying_again_does_not_undo_a_later_withdrawal() -> None:
    point = make_point()
    say(point, "pending")
    contact_points.verify(contact_point=point, source="meeting:1")
    say(point, "withdrawn", source="preferences")

    contact_points.verify(contact_point=point, source="meeting:1")

    assert not consents.may_send(point, "marketing")


def test_same_statement_again_adds_nothing_but_a_new_wording_does() -> None:
    point = make_point()
    first = say(point, "granted")

    same = say(point, "granted")
    newer = say(point, "granted", wording_version="marketing-2")

    assert same == first
    assert newer != first
    assert ConsentEvent.objects.count() == 2


def test_withdrawal_survives_the_erasure_of_the_address() -> None:
    point = make_point("li.na@customers.example")
    say(point, "granted")
    say(point, "withdrawn")
    ContactPoint.objects.filter(pk=point.pk).update(value="erased", normalised="erased")

    known_again = contact_points.ensure_email_point(address="Li.Na@Customers.example")
    say(known_again, "granted", source="import:list.csv")

    assert known_again.pk != point.pk
    assert not consents.may_send(known_again, "marketing")
    assert "li.na" not in str(list(Suppression.objects.values()))


def test_persons_own_yes_lifts_their_unsubscription() -> None:
    point = make_point()
    say(point, "withdrawn")

    say(point, "granted", source="preferences")

    assert consents.may_send(point, "marketing")


def test_persons_own_yes_does_not_lift_a_bounce() -> None:
    point = make_point()
    suppression.suppress(address=point.normalised, reason="bounced")

    say(point, "granted", source="preferences")

    assert not consents.may_send(point, "marketing")
    assert not consents.may_send(point, "service")


def test_states_give_the_last_word_for_each_purpose_and_channel() -> None:
    point = make_point()
    say(point, "granted")
    say(point, "withdrawn")
    say(point, "granted", channel="phone")

    states = consents.states(point)

    assert {key: status.state for key, status in states.items()} == {
        ("marketing", "email"): "withdrawn",
        ("marketing", "phone"): "granted",
    }


def test_granted_points_follow_the_last_word() -> None:
    staying, leaving = make_point(), make_point()
    for point in (staying, leaving):
        say(point, "granted")
    say(leaving, "withdrawn")

    assert list(consents.granted_points("marketing")) == [staying]


def test_last_words_of_several_points_are_those_of_this_purpose_and_channel_alone() -> None:
    staying, leaving, elsewhere, quiet = points = [make_point() for _ in range(4)]
    for point in (staying, leaving):
        say(point, "granted")
    say(leaving, "withdrawn")
    say(staying, "withdrawn", purpose="research", wording_version="research-1")
    say(elsewhere, "granted", channel="phone")

    states = consents.current_states([point.pk for point in points], "marketing")

    assert states == {staying.pk: "granted", leaving.pk: "withdrawn"}
    assert quiet.pk not in states


def test_unknown_purpose_is_refused() -> None:
    with pytest.raises(consent.UnknownConsent):
        say(make_point(), "granted", purpose="everything")


def test_one_click_withdraws_all_but_service() -> None:
    point = make_point()
    consent.grant_many(
        contact_point=point, purposes=["marketing", "research"], source="preferences"
    )

    consent.withdraw_all(contact_point=point, source="one_click")

    allowed = [p for p in ("service", "marketing", "research") if consents.may_send(point, p)]
    assert allowed == ["service"]
