"""What is well-formed, and the one spelling it is kept in."""

import pytest
from django.core.exceptions import ValidationError

from crm import validators


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Li\tNa \n", "Li Na"),
        ("Li\u202e\u200bNa", "LiNa"),
        ("Jose\u0301", "José"),
        ("张\u3000伟", "张 伟"),
    ],
)
def test_names_lose_controls_and_direction_tricks(text: str, name: str) -> None:
    assert validators.normalise_name(text) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" A.B@EXAMPLE.com ", "a.b@example.com"),
        ("a@müller.de", "a@xn--mller-kva.de"),
        ("ａ@example.com", "a@example.com"),
    ],
)
def test_addresses_are_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert validators.normalise_email(typed) == kept


def test_phone_numbers_are_kept_in_e164() -> None:
    assert validators.normalise_phone("+49 (0)30 1234567") == "+49301234567"
    with pytest.raises(ValidationError):
        validators.normalise_phone("030 1234567")


@pytest.mark.parametrize("address", ["info@x.de", "Sales+cn@x.de", "no-reply@x.de"])
def test_role_addresses_are_known(address: str) -> None:
    assert validators.is_role_address(address)


@pytest.mark.parametrize("code", ["DE", "DE-BY", "CN-SH", "150", "APAC"])
def test_region_codes_are_taken(code: str) -> None:
    validators.validate_region_code(code)


@pytest.mark.parametrize("code", ["de", "Germany", "DE-", "D3"])
def test_other_region_codes_are_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        validators.validate_region_code(code)


@pytest.mark.parametrize(
    "name",
    ["http://evil.example", "Ann //x://y", "evil.example/prize", "EVIL.EXAMPLE", "www.Evil", "a@b"],
)
def test_name_that_mail_programs_turn_into_a_link_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        validators.validate_no_link(name)


@pytest.mark.parametrize(
    "name",
    [
        "J.R.R. Tolkien",
        "Dr.Müller",
        "O'Neill, Ph.D.",
        "王伟",
        "Li Na (Hengrui Co., Ltd.)",
        "José e.V.",
    ],
)
def test_name_with_dots_of_its_own_is_taken(name: str) -> None:
    validators.validate_no_link(name)


def test_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        validators.validate_time_zone("Mars/Base")
