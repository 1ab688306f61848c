"""A regular expression without end in the address of a list, while others work."""

import time
from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process


def test_expression_without_end_is_refused_at_once(
    doors: Doors, found: Callable[[str], None]
) -> None:
    doors.anna.post(
        "/admin/crm/company/add/", {"name": "a" * 27, "owner": "", "team": "", "domain": ""}
    )
    began = time.monotonic()

    answer = doors.anna.get("/admin/crm/company/", {"name__regex": "^(a+)+$!"})

    found(f"refused after {time.monotonic() - began:.2f} s")
    assert answer.status == 400
    assert "this list does not offer" in answer.text
