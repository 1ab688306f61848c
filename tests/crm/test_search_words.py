"""Names are found by beginnings of words, single Chinese characters and pairs."""

import pytest

from crm.models import Contact
from crm.search_words import build_search_words, find_needles, is_cut, shorten
from tests.factories.crm import make_company, make_contact, make_point


def test_column_holds_words_characters_and_pairs() -> None:
    words = build_search_words("Zhang Wei 张伟明").split()

    assert words[:7] == ["zhang", "wei", "张", "伟", "明", "张伟", "伟明"]
    assert set(words[7:]) == {"zhangweiming", "weiming", "ming", "zwm"}
    assert build_search_words(" - ") == ""


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Kovács", "kovacs"),
        ("Kovács", "KOVÁCS"),
        ("Müller", "muller"),
        ("Müller", "mueller"),
        ("Müller", "müller"),
        ("Łukasz Sørensen", "sorensen lukasz"),
        ("余丽华", "yulihua"),
        ("余丽华", "yu lihua"),
        ("余丽华", "ylh"),
        ("余丽华", "lihua"),
        ("曾国强", "zeng guoqiang"),
        ("单雪梅", "shanxuemei"),
        ("吕布", "lvbu"),
        ("吕布", "lubu"),
        ("重庆", "chongqing"),
    ],
)
def test_name_is_found_as_it_is_typed_without_accents_or_in_pinyin(name: str, typed: str) -> None:
    column = build_search_words(name)

    assert all(needle in column for needle in find_needles(typed))


@pytest.mark.parametrize(
    ("name", "typed"), [("Kovács", "acs"), ("余丽华", "huali"), ("余丽华", "yl h z")]
)
def test_name_is_not_found_by_what_is_not_in_it(name: str, typed: str) -> None:
    column = build_search_words(name)

    assert not all(needle in column for needle in find_needles(typed))


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
        ("hengrui wei", True),
        ("wei HENG", True),
        ("hengrui li", False),
        ("zhangweiming", True),
        ("hengruishang", False),
        ("customers.example", True),
        ("@customers.example", True),
        ("@customers", True),
        ("ustomers.example", False),
        ("+49 151 42988357", True),
        ("+49 15142988357", True),
        ("0151 / 4298 8357", True),
        ("0049 (0) 151-42988357", True),
        ("8357", True),
        ("298 83", True),
        ("+49 15142988358", False),
        ("57", False),
        ("0", False),
        ("+", False),
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
    make_point("+49 15142988357", kind="phone", contact=contact)

    assert list(Contact.objects.search(query)) == ([contact] if is_found else [])


@pytest.mark.parametrize(
    ("query", "searched", "is_long"),
    [
        ("  wang   fang ", "wang fang", False),
        ("wang\0fang", "wang fang", False),
        ("a " * 21, "a " * 19 + "a", True),
        ("张" * 201, "张" * 200, True),
    ],
)
def test_long_query_is_searched_by_its_beginning(query: str, searched: str, is_long: bool) -> None:
    assert (shorten(query), is_cut(query)) == (searched, is_long)
