"""Two passwords at a time in one process; the others wait, and read why when it takes too long."""

from contextlib import ExitStack, contextmanager

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client
from django.urls import reverse

from crm.models import User
from tests.people import make_user
from vmcrm import password_hashing
from vmcrm.password_hashing import BoundedArgon2PasswordHasher, PasswordsBusy

PASSWORD = "correct horse battery"
HASHER = "vmcrm.password_hashing.BoundedArgon2PasswordHasher"


@pytest.fixture(autouse=True)
def _argon2(settings, monkeypatch):
    settings.PASSWORD_HASHERS = [HASHER]
    monkeypatch.setattr(password_hashing, "WAIT_S", 0.01)


@contextmanager
def all_places_taken():
    with ExitStack() as places:
        for _number in range(password_hashing.AT_ONCE):
            places.enter_context(password_hashing.place())
        yield


def make_account() -> User:
    user = make_user("Ada Lovelace")
    user.password = make_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_third_password_at_once_is_refused_after_the_wait_and_leaves_no_trace():
    with all_places_taken(), pytest.raises(PasswordsBusy):
        make_password(PASSWORD)

    assert check_password(PASSWORD, make_password(PASSWORD))


def test_queue_before_the_places_has_an_end(monkeypatch):
    monkeypatch.setattr(password_hashing, "_door", password_hashing.threading.BoundedSemaphore(1))
    monkeypatch.setattr(password_hashing, "WAIT_S", 60)

    with password_hashing.place(), pytest.raises(PasswordsBusy):
        make_password(PASSWORD)


def test_hash_takes_one_thread_and_as_much_memory_as_django_wants():
    _hasher, kind, _version, parameters, *_salt_and_hash = make_password(PASSWORD).split("$")

    assert (kind, parameters) == ("argon2id", "m=102400,t=2,p=1")


@pytest.mark.django_db
def test_wrong_password_is_compared_once(client, monkeypatch):
    user = make_account()
    compared = []
    verify = BoundedArgon2PasswordHasher.verify
    monkeypatch.setattr(
        BoundedArgon2PasswordHasher,
        "verify",
        lambda hasher, *words: compared.append(words) or verify(hasher, *words),
    )

    client.post(reverse("account_login"), {"login": user.email, "password": "not the password"})

    assert len(compared) == 1


def log_in(client: Client, user: User):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def log_in_unknown(client: Client, user: User):
    form = {"login": "nobody@vmcrm.example", "password": PASSWORD}
    return client.post(reverse("account_login"), form)


def sign_up(client: Client, user: User):
    form = {
        "name": "New", "email": "new@vmcrm.example", "password1": PASSWORD, "password2": PASSWORD,
        "language": "en", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    return client.post(reverse("account_signup"), form)


def sign_up_known(client: Client, user: User):
    form = {
        "name": "New", "email": user.email, "password1": PASSWORD, "password2": PASSWORD,
        "language": "en", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    return client.post(reverse("account_signup"), form)


def change_password(client: Client, user: User):
    client.force_login(user)
    form = {"oldpassword": PASSWORD, "password1": f"{PASSWORD} 2", "password2": f"{PASSWORD} 2"}
    return client.post(reverse("account_change_password"), form)


def prove_again(client: Client, user: User):
    client.force_login(user)
    return client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("door", "language", "sentence"),
    [
        (log_in, "en", "Too many tries"),
        (log_in_unknown, "zh-hans", "尝试次数过多"),
        (sign_up, "zh-hans", "尝试次数过多"),
        (sign_up_known, "en", "Too many tries"),
        (change_password, "en", "Too many tries"),
        (prove_again, "zh-hans", "尝试次数过多"),
    ],
)
def test_every_door_that_waited_too_long_says_so_and_changes_nothing(
    client, door, language, sentence
):
    user = make_account()
    client.cookies["django_language"] = language
    before = list(User.objects.values_list("email", "password"))

    with all_places_taken():
        answer = door(client, user)

    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert sentence in answer.content.decode()
    assert list(User.objects.values_list("email", "password")) == before
