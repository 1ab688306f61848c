"""Language and time zone of the person who asks."""

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient
from django.urls import reverse

from tests.people import make_user


def language_of(response) -> str:
    return response["Content-Language"]


@pytest.mark.django_db
def test_visitor_gets_the_browsers_language(client):
    response = client.get(reverse("account_login"), HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")

    assert language_of(response) == "zh-hans"
    assert '<html lang="zh-hans">' in response.content.decode()


@pytest.mark.django_db
def test_account_language_wins_over_the_browsers(client):
    client.force_login(make_user("Ada", language="zh-hans"))

    response = client.get(reverse("home"), HTTP_ACCEPT_LANGUAGE="en")

    assert language_of(response) == "zh-hans"


@pytest.mark.django_db
def test_language_chosen_on_the_site_wins_over_the_accounts(client):
    client.force_login(make_user("Ada", language="zh-hans"))

    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    response = client.get(reverse("home"))

    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert language_of(response) == "en"


@pytest.mark.django_db
def test_admin_shows_times_in_the_accounts_zone(client):
    user = make_user("Ada", "admin", time_zone="Pacific/Kiritimati")
    client.force_login(user)

    response = client.get(reverse("admin:index"))

    assert 'data-admin-utc-offset="50400"' in response.content.decode()


@pytest.mark.django_db
def test_zone_that_this_machine_does_not_know_falls_back(client):
    user = make_user("Ada", "admin", time_zone="Mars/Olympus_Mons")
    client.force_login(user)

    response = client.get(reverse("admin:index"))

    assert response.status_code == 200
    assert 'data-admin-utc-offset="0"' in response.content.decode()


@pytest.mark.django_db(transaction=True)
async def test_one_persons_zone_does_not_stay_for_the_next():
    make = sync_to_async(make_user)
    user = await make("Ada", time_zone="Pacific/Kiritimati", is_superuser=True)
    other = await make("Bob", time_zone="", is_superuser=True)
    first, second = AsyncClient(), AsyncClient()
    await first.aforce_login(user)
    await second.aforce_login(other)

    there = await first.get(reverse("admin:index"))
    here = await second.get(reverse("admin:index"))

    assert 'data-admin-utc-offset="50400"' in there.content.decode()
    assert 'data-admin-utc-offset="0"' in here.content.decode()
