"""Somebody at an unlocked screen gives an account an address of their own."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process


def test_address_is_not_added_to_an_account_without_its_password(
    doors: Doors, found: Callable[[str], None]
) -> None:
    answer = doors.anna.post(
        "/accounts/email/", {"action_add": "", "email": "thief@elsewhere.example"}
    )

    page = doors.anna.get("/accounts/email/")
    found("asked for the password" if "reauthenticate" in answer.address else "added")
    assert answer.address.startswith("/accounts/reauthenticate/")
    assert "thief@elsewhere.example" not in page.text
