"""Giving a person everything we hold about them, and erasing them from every app at once.

Erasure leaves what names nobody: amounts, counts and figures, the suppression list (hashes), and
tombstones to which the append-only consents stay tied.
"""

import json
import uuid
from typing import Any

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm import mail_folder
from crm.extensions import Person, personal_data
from crm.models import (
    Activity,
    Contact,
    ContactPoint,
    ContactProfile,
    Delivery,
    IdentityLink,
    ProfileFact,
    Task,
    User,
)
from crm.permissions import can_erase_person, can_export_person
from crm.selectors import personal_data as held
from crm.services.errors import NotAllowed, Refusal

ERASED_NAME = "–"
# Their titles are words of people or subjects of mails, and may name somebody.
_KINDS_WITH_WORDS = ("note", "call", "mail_sent")


class AlreadyErased(Refusal):
    code = "already_erased"


def export_person(*, contact: Contact, requested_by: User) -> list[held.AppData]:
    """Everything every app holds about the person. Who took it along is logged.

    Raises NotAllowed.
    """
    if not can_export_person(requested_by, contact):
        raise NotAllowed(_("You may not export everything about this person."))
    with transaction.atomic():
        _log(contact, requested_by, CHANGE, {"changed": {"fields": ["personal-data.json"]}})
        return held.everything_about(contact)


def erase_person(*, contact: Contact, erased_by: User) -> None:
    """Erase the person from all apps in one transaction. It cannot be undone.

    Raises NotAllowed, AlreadyErased.
    """
    if not can_erase_person(erased_by, contact):
        raise NotAllowed(_("You may not erase this person."))
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        if locked.erased_at is not None:
            raise AlreadyErased(_("This person was erased before."))
        person = held.find_person(locked)
        # The upper apps first: they find the person by what crm still knows.
        for handler in reversed(list(personal_data)):
            handler.erase(person)
        what = {"name": gettext_noop("personal data"), "object": ERASED_NAME}
        _log(locked, erased_by, DELETION, {"deleted": what})


def erase_from_crm(person: Person) -> None:
    """crm's part: rows about the person go, rows that figures rest on lose their name."""
    held.accounts_of(person).delete()
    held.suggestions_about(person).delete()
    for model in (ProfileFact, ContactProfile, Task, IdentityLink):
        model._default_manager.filter(contact=person.contact_id).delete()
    activities = Activity.objects.filter(contact_point__in=person.point_ids)
    activities.filter(kind__in=_KINDS_WITH_WORDS).update(subject_title="")
    activities.update(data={})
    for point in ContactPoint.objects.filter(pk__in=person.point_ids):
        _erase_point(person, point)
    _erase_contact(person)
    _forget_log(Contact, [person.contact_id])
    _forget_log(ContactPoint, person.point_ids)


def _erase_point(person: Person, point: ContactPoint) -> None:
    """The row stays, since consents and registrations hang on it; the address goes."""
    name = uuid.uuid4()
    tombstone = f"erased-{name.hex}"
    mails = held.deliveries_to(person).filter(address=point.normalised)
    _erase_mails(list(mails.values_list("pk", "public_id")), tombstone)
    ContactPoint.objects.filter(pk=point.pk).update(
        public_id=name,
        contact=None,
        value=tombstone,
        normalised=tombstone,
        verified_at=None,
        bounce_state=ContactPoint.BounceState.NONE,
    )


def _erase_mails(mails: list[tuple[int, uuid.UUID]], tombstone: str) -> None:
    """That a mail was sent stays; to whom and what it said goes. What waits is not sent."""
    rows = Delivery.objects.filter(pk__in=[pk for pk, _public_id in mails])
    rows.filter(state__in=("queued", "claimed", "deferred", "unknown")).update(
        state=Delivery.State.SUPPRESSED, reason=Delivery.Reason.NOT_NEEDED
    )
    rows.update(
        address=tombstone,
        subject="",
        mime=None,
        parameters={},
        error="",
        lease_token="",
        lease_until=None,
    )
    names = [public_id.hex for _pk, public_id in mails]
    transaction.on_commit(lambda: mail_folder.forget(names))


def _erase_contact(person: Person) -> None:
    """Market, owner and team stay, because sales are counted by them."""
    contact = Contact.objects.get(pk=person.contact_id)
    contact.collaborators.clear()
    contact.points.update(contact=None)
    Contact.objects.filter(pk=contact.pk).update(
        public_id=uuid.uuid4(),
        name=ERASED_NAME,
        search_words="",
        company=None,
        language="",
        time_zone="",
        source="",
        engagement_score=0,
        last_activity_at=None,
        erased_at=timezone.now(),
    )


def _forget_log(
    model: type[Contact] | type[ContactPoint], ids: "list[int] | tuple[int, ...]"
) -> None:
    """The administration's log keeps that something was done, and by whom."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=map(str, ids)
    ).update(object_repr=ERASED_NAME, change_message="")


def _log(contact: Contact, by: User, action: int, message: dict[str, Any]) -> None:
    """In the form that the administration shows in each reader's language."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Contact),
        object_id=str(contact.pk),
        object_repr=ERASED_NAME if action == DELETION else str(contact)[:200],
        action_flag=action,
        change_message=json.dumps([message]),
    )
