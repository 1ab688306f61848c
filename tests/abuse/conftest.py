"""One running system with the demo company for all cases, and the table of what they found.

A case that needs other settings starts a system of its own (`running_system`); a case that stops,
fills or freezes a part puts it right again, so that the next case finds everything in order.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.abuse.colleagues import Doors, prepare
from tests.abuse.visitors import furnish
from tests.system.running import RunningSystem, running_system

PROPERTY = "abuse"


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with running_system(tmp_path_factory.mktemp("abuse") / "home") as running:
        yield running


@pytest.fixture(scope="package")
def doors(system: RunningSystem) -> Doors:
    """Colleagues of the demo company, and what they must not reach through side doors."""
    return prepare(system)


@pytest.fixture
def found(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says what was measured, for the table: `found("no character of 66 read")`."""
    return lambda words: record_property(PROPERTY, words)


@pytest.fixture(scope="package")
def furnished(system: RunningSystem) -> dict[str, str]:
    """Names and cookies of a public meeting and of one by invitation only."""
    return furnish(system)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of results; the case's name is its file's."""
    rows = [
        (report.nodeid.split("/")[-1].removeprefix("test_"), report.outcome, str(words))
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, words in report.user_properties
        if name == PROPERTY and report.when == "call"
    ]
    if rows:
        terminalreporter.section("what was tried against a running system")
        for case, outcome, words in sorted(rows):
            terminalreporter.write_line(f"{outcome:7} {case}: {words}")
