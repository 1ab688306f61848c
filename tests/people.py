"""The people of the tests: who owns a record, who works beside them, and who has no business there.

North ─┬─ North field: owner, teammate (sales)      manager: leads North
       └─ …                                          stranger: sales in South
"""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from crm.models import Team, User


def make_user(name: str, *roles: str, team: Team | None = None, **fields: Any) -> User:
    """A colleague with the roles; `is_staff=False` makes an attendee account."""
    fields.setdefault("is_staff", True)
    fields.setdefault("email", f"{name.lower().replace(' ', '.')}@vmcrm.example")
    user = User.objects.create_user(name=name, team=team, **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


@pytest.fixture
def north(db: None) -> Team:
    return Team.objects.create(name="North")


@pytest.fixture
def north_field(north: Team) -> Team:
    return Team.objects.create(name="North field", parent=north)


@pytest.fixture
def south(db: None) -> Team:
    return Team.objects.create(name="South")


@pytest.fixture
def owner(north_field: Team) -> User:
    return make_user("Olga Owner", "sales", team=north_field)


@pytest.fixture
def teammate(north_field: Team) -> User:
    return make_user("Tim Teammate", "sales", team=north_field)


@pytest.fixture
def manager(north: Team) -> User:
    return make_user("Mona Manager", "manager", team=north)


@pytest.fixture
def stranger(south: Team) -> User:
    return make_user("Stan Stranger", "sales", team=south)


@pytest.fixture
def auditor(db: None) -> User:
    return make_user("Aki Auditor", "auditor")


@pytest.fixture
def marketer(db: None) -> User:
    return make_user("Mia Marketer", "marketing")


@pytest.fixture
def administrator(db: None) -> User:
    return make_user("Ada Administrator", "admin")


@pytest.fixture
def attendee_account(db: None) -> User:
    """Somebody who registered alone: has an account, works not here."""
    return make_user("Anna Attendee", is_staff=False)
