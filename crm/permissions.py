"""Who may do what with which record: predicates that a non-programmer can review.

Seeing is decided by `visible_to` of each model (crm/querysets.py); these tables say which roles
may change what they see. Auditors only look. Upper apps add the tables of their own models with
`set_editors`.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models

from crm.models import User
from crm.querysets import is_active_staff

AnyUser = User | AnonymousUser

SELLERS = frozenset({"sales", "manager", "marketing", "admin"})
PLANNERS = frozenset({"manager", "marketing", "admin"})
ADMINS = frozenset({"admin"})
NOBODY: frozenset[str] = frozenset()

_EDITORS: dict[str, frozenset[str]] = {
    "crm.contact": SELLERS,
    "crm.contactpoint": SELLERS,
    "crm.contactprofile": SELLERS,
    "crm.company": SELLERS,
    "crm.task": SELLERS,
    "crm.purchase": SELLERS,
    "crm.identitysuggestion": SELLERS,
    "crm.product": PLANNERS,
    "crm.channel": PLANNERS,
    "crm.campaign": PLANNERS,
    "crm.spend": PLANNERS,
    "crm.region": PLANNERS,
    "crm.customergroup": PLANNERS,
    "crm.market": PLANNERS,
    "crm.marketfigure": PLANNERS,
    "crm.competitor": PLANNERS,
    "crm.team": ADMINS,
    "crm.user": ADMINS,
    "crm.organisation": ADMINS,
}
# Contacts leave by erasure, accounts by being deactivated; both are services, not a delete button.
_DELETERS: dict[str, frozenset[str]] = {
    "crm.contact": NOBODY,
    "crm.contactpoint": NOBODY,
    "crm.contactprofile": NOBODY,
    "crm.company": ADMINS,
    "crm.user": NOBODY,
    "crm.organisation": NOBODY,
    "crm.identitysuggestion": NOBODY,
}


def set_editors(label: str, roles: Iterable[str], *, deleters: Iterable[str] | None = None) -> None:
    """Say who may change rows of the model `label` ("meetings.meeting"); deleters: the same."""
    _EDITORS[label] = frozenset(roles)
    if deleters is not None:
        _DELETERS[label] = frozenset(deleters)


def _label(target: models.Model | type[models.Model]) -> str:
    return target._meta.label_lower


def _has_role(user: AnyUser, roles: frozenset[str]) -> bool:
    return isinstance(user, User) and is_active_staff(user) and bool(user.role_names & roles)


def is_visible(user: AnyUser, record: models.Model) -> bool:
    """Whether the record is among those that the user sees."""
    manager: Any = type(record)._default_manager
    return bool(manager.visible_to(user).filter(pk=record.pk).exists())


def can_view_any(user: AnyUser, model: type[models.Model]) -> bool:
    """Whether lists of `model` may be opened at all; what stands in them is `visible_to`."""
    return isinstance(user, User) and is_active_staff(user) and bool(user.role_names)


def can_add(user: AnyUser, model: type[models.Model]) -> bool:
    return _has_role(user, _EDITORS.get(_label(model), NOBODY))


def can_view(user: AnyUser, record: models.Model) -> bool:
    return can_view_any(user, type(record)) and is_visible(user, record)


def can_change(user: AnyUser, record: models.Model) -> bool:
    return can_add(user, type(record)) and is_visible(user, record)


def can_delete_any(user: AnyUser, model: type[models.Model]) -> bool:
    label = _label(model)
    return _has_role(user, _DELETERS.get(label, _EDITORS.get(label, NOBODY)))


def can_delete(user: AnyUser, record: models.Model) -> bool:
    return can_delete_any(user, type(record)) and is_visible(user, record)


def can_assign_owner(user: AnyUser) -> bool:
    return _has_role(user, SELLERS)


def can_invite_colleague(user: AnyUser) -> bool:
    return _has_role(user, ADMINS)


def can_edit_organisation(user: AnyUser) -> bool:
    return _has_role(user, ADMINS)


def can_send_again(user: AnyUser, delivery: models.Model) -> bool:
    """Sending a failed mail once more: whoever may write to customers and sees the mail."""
    return _has_role(user, SELLERS) and is_visible(user, delivery)


def can_export_person(user: AnyUser, contact: models.Model) -> bool:
    """Take along everything that any app holds, also what one would not see otherwise."""
    return _has_role(user, PLANNERS) and is_visible(user, contact)


def can_erase_person(user: AnyUser, contact: models.Model) -> bool:
    return _has_role(user, ADMINS) and is_visible(user, contact)
