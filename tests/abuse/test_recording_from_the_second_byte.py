"""A recording taken along without its first byte."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
COUNT = """
from meetings.models import RecordingAccess
print(RecordingAccess.objects.filter(track={}).count())
"""


def test_recording_without_its_first_byte_is_written_down(
    system: RunningSystem, doors: Doors, found: Callable[[str], None]
) -> None:
    parts = [doors.anna.get(doors.facts["file"], Range=asked) for asked in ("bytes=1-", "bytes=9-")]

    rows = int(system.manage("shell", "-c", COUNT.format(doors.facts["track"])).split()[-1])
    found(f"999 bytes of 1000 taken along, {rows} row written")
    assert [(part.status, len(part.text)) for part in parts] == [(206, 999), (206, 991)]
    assert rows == 1
