"""What we hold about a person, collected from every app, for reading and for programs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.extensions import (
    DataField,
    DataSection,
    Person,
    Text,
    activity_kinds,
    personal_data,
)
from crm.models import (
    Activity,
    ConsentEvent,
    Contact,
    ContactPoint,
    ContactProfile,
    Delivery,
    IdentityLink,
    IdentitySuggestion,
    ProfileFact,
    Purchase,
    Purpose,
    Task,
    User,
)

Words = Callable[[Any], str]


@dataclass(frozen=True)
class AppData:
    """The sections of one app that hold something."""

    name: str
    label: Text
    sections: list[DataSection]


def find_person(contact: Contact) -> Person:
    """The contact with its own addresses; those that several people read are nobody's."""
    own = contact.points.filter(is_shared=False).order_by("pk")
    return Person(
        contact_id=contact.pk,
        contact_public_id=contact.public_id,
        point_ids=tuple(own.values_list("pk", flat=True)),
    )


def everything_about(contact: Contact) -> list[AppData]:
    person = find_person(contact)
    return [
        AppData(
            name=handler.name,
            label=handler.label,
            sections=[section for section in handler.export(person) if section.records],
        )
        for handler in personal_data
    ]


def as_plain_data(apps: Iterable[AppData]) -> dict[str, Any]:
    """For a JSON file: names instead of labels, values instead of words."""
    return {
        app.name: {
            section.code: [
                {field.name: field.value for field in record} for record in section.records
            ]
            for section in app.sections
        }
        for app in apps
    }


def export_of_crm(person: Person) -> list[DataSection]:
    through_point = {"contact_point__in": person.point_ids}
    contact = {"contact": person.contact_id}
    return [
        section_of(
            Contact.objects.filter(pk=person.contact_id).select_related("company", "owner"),
            *("name", "company.name", "language", "time_zone", "source", "owner.name"),
            *("engagement_score", "last_activity_at", "created_at"),
        ),
        section_of(
            ContactPoint.objects.filter(pk__in=person.point_ids),
            *("kind", "value", "verified_at", "bounce_state", "created_at"),
        ),
        section_of(
            ContactProfile.objects.filter(**contact).select_related("region"),
            *("birth_year", "gender", "occupation", "income_band", "interests"),
            *("buying_habit", "region.name"),
        ),
        section_of(
            ProfileFact.objects.filter(**contact),
            *("key", "value", "source", "confidence", "consent_purpose", "observed_at"),
            words={"consent_purpose": _label_purpose},
        ),
        section_of(
            ConsentEvent.objects.filter(**through_point).order_by("pk"),
            *("purpose", "channel", "state", "wording_version", "source", "occurred_at"),
        ),
        section_of(
            Activity.objects.filter(**through_point),
            *("occurred_at", "kind", "subject_title", "quantity", "unit", "data"),
            words={"kind": _label_kind},
        ),
        section_of(
            Purchase.objects.filter(**contact).select_related("product"),
            *("purchased_on", "product.name", "quantity", "amount", "currency", "source"),
        ),
        section_of(
            Task.objects.filter(**contact),
            "title",
            "note",
            "due",
            "origin",
            "created_at",
            "done_at",
        ),
        section_of(IdentityLink.objects.filter(**contact), "source", "linked_at", "undone_at"),
        section_of(
            suggestions_about(person), "name", "company_name", "reason", "source", "created_at"
        ),
        section_of(
            deliveries_to(person), "address", "subject", "state", "created_at", "sent_at", "error"
        ),
        section_of(accounts_of(person), "email", "name", "language", "time_zone", "date_joined"),
    ]


def _label_kind(kind: str) -> str:
    known = activity_kinds.get(kind)
    return str(known.label) if known else kind


def _label_purpose(purpose: str) -> str:
    return str(dict(Purpose.choices).get(purpose, purpose))


def suggestions_about(person: Person) -> "models.QuerySet[IdentitySuggestion]":
    return IdentitySuggestion.objects.filter(
        models.Q(contact=person.contact_id) | models.Q(contact_point__in=person.point_ids)
    )


def addresses_of(person: Person) -> dict[str, int]:
    """The own mail addresses, each with its contact point."""
    points = ContactPoint.objects.filter(pk__in=person.point_ids, kind=ContactPoint.Kind.EMAIL)
    return dict(points.values_list("normalised", "pk"))


def deliveries_to(person: Person) -> "models.QuerySet[Delivery]":
    """Every mail to one of the addresses, also those of an account."""
    return Delivery.objects.filter(
        models.Q(contact_point__in=person.point_ids) | models.Q(address__in=addresses_of(person))
    ).defer("mime")


def accounts_of(person: Person) -> "models.QuerySet[User]":
    """Accounts of attendees under one of the addresses. Colleagues leave by other ways."""
    accounts: models.QuerySet[User] = User.objects.filter(
        is_staff=False, email__in=addresses_of(person)
    )
    return accounts


# --- Sections -----------------------------------------------------------------------------------
def section_of(
    rows: "models.QuerySet[Any]", *paths: str, words: Mapping[str, Words] | None = None
) -> DataSection:
    """The rows with these fields; `a.b` is the field b of the row that a points to.

    `words` says how to spell a field whose values are codes and that has no choices.
    """
    options = rows.model._meta
    spell = words or {}
    return DataSection(
        code=str(options.model_name),
        title=capfirst(options.verbose_name_plural),
        records=[[_field(row, path, spell.get(path)) for path in paths] for row in rows],
    )


def _field(row: models.Model, path: str, spell: Words | None) -> DataField:
    *steps, name = path.split(".")
    holder: Any = row
    model: Any = type(row)
    label = ""
    for step in steps:
        field = model._meta.get_field(step)
        label = label or str(getattr(field, "verbose_name", ""))
        model, holder = field.related_model, getattr(holder, step, None)
    value = getattr(holder, name, None)
    label = label if steps and name == "name" else model._meta.get_field(name).verbose_name
    shown = spell(value) if spell else _show_choice(holder, name) or show(value)
    return DataField(name=path.replace(".", "_"), label=capfirst(label), value=value, shown=shown)


def _show_choice(holder: Any, name: str) -> str:
    """The word of a field with choices; empty when it has none, or no value."""
    display = getattr(holder, f"get_{name}_display", None)
    return str(display() or "") if display else ""


def show(value: Any) -> str:
    """A value in the reader's language and time zone."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, list):
        return ", ".join(map(show, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {show(part)}" for name, part in value.items())
    return str(value)
