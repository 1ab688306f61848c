"""Taking the demo company away again, and nothing that people entered themselves.

Three kinds of rows hang on a demo row. What the system wrote about it (activities, mails,
presence) goes along. What people entered and what only mentions it (a contact's owner) stays and
loses the mention. What people entered and what cannot stand without it (a task for a demo
contact) is for them to decide: nothing is removed until they have.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import DO_NOTHING, SET_NULL, FileField, ManyToOneRel, Model
from django.db.models.fields.files import FieldFile

from crm import mail_folder
from crm.models import (
    Activity,
    ContactPoint,
    Delivery,
    Suppression,
    User,
)
from crm.selectors.suppression import digest_address
from crm.services.activities import recompute_last_activity
from crm.services.scores import recompute_engagement
from meetings.models import Meeting
from vmcrm.demo import ledger
from vmcrm.demo.ledger import Keys, every_row

_CHUNK = 500

logger = logging.getLogger(__name__)

# Written by the system, never typed by a person. A model that is not named here is taken for
# somebody's own work, which is the safe side.
_BY_PRODUCTS = frozenset(
    {
        *("account.emailaddress", "account.emailconfirmation", "mfa.authenticator"),
        *("admin.logentry", "crm.activity", "crm.consentevent", "crm.contactprofile"),
        *("crm.profilefact", "crm.identitylink", "crm.identitysuggestion", "crm.delivery"),
        *("crm.mailingrecipient", "analytics.run", "analytics.reportissue"),
    }
)
# In the app meetings everything hangs on a meeting and goes with it; these are people's own.
_OWN_IN_MEETINGS = frozenset({"meetings.meeting", "meetings.meetingtemplate"})
# The database would keep these with an empty field, but they are about the demo alone.
_NOTHING_WITHOUT = frozenset(
    {
        ("crm.delivery", "contact_point"),
        ("crm.delivery", "mailing"),
        ("analytics.run", "requested_by"),
    }
)
# Kept by the database as they are; what remains without the mention is people's own and complete.
_COMPLETE_WITHOUT = frozenset({("meetings.recording", "started_by")})


@dataclass
class Removal:
    """What removing would touch. All by model."""

    rows: Keys = field(default_factory=dict)
    """Goes: the demo company and what the system wrote about it."""
    attached: Keys = field(default_factory=dict)
    """People's own rows that cannot stand without a row that goes."""
    mentions: dict[tuple[type[Model], str], int] = field(default_factory=dict)
    """People's own rows that stay and lose this field."""

    @property
    def row_count(self) -> int:
        return sum(len(keys) for keys in self.rows.values())


def plan_removal(*, with_attached: bool = False) -> Removal:
    """`with_attached`: people's own rows that hang on the demo go as well."""
    removal = Removal(rows=ledger.read_noted())
    _follow(removal.rows)
    removal.attached = _find_attached(removal.rows)
    while with_attached and removal.attached:
        for model, keys in removal.attached.items():
            removal.rows.setdefault(model, set()).update(keys)
        _follow(removal.rows)
        removal.attached = _find_attached(removal.rows)
    removal.mentions = _count_mentions(removal.rows)
    return removal


def remove(removal: Removal) -> None:
    """All of it or nothing. Files go once it is stored."""
    rows = removal.rows
    mails = [delivery.public_id.hex for delivery in _get(Delivery, rows)]
    files = list(_find_files(rows))
    with transaction.atomic():
        touched = _contacts_that_lose_activities(rows)
        _lift_suppressions(rows)
        _end_sessions(rows)
        for child, relation in _relations(rows):
            if _may_be_empty(child, relation):
                _empty_mentions(child, relation, rows)
        # The database checks its foreign keys at the end: the order does not matter. Its guard of
        # the consent events looks into the ledger, which therefore goes last.
        for model, keys in rows.items():
            for some in _chunks(keys):
                matching = every_row(model).filter(pk__in=some)
                matching._raw_delete(matching.db)  # noqa: SLF001 - the plan followed the keys
        recompute_engagement(contact_ids=touched)
        recompute_last_activity(contact_ids=touched)
        ledger.forget()
        transaction.on_commit(lambda: _delete_files(mails, files))
    logger.warning("The demo company was removed: %d rows.", removal.row_count)


def _delete_files(mails: list[str], files: list[FieldFile]) -> None:
    mail_folder.forget(mails)
    for file in files:
        file.storage.delete(str(file.name))
    (settings.HOME / "secrets" / "demo_password").unlink(missing_ok=True)


# --- What goes along ------------------------------------------------------------------------------
def _follow(rows: Keys) -> None:
    """Adds what the system wrote about the rows, until there is nothing more."""
    waiting = list(rows.items())
    while waiting:
        model, keys = waiting.pop()
        for child, relation in _relations({model: keys}):
            if _goes_along(child, relation):
                waiting += _add(rows, child, _children(child, relation, keys))
        for child, found in _find_by_reference(model, keys):
            waiting += _add(rows, child, found)


def _add(rows: Keys, model: type[Model], found: set[Any]) -> list[tuple[type[Model], set[Any]]]:
    new = found - rows.setdefault(model, set())
    rows[model] |= new
    return [(model, new)] if new else []


