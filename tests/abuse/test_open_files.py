"""Nobody else on the machine reads the company's data."""

import pytest

from vmcrm.private_files import find_own, is_open

pytestmark = pytest.mark.process


def test_nothing_of_a_running_system_is_open_to_other_users(system, found):
    own = [path for path in find_own(system.home) if not path.is_socket()]

    assert system.home / "vmcrm.sqlite3-wal" in own
    assert [path for path in own if is_open(path)] == []
    found(f"of {len(own)} files and folders none is open to other users")
