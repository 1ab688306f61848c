"""The reference of the methods in the administration: rendered, harmless, and linked rightly."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from analytics.methods import ANCHORS, SOURCE, SUMMARIES, read_methods, read_summary, render
from analytics.models import Run
from crm.models import User
from tests.factories.analytics import make_score_run
from tests.people import make_user

PAGE = reverse("admin:analytics_run_methods")


def test_document_has_a_section_for_each_kind_of_run_and_all_its_headings() -> None:
    document = read_methods()

    written = re.findall(r"^## (.+)$", SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [section.title for section in document.sections] == written
    assert set(ANCHORS) == set(Run.Kind)
    assert set(ANCHORS.values()) <= {section.anchor for section in document.sections}
    for section in document.sections:
        assert document.html.count(f'id="{section.anchor}"') == 1


def test_document_keeps_its_tables_and_formulas() -> None:
    html = read_methods().html

    rows = [
        line
        for line in SOURCE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and not re.fullmatch(r"[| -]+", line)
    ]
    assert html.count("<tr>") == len(rows) > 50
    assert html.count('class="table-scroll"') == html.count("<table>") + html.count("<pre>")
    assert "Σ(eₜ − eₜ₋₁)² / Σeₜ²" in html
    assert "y = 1.5x + 2 and 17 is wrong" in html


@pytest.mark.parametrize("language", SUMMARIES)
def test_summary_leads_to_each_english_section_and_takes_none_of_its_anchors(language: str) -> None:
    summary = read_summary(language)

    assert summary is not None
    links = re.findall(r'href="#([^"]+)"', summary.html)
    assert links == [ANCHORS[kind] for kind in ("regression", "segments", "budget", "score")]
    english = {section.anchor for section in read_methods().sections}
    assert english.isdisjoint(section.anchor for section in summary.sections)


def test_summary_has_every_number_it_names_in_common_with_the_english_document() -> None:
    numbered = re.compile(r"\b[RSBE][1-9][0-9]?\b")
    known = set(numbered.findall(SOURCE.read_text(encoding="utf-8")))

    for path in SUMMARIES.values():
        assert set(re.findall(r"(?<![A-Za-z])[RSBE][1-9][0-9]?", path.read_text("utf-8"))) <= known


def test_html_and_dangerous_links_in_the_source_do_nothing() -> None:
    html = render(
        "# Title\n\n## Part <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
        "[go](javascript:alert(1)) ![x](http://evil.example/x.png) [fine](https://nist.gov)"
    ).html

    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="https://nist.gov"' in html
    assert "Title" not in html


def test_page_is_for_colleagues_who_may_read_analytics(
    client: Client, owner: User, auditor: User, db: None
) -> None:
    visitor = make_user("Vera Visitor", is_staff=False)
    assert client.get(PAGE).status_code == 302
    client.force_login(visitor)
    assert client.get(PAGE).status_code in {302, 403}

    for person in (owner, auditor):
        client.force_login(person)
        assert "Durbin" in client.get(PAGE).content.decode()


def test_page_in_chinese_says_that_it_is_english(client: Client, owner: User) -> None:
    client.force_login(owner)

    english = client.get(PAGE, headers={"accept-language": "en"}).content.decode()
    owner.language = "zh-hans"
    owner.save()
    chinese = client.get(PAGE, headers={"accept-language": "zh-hans"}).content.decode()

    assert "完整的参考资料仅提供英文版" in chinese
    assert chinese.index("误差的自相关") < chinese.index("Durbin")
    assert "The full reference is kept in English" not in english
    assert "误差的自相关" not in english
    assert '<article class="card methods" lang="en">' in chinese


@pytest.mark.parametrize(("time", "is_old"), [({}, True), ({"time": {"control": "full"}}, False)])
def test_method_of_a_regression_from_before_says_what_it_leaves_in(
    time: dict[str, object], is_old: bool
) -> None:
    run = Run(kind=Run.Kind.REGRESSION, figures={"coefficients": {}, **time})

    text = render_to_string("admin/analytics/run/methods/regression.html", {"run": run})

    assert ("from before trend and season" in text) is is_old
    assert ("AR(1) errors" in text) is not is_old


def test_run_leads_to_the_section_of_its_method(client: Client, owner: User) -> None:
    run = make_score_run(requested_by=owner)
    client.force_login(owner)

    page = client.get(reverse("admin:analytics_run_change", args=[run.pk])).content.decode()

    assert f'href="{PAGE}#scores"' in page
