"""Codes and pasted links: where they lead, and that guessing leads nowhere."""

from uuid import uuid4

import pytest
from django.core.cache import cache

from meetings.services import joining, tokens
from meetings.services.joining import Found
from meetings.services.rate_limits import Visitor
from meetings.services.refusals import NothingFound, TooManyTries
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db
VISITOR = Visitor(address="192.0.2.7", browser="a")
NEIGHBOUR = Visitor(address="192.0.2.7", browser="b")


def test_find_by_code_reads_blanks_dashes_and_capitals() -> None:
    meeting = make_meeting(visibility="invitation")
    code = meeting.join_code.upper()

    found = joining.find(text=f" {code[:5]}-{code[5:]} ", visitor=VISITOR)

    assert found == Found(path=f"/meetings/{meeting.public_id}/", by_code=meeting)


@pytest.mark.parametrize("page", ["", "register/", "room/"])
def test_find_by_pasted_link_leads_to_our_page_whatever_the_host(page: str) -> None:
    meeting = make_meeting()
    path = f"/meetings/{meeting.public_id}/{page}"

    assert joining.find(text=f"https://evil.example{path}?x=1", visitor=VISITOR) == Found(path=path)


def test_find_by_pasted_personal_link_leads_to_it() -> None:
    path = f"/r/{tokens.personal_token(make_registration())}/"

    assert joining.find(text=f"http://localhost:8000{path}", visitor=VISITOR) == Found(path=path)


@pytest.mark.parametrize(
    "text",
    [
        "abcdefghjk",
        "https://evil.example/",
        "/admin/",
        "/r/forged.1.signature/",
        f"/meetings/{uuid4()}/",
        "javascript:alert(1)",
        "http://[broken",
    ],
)
def test_find_refuses_everything_else_alike(text: str) -> None:
    with pytest.raises(NothingFound):
        joining.find(text=text, visitor=VISITOR)


def test_find_by_link_to_a_meeting_by_invitation_tells_nothing() -> None:
    hidden = make_meeting(visibility="invitation")

    with pytest.raises(NothingFound):
        joining.find(text=f"/meetings/{hidden.public_id}/", visitor=VISITOR)


def test_find_after_five_wrong_tries_refuses_this_browser_even_the_right_code() -> None:
    meeting = make_meeting()
    for _try in range(joining.WRONG_TRIES):
        with pytest.raises(NothingFound):
            joining.find(text="wrong", visitor=VISITOR)

    with pytest.raises(TooManyTries):
        joining.find(text=meeting.join_code, visitor=VISITOR)

    assert joining.find(text=meeting.join_code, visitor=NEIGHBOUR).by_code == meeting
    cache.clear()
    assert joining.find(text=meeting.join_code, visitor=VISITOR).by_code == meeting


def test_find_by_ever_new_browsers_ends_at_the_limit_of_their_address() -> None:
    meeting = make_meeting()
    for number in range(joining.WRONG_TRIES_OF_ADDRESS):
        with pytest.raises(NothingFound):
            joining.find(text="wrong", visitor=Visitor("192.0.2.7", f"browser {number}"))

    with pytest.raises(TooManyTries):
        joining.find(text=meeting.join_code, visitor=Visitor("192.0.2.7", "one more"))

    elsewhere = Visitor("192.0.2.8", "one more")
    assert joining.find(text=meeting.join_code, visitor=elsewhere).by_code == meeting


def test_find_with_right_codes_is_never_counted() -> None:
    meeting = make_meeting()

    for _try in range(joining.WRONG_TRIES * 3):
        joining.find(text=meeting.join_code, visitor=VISITOR)
