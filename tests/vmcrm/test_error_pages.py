"""Pages that report a failure must not need what failed."""

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.views.defaults import server_error

PAGES = (
    "400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html", "503.html",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_error_page_renders_without_context_and_database(name):
    html = get_template(name).render()

    assert '<html lang="en">' in html
    assert "/static/vmcrm/site/elements.css" in html
    assert 'href="/"' in html


def test_error_page_speaks_the_readers_language():
    with translation.override("zh-hans"):
        html = get_template("500.html").render()

    assert '<html lang="zh-hans">' in html


def test_server_error_page_queries_nothing(rf):
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


@pytest.mark.django_db
def test_unknown_address_gets_our_page(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


@pytest.mark.django_db
def test_form_without_its_token_is_refused_in_plain_words():
    client = Client(enforce_csrf_checks=True)

    response = client.post(reverse("account_login"), {"login": "a@b.example"})

    assert response.status_code == 403
    assert "The form could not be accepted" in response.content.decode()
    assert "CSRF" not in response.content.decode()
