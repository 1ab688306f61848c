"""Tables as older and newer programs write them, in every encoding and spelling we know of."""

import random
from pathlib import Path

import pytest

from analytics.management.decoding import UnreadableFile, decode
from analytics.management.reading import read_table

WORDS = {
    "cp1252": {
        "French": ["dépense", "événement", "très", "août", "reçu", "réseau", "où", "hôte"],
        "German": ["Umsätze", "Größe", "Übersicht", "für", "Märkte", "löschen"],
        "Spanish": ["campaña", "inversión", "año", "días", "público", "teléfono"],
        "Danish": ["måned", "omsætning", "køb", "lørdag"],
    },
    "cp1250": {
        "Polish": ["sprzedaż", "wydatki łącznie", "miesiąc", "środa", "październik", "gość"],
        "Czech": ["měsíc", "tržby", "říjen", "výdaje", "účet", "zákazníků"],
        "Hungarian": ["költség", "hónap", "őszi", "fizető", "ügyfél", "bevétel", "gyűjtő"],
    },
    "gb18030": {
        "Chinese": ["销售额", "广告投入", "月份", "客户", "线下活动", "社交媒体", "增长率", "北京"],
    },
}
WAYS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}


def compose(words: list[str], seed: int) -> str:
    """A table of all the words in random order, with figures between them."""
    draw = random.Random(seed)
    words = draw.sample(words, len(words))
    rows = [f"{word},{draw.randint(1, 9999)},{draw.randint(1, 99)}" for word in words[2:]]
    return "\n".join([f"name,{words[0]},{words[1]}", *rows]) + "\n"


CORPUS = [
    (compose(words, seed), written, encoding, f"{language}-{written}-{seed}")
    for home, languages in WORDS.items()
    for language, words in languages.items()
    for written, encoding in {home: home, **WAYS}.items()
    for seed in range(3)
]


@pytest.mark.parametrize(("text", "written", "encoding"), [one[:3] for one in CORPUS])
def test_encoding_is_told_from_the_bytes(text: str, written: str, encoding: str) -> None:
    decoded = decode(text.encode(written), "t.csv")

    assert (decoded.text, decoded.encoding) == (text, encoding)


def test_utf_16_with_its_mark_loses_the_mark() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        content = "\ufeffmonth,销售\n1,2\n".encode(encoding)

        assert decode(content, "t.csv").text == "month,销售\n1,2\n"


def test_one_accent_is_no_chinese() -> None:
    decoded = decode("dépense,ventes\n1,2\n".encode("latin-1"), "t.csv")

    assert decoded.text.startswith("dépense")


def test_bytes_that_fit_no_language_ask_for_the_encoding() -> None:
    content = "продажи,1\n".encode("koi8-r")

    with pytest.raises(UnreadableFile, match="--encoding"):
        decode(content, "t.csv")
    assert decode(content, "t.csv", "koi8-r").text == "продажи,1\n"


def read(tmp_path: Path, text: str, **how: str) -> tuple[list[str], str, str]:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    table = read_table(str(path), ["x"], **how)
    return table.columns["x"], table.delimiter, table.decimal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x,y\n1.5,2\n-3,4\n", (["1.5", "-3"], ",", ".")),
        ("x;y\n1,5;2\n1.234,25;4\n", (["1.5", "1234.25"], ";", ",")),
        ('x,y\n"5,000",2\n"1,234.5",4\n', (["5000", "1234.5"], ",", ".")),
        ("x;y\n€ 1.000.000;2\n5.000 €;4\n", (["1000000", "5000"], ";", ",")),
        ("x,y\n¥5,2\n￥1200.5,4\n", (["5", "1200.5"], ",", ".")),
        ("x,y\n５００元,2\n1200.5元,4\n", (["500", "1200.5"], ",", ".")),
        ("x;y\n12,5 %;2\n7 %;4\n", (["12.5", "7"], ";", ",")),
        ("x\ty\n1 234,5\t2\n1\u202f000\t4\n", (["1234.5", "1000"], "\t", ",")),
        ("x;y\nCHF 1'234.50;2\n-12.5;4\n", (["1234.50", "-12.5"], ";", ".")),
        ("x,y\n−3,2\n1e3,4\nn/a,5\n", (["-3", "1e3", "n/a"], ",", ".")),
        ("x,y\n1.234,2\n2.500,4\n", (["1.234", "2.500"], ",", ".")),
        ("x|y\n0,250|2\n", (["0.250"], "|", ",")),
    ],
)
def test_figures_are_read_as_people_write_them(
    text: str, expected: tuple[list[str], str, str], tmp_path: Path
) -> None:
    assert read(tmp_path, text) == expected


def test_figure_that_reads_two_ways_asks_what_its_comma_means(tmp_path: Path) -> None:
    text = 'x,y\n"5,000",2\n'

    with pytest.raises(UnreadableFile, match=r"“5,000” \(column “x”, row 1\).*--decimal point"):
        read(tmp_path, text)

    assert read(tmp_path, text, decimal=".")[0] == ["5000"]
    assert read(tmp_path, text, decimal=",")[0] == ["5.000"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x;y\n1,5;2\n2.5;4\n", "“2.5” .*row 2.* has a point and “1,5” .*row 1.* has a comma"),
        ("x,y\n€5,2\n$7,4\n", "row 1 has “€5”, row 2 has “\\$7”"),
        ('x,y\n2.5,2\n"1,23",4\n', "“1,23”"),
        ('x,y\n"1,234.5",2\n"12,34.5",4\n', "“12,34.5” .*row 2.* is no number"),
    ],
)
def test_figures_that_disagree_are_named_with_their_cells(
    text: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read(tmp_path, text)
