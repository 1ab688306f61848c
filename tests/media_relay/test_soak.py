"""People come and go for a long time: the relay's memory and open files stay what they were."""

import pytest

from tests.media_relay.relay_process import running_relay
from tests.media_relay.soak import SoakFigures, soak

pytestmark = pytest.mark.process


async def soaked(duration_s: float) -> SoakFigures:
    async with running_relay() as relay:
        figures = await soak(relay, duration_s)
    print(f"soak {duration_s:.0f} s: {figures}")
    return figures


async def test_twenty_seconds_of_coming_and_going_leave_nothing_behind() -> None:
    figures = await soaked(20)

    assert figures.turns >= 5
    assert figures.memory_grown_bytes < 6_000_000
    assert (figures.files_grown, figures.files_left, figures.faults) == (0, 0, 0)


@pytest.mark.long
@pytest.mark.timeout(3_600 + 600)
async def test_an_hour_of_coming_and_going_leaves_nothing_behind() -> None:
    figures = await soaked(3_600)

    assert figures.turns >= 500
    assert figures.memory_grown_bytes < 8_000_000
    assert (figures.files_grown, figures.files_left, figures.faults) == (0, 0, 0)
