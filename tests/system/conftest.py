"""One demonstration for the tests that look at it in a browser, each in a meeting of its own.

Tests of what a system does as a whole start one that they may break.
"""

from collections.abc import Iterator

import pytest

from tests.system.running import RunningSystem, running_system


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with running_system(tmp_path_factory.mktemp("demonstration") / "home") as running:
        yield running
