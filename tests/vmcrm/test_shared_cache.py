"""Without the shared cache each process counts for itself: no limit opens, no page closes."""

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from tests.factories.meetings import make_meeting
from tests.people import make_user

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _away(settings, tmp_path):
    location = f"unix://{tmp_path}/nobody-listens.sock"
    settings.CACHES = {
        "default": {"BACKEND": "vmcrm.shared_cache.SharedCache", "LOCATION": location},
        "server": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": location,
        },
    }
    yield
    caches["default"].clear()


def test_every_operation_goes_on_in_the_process():
    cache = caches["default"]

    cache.set("a", 1)
    cache.set_many({"b": 2, "c": 3})

    assert (cache.add("a", 9), cache.incr("a"), cache.get("a")) == (False, 2, 2)
    assert cache.get_many(["b", "c", "d"]) == {"b": 2, "c": 3}
    assert (cache.has_key("a"), cache.touch("a"), cache.delete("a")) == (True, True, True)
    cache.delete_many(["b"])
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (None, None, 3)


def test_who_asks_whether_the_server_answers_is_told():
    with pytest.raises((RedisError, OSError)):
        caches["server"].get("a")


@pytest.mark.django_db
def test_login_without_the_cache_works_and_wrong_passwords_lock_the_account(client):
    user = make_user("Ada Lovelace")
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    page = reverse("account_login")

    right = client.post(page, {"login": user.email, "password": PASSWORD})
    wrong = [Client().post(page, {"login": user.email, "password": "no"}) for _try in range(5)]
    locked = Client().post(page, {"login": user.email, "password": PASSWORD})

    assert (right.status_code, right["Location"]) == (302, "/")
    assert ["Too many" in answer.content.decode() for answer in wrong] == [False] * 5
    assert "Too many" in locked.content.decode()


@pytest.mark.django_db
def test_pages_without_the_cache_are_as_before_and_codes_cannot_be_guessed(client):
    meeting = make_meeting(visibility="public")
    client.get("/join/")

    pages = [client.get(path).status_code for path in ("/", "/meetings/", "/join/")]
    wrong = [client.post("/join/", {"code": "wrongwrong"}) for _try in range(5)]
    locked = client.post("/join/", {"code": meeting.join_code})

    assert pages == [200, 200, 200]
    assert [answer.status_code for answer in wrong] == [422] * 5
    assert "too many tries" in locked.content.decode()
