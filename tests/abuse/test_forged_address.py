"""Whoever writes another address into the request is counted by the one they come from."""

import pytest

from tests.abuse.strangers import Answer, Stranger

pytestmark = pytest.mark.process

TRIES = 40


def forge(number: int) -> dict[str, str]:
    address = f"198.51.100.{number}"
    return {
        "X-Forwarded-For": address,
        "X-Real-IP": address,
        "Forwarded": f"for={address}",
        "X-Forwarded-Proto": "http",
    }


def is_refused(answer: Answer) -> bool:
    return answer.status == 429 or "too many" in answer.text.lower()


def test_join_codes_are_refused_at_the_limit_whatever_address_is_claimed(system, found):
    guesser = Stranger(system, "127.0.0.31")

    answers = [
        guesser.post("/join/", {"code": f"ABCDEFGH{number:02}"}, forge(number))
        for number in range(TRIES)
    ]

    refused = [is_refused(answer) for answer in answers]
    assert refused[-1], answers[-1]
    assert 0 < refused.index(True) <= 30
    found(f"of {TRIES} guessed codes {refused.index(True)} were looked up")


def test_logins_over_many_accounts_are_refused_at_the_limit_whatever_address_is_claimed(
    system, found
):
    sprayer = Stranger(system, "127.0.0.32")

    answers = [
        sprayer.post(
            "/accounts/login/",
            {"login": f"person{number}@example.com", "password": "spring-2026"},
            forge(number),
        )
        for number in range(TRIES)
    ]

    refused = [is_refused(answer) for answer in answers]
    assert refused[-1], answers[-1]
    assert 0 < refused.index(True) <= 30
    found(f"of {TRIES} accounts {refused.index(True)} were tried")
