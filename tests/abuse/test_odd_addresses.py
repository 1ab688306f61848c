"""Keys, numbers, days and searches that no row can have: an answer in words, never a fault."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process
ADDRESSES = (
    "/admin/analytics/run/%C2%B2/change/",
    "/admin/analytics/reportissue/%C2%B2/change/",
    "/admin/crm/contact/%00/change/",
    f"/admin/crm/contact/{'9' * 5000}/history/",
    "/admin/crm/contact/?q=" + "word+" * 1000,
    "/admin/crm/contact/?owner__id__exact=" + "9" * 40,
    "/admin/crm/contact/?id__in=" + "9" * 40,
    "/admin/crm/contact/assign-owner/?filter=id__in%3D" + "9" * 40,
    "/admin/meetings/meeting/?starts_at__year=9999&starts_at__month=12",
    "/admin/crm/task/add/?owner=abc&contact=%00",
    "/admin/crm/delivery/?q=%00",
    "/admin/crm/contact/?name__regex=(",
    "/admin/r/%C2%B2/1/",
)


def test_odd_addresses_are_answered_without_a_fault(
    doors: Doors, found: Callable[[str], None]
) -> None:
    statuses = [doors.anna.get(address).status for address in ADDRESSES]

    found(f"{len(ADDRESSES)} addresses, {sum(status >= 500 for status in statuses)} faults")
    assert [status for status in statuses if status >= 500] == []
