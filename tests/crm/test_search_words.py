"""Names are found by beginnings of words, single Chinese characters and pairs."""

import pytest

from crm.models import Contact
from crm.search_words import build_search_words, find_needles
from tests.factories.crm import make_company, make_contact, make_point


def test_column_holds_words_characters_and_pairs() -> None:
    assert build_search_words("Zhang Wei 张伟明") == " zhang wei 张 伟 明 张伟 伟明 "
    assert build_search_words(" - ") == ""


def test_needles_of_a_long_chinese_word_are_its_pairs() -> None:
    assert list(find_needles("张伟明 W")) == [" 张伟 ", " 伟明 ", " w"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("张伟", True),
        ("张", True),
        ("伟明", True),
        ("伟张", False),
        ("张明", False),
        ("zha", True),
        ("ZHANG", True),
        ("hang", False),
        ("wei zhang", True),
        ("heng", True),
        ("恒瑞", True),
        ("zhang@cust", True),
        ("cust", False),
        ("@", False),
        ("%", False),
        ("_", False),
        ("", False),
        ("+49 30", False),
    ],
)
def test_contact_is_found_by_name_company_and_address(query: str, is_found: bool) -> None:
    contact = make_contact(name="Zhang Wei 张伟明", company=make_company(name="Hengrui 恒瑞"))
    make_point("zhang@customers.example", contact=contact)
    make_point("second@customers.example", contact=contact)

    assert list(Contact.objects.search(query)) == ([contact] if is_found else [])