def _goes_along(child: type[Model], relation: Any) -> bool:
    label = child._meta.label_lower
    if _may_be_empty(child, relation):
        return (label, relation.name) in _NOTHING_WITHOUT
    if child._meta.app_label == "meetings":
        return label not in _OWN_IN_MEETINGS
    return bool(child._meta.auto_created) or label in _BY_PRODUCTS


def _find_by_reference(
    model: type[Model], keys: set[Any]
) -> Iterator[tuple[type[Model], set[Any]]]:
    """What names a row in words instead of by a key: log entries, references, addresses."""
    # Not by `get_for_model`, which writes down the models that it meets for the first time.
    kind = {
        "content_type__app_label": model._meta.app_label,
        "content_type__model": model._meta.model_name,
    }
    for some in _chunks({str(key) for key in keys}):
        entries = LogEntry.objects.filter(**kind, object_id__in=some)
        yield LogEntry, set(entries.values_list("pk", flat=True))
    if model is Meeting:
        references = {meeting.subject_ref for meeting in _get(Meeting, {Meeting: keys})}
        for label in _BY_PRODUCTS:
            child = apps.get_model(label)
            if any(column.name == "subject_ref" for column in child._meta.concrete_fields):
                yield child, _children(child, child._meta.get_field("subject_ref"), references)
    if model is User:
        addresses = {user.email for user in _get(User, {User: keys})}
        yield Delivery, _children(Delivery, Delivery._meta.get_field("address"), addresses)


# --- What people entered --------------------------------------------------------------------------
def _find_attached(rows: Keys) -> Keys:
    attached: Keys = {}
    for child, relation in _relations(rows):
        if not _may_be_empty(child, relation):
            keys = rows[relation.related_model]
            found = _children(child, relation, keys) - rows.get(child, set())
            if found:
                attached.setdefault(child, set()).update(found)
    return attached


def _count_mentions(rows: Keys) -> dict[tuple[type[Model], str], int]:
    counts = {}
    for child, relation in _relations(rows):
        if _may_be_empty(child, relation):
            keys = rows[relation.related_model]
            found = _children(child, relation, keys) - rows.get(child, set())
            if found:
                counts[child, relation.name] = len(found)
    return counts


def _empty_mentions(child: type[Model], relation: Any, rows: Keys) -> None:
    keys = rows[relation.related_model]
    for some in _chunks(_children(child, relation, keys) - rows.get(child, set())):
        every_row(child).filter(pk__in=some).update(**{relation.name: None})


# --- Beside the tables ----------------------------------------------------------------------------
def _contacts_that_lose_activities(rows: Keys) -> set[int]:
    touched: set[int] = set()
    for some in _chunks(rows.get(Activity, set())):
        found = every_row(Activity).filter(pk__in=some, contact_point__contact__isnull=False)
        touched |= set(found.values_list("contact_point__contact", flat=True))
    return touched


def _lift_suppressions(rows: Keys) -> None:
    addresses = {point.normalised for point in _get(ContactPoint, rows)}
    addresses |= {user.email for user in _get(User, rows)}
    for some in _chunks({digest_address(address) for address in addresses}):
        Suppression.objects.filter(digest__in=some).delete()


def _end_sessions(rows: Keys) -> None:
    people = {str(key) for key in rows.get(User, set())}
    ended = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) in people
    ]
    for some in _chunks(set(ended)):
        Session.objects.filter(pk__in=some).delete()


def _find_files(rows: Keys) -> Iterator[FieldFile]:
    """Recordings and whatever else lies in the storage for these rows."""
    for model in rows:
        for column in model._meta.concrete_fields:
            if isinstance(column, FileField):
                yield from filter(None, (getattr(row, column.name) for row in _get(model, rows)))


# --- Keys between tables --------------------------------------------------------------------------
def _relations(rows: Keys) -> Iterator[tuple[type[Model], Any]]:
    """Every foreign key that points at one of these models: (its model, the key)."""
    for model in list(rows):
        for relation in model._meta.get_fields(include_hidden=True):
            if isinstance(relation, ManyToOneRel):  # a OneToOneRel is one as well
                yield relation.related_model, relation.field


def _may_be_empty(child: type[Model], relation: Any) -> bool:
    if (child._meta.label_lower, relation.name) in _COMPLETE_WITHOUT:
        return True
    return relation.remote_field.on_delete in {SET_NULL, DO_NOTHING}


def _children(child: type[Model], relation: Any, keys: set[Any]) -> set[Any]:
    found: set[Any] = set()
    for some in _chunks(keys):
        matching = every_row(child).filter(**{f"{relation.name}__in": some})
        found |= set(matching.values_list("pk", flat=True))
    return found


def _get(model: type[Any], rows: Keys) -> Iterator[Any]:
    for some in _chunks(rows.get(model, set())):
        yield from every_row(model).filter(pk__in=some)


def _chunks(keys: set[Any]) -> Iterator[list[Any]]:
    """A query takes a limited number of values."""
    ordered = sorted(keys, key=str)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
