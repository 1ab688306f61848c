"""The filter of the list of reports, read by somebody of another team."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process


def test_filters_name_no_report_of_another_team(doors: Doors, found: Callable[[str], None]) -> None:
    page = doors.anna.get("/admin/analytics/reportissue/")

    found(f"{page.text.count('Doors of Chen')} titles of others")
    assert page.status == 200
    assert "Mine" in page.text
    assert "Doors of Chen" not in page.text
