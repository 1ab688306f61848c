"""A lease belongs to one holder at a time and falls free when nobody renews it."""

import time
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from crm.models import Mailing
from crm.services import leases
from tests.factories.crm import make_mailing

pytestmark = pytest.mark.django_db


def test_claim_of_a_free_row_gives_a_token_and_sets_the_values() -> None:
    mailing = make_mailing()

    token = leases.claim(Mailing, mailing.pk, values={"title": "Ours"})

    mailing.refresh_from_db()
    assert token
    assert (mailing.lease_token, mailing.title) == (token, "Ours")


def test_claim_of_a_held_row_is_refused() -> None:
    mailing = make_mailing()
    leases.claim(Mailing, mailing.pk)

    assert leases.claim(Mailing, mailing.pk) is None


def test_claim_of_a_row_whose_lease_ran_out_takes_it_over() -> None:
    past = timezone.now() - timedelta(seconds=1)
    mailing = make_mailing(lease_token="dead", lease_until=past)

    token = leases.claim(Mailing, mailing.pk)

    assert token
    assert leases.renew(Mailing, mailing.pk, "dead") is False
    assert leases.renew(Mailing, mailing.pk, token) is True


def test_claim_whose_condition_fails_is_refused() -> None:
    mailing = make_mailing(state="cancelled")

    assert leases.claim(Mailing, mailing.pk, where=Q(state="expanding")) is None


def test_release_by_a_former_holder_changes_nothing() -> None:
    mailing = make_mailing()
    token = leases.claim(Mailing, mailing.pk)

    leases.release(Mailing, mailing.pk, "somebody else")

    mailing.refresh_from_db()
    assert mailing.lease_token == token


@pytest.mark.django_db(transaction=True)
def test_held_lease_is_renewed_while_the_block_runs() -> None:
    mailing = make_mailing()
    token = leases.claim(Mailing, mailing.pk, duration_s=0.3)
    assert token

    with leases.hold(Mailing, mailing.pk, token, duration_s=0.3, renewal_s=0.05) as lease:
        time.sleep(0.6)
        taken_by_another = leases.claim(Mailing, mailing.pk)

    assert taken_by_another is None
    assert not lease.lost.is_set()


@pytest.mark.django_db(transaction=True)
def test_held_lease_that_was_taken_over_is_lost() -> None:
    mailing = make_mailing()
    token = leases.claim(Mailing, mailing.pk)
    assert token

    with leases.hold(Mailing, mailing.pk, token, renewal_s=0.05) as lease:
        Mailing.objects.update(lease_token="another")
        was_lost = lease.lost.wait(2)

    assert was_lost
