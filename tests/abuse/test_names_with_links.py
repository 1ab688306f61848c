"""What a stranger types reaches no mailbox that is not proved to be theirs."""

from collections.abc import Callable

import pytest

from tests.abuse.visitors import Visitor, plan_meeting, read_mail
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
LINKS = (
    "Win at http://evil.example",
    "evil.example",
    "WWW.EVIL.EXAMPLE",
    "write to me@evil.example",
)


def test_name_with_a_link_is_refused_and_no_name_greets_before_the_proof(
    system: RunningSystem, found: Callable[[str], None]
) -> None:
    form = f"{plan_meeting(system)}register/"

    refused = [
        Visitor(system).post(form, name=name, email="victim@guests.example").status
        for name in LINKS
    ]
    Visitor(system).post(
        form, name="Call 555 now", company_name="Evil", email="victim@guests.example"
    )
    mail = read_mail(system, to="victim@guests.example")

    found(f"{refused.count(422)} of {len(LINKS)} names with links refused, the mail greets nobody")
    assert refused == [422] * len(LINKS)
    assert mail.splitlines()[0] == "Hello,"
    assert "555" not in mail
