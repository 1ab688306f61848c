"""Recording what people allow. Events are only ever added."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.consent_wordings import current_version
from crm.models import ConsentChannel, ConsentEvent, ConsentState, ContactPoint, Purpose
from crm.selectors import consent as consents
from crm.services import suppression
from crm.services.errors import Refusal

# What others enter about a person does not undo what the person said.
_SECOND_HAND_SOURCES = ("import", "rep")


class UnknownConsent(Refusal):
    code = "unknown_consent"


def record(
    *,
    contact_point: ContactPoint,
    purpose: str,
    channel: str = "email",
    state: str,
    wording_version: str,
    source: str,
    occurred_at: datetime | None = None,
) -> ConsentEvent:
    """Write down one statement and give the event that counts from now on.

    Saying the same again adds nothing. A pending yes (typed into a form by whomever) does not
    weaken one that was confirmed. Withdrawing mail for a purpose also suppresses the address, so
    that it outlives merge and erasure; a yes of the person lifts that again, a second-hand one
    does not.
    """
    if purpose not in Purpose or channel not in ConsentChannel or state not in ConsentState:
        raise UnknownConsent(_("This purpose, channel or state of consent does not exist."))
    with transaction.atomic():
        # The lock makes statements about one address follow each other.
        ContactPoint.objects.select_for_update().get(pk=contact_point.pk)
        current = consents.current_event(contact_point, purpose, channel)
        if current is not None and _says_nothing_new(current, state, wording_version):
            return current
        event = ConsentEvent(
            contact_point=contact_point,
            purpose=purpose,
            channel=channel,
            state=state,
            wording_version=wording_version,
            source=source,
        )
        if occurred_at is not None:
            event.occurred_at = occurred_at
        event.save()
        if channel == ConsentChannel.EMAIL:
            _follow_in_suppression(event)
    return event


def _says_nothing_new(current: ConsentEvent, state: str, wording_version: str) -> bool:
    if current.state == state:
        return current.wording_version == wording_version
    return current.state == ConsentState.GRANTED and state == ConsentState.PENDING


def _follow_in_suppression(event: ConsentEvent) -> None:
    address = event.contact_point.normalised
    if event.state == ConsentState.WITHDRAWN:
        suppression.suppress(address=address, purpose=event.purpose, reason="unsubscribed")
    elif event.state == ConsentState.GRANTED and not event.source.startswith(_SECOND_HAND_SOURCES):
        suppression.lift_unsubscription(address=address, purpose=event.purpose)


def grant_many(
    *, contact_point: ContactPoint, purposes: Iterable[str], source: str, channel: str = "email"
) -> None:
    """The person agreed to several purposes in their current wordings."""
    with transaction.atomic():
        for purpose in purposes:
            record(
                contact_point=contact_point,
                purpose=purpose,
                channel=channel,
                state=ConsentState.GRANTED,
                wording_version=current_version(purpose),
                source=source,
            )


def confirm_pending(*, contact_point: ContactPoint) -> None:
    """The address proved to be the person's own: what was asked for from it is granted."""
    with transaction.atomic():
        for status in consents.states(contact_point).values():
            if status.state == ConsentState.PENDING:
                record(
                    contact_point=contact_point,
                    purpose=status.purpose,
                    channel=status.channel,
                    state=ConsentState.GRANTED,
                    wording_version=status.wording_version,
                    source=status.source,
                )


def withdraw_all(*, contact_point: ContactPoint, source: str) -> None:
    """One click in a mail: nothing but service mail to this address any more."""
    with transaction.atomic():
        for purpose in (Purpose.MARKETING, Purpose.RESEARCH):
            record(
                contact_point=contact_point,
                purpose=purpose,
                state=ConsentState.WITHDRAWN,
                wording_version=current_version(purpose),
                source=source,
            )
