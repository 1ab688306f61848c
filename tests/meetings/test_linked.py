"""Web addresses in descriptions."""

import pytest

from meetings.templatetags.linked import linked


def test_address_becomes_a_link_that_vouches_for_nothing() -> None:
    shown = linked("Slides (https://a.example/x_(1)?a=1&b=2), <b>soon</b>.")

    assert shown == (
        'Slides (<a href="https://a.example/x_(1)?a=1&amp;b=2" rel="noopener nofollow">'
        "https://a.example/x_(1)?a=1&amp;b=2</a>), &lt;b&gt;soon&lt;/b&gt;."
    )


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "ftp://a.example",
        "https://bank.example@evil.example/",
        "http://[broken",
        "www.a.example",
    ],
)
def test_what_is_no_plain_web_address_stays_text(text: str) -> None:
    assert linked(text) == text


def test_quotes_cannot_leave_the_attribute() -> None:
    assert linked('https://a.example/"onclick=x') == (
        '<a href="https://a.example/" rel="noopener nofollow">https://a.example/</a>&quot;onclick=x'
    )
