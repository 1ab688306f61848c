"""Whether an address has an account: sign-up, login and a new password take as long for both."""

from collections.abc import Callable

import pytest

from tests.abuse.visitors import Visitor, forget_limits
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
SAMPLES = 6
PASSWORD = "correct horse battery"
SIGN_UP = {
    "name": "Nobody", "password1": PASSWORD, "password2": PASSWORD,
    "language": "en", "time_zone": "Europe/Berlin",
}  # fmt: skip
MOST_APART = 1.6
"""Of the fastest, as load only ever adds. It was four times and more."""


def measure(system: RunningSystem, path: str, kind: str, **fields: str) -> dict[str, float]:
    """The fewest seconds of new and known addresses, asked in turns so that load hits both."""
    took: dict[str, list[float]] = {"new": [], "known": []}
    Visitor(system).post("/accounts/signup/", email=f"known-{kind}@nowhere.example", **SIGN_UP)
    for number in range(SAMPLES):
        for state, seconds in took.items():
            forget_limits(system)
            name = f"{number}-{kind}" if state == "new" else f"known-{kind}"
            visitor = Visitor(system)
            visitor.get(path)
            address = f"{name}@nowhere.example"
            answer = visitor.post(path, email=address, login=address, **fields)
            assert answer.status == (200 if kind == "login" else 302), answer.text
            seconds.append(answer.took_s)
    return {state: min(seconds) for state, seconds in took.items()}


@pytest.mark.parametrize(
    ("path", "kind", "fields"),
    [
        ("/accounts/signup/", "sign-up", SIGN_UP),
        ("/accounts/password/reset/", "reset", {}),
        ("/accounts/login/", "login", {"password": "not the password"}),
    ],
    ids=["sign-up", "new password", "login"],
)
def test_answer_takes_as_long_for_a_known_address(
    system: RunningSystem,
    found: Callable[[str], None],
    path: str,
    kind: str,
    fields: dict[str, str],
) -> None:
    fastest = measure(system, path, kind, **fields)

    found(
        f"{kind}: new {fastest['new'] * 1000:.0f} ms, known {fastest['known'] * 1000:.0f} ms "
        f"(fastest of {SAMPLES})"
    )
    assert max(fastest.values()) / min(fastest.values()) < MOST_APART
