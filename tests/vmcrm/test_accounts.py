"""Registering, confirming, signing in, the second step, and who is kept out of the admin."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from crm.models import Delivery, User
from tests.people import make_user
from vmcrm import account_mails
from vmcrm.accounts import move_to_base_url

PASSWORD = "correct horse battery"
SIGN_UP = {
    "name": "张伟",
    "email": "Zhang.Wei@Example.com",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "language": "zh-hans",
    "time_zone": "Asia/Shanghai",
}


def make_account(**fields: object) -> User:
    user = make_user("Ada Lovelace", **fields)
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, email: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def code_now(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def queued_mail() -> Delivery:
    return Delivery.objects.get()


def words_of(delivery: Delivery) -> str:
    return account_mails.COMPOSERS[delivery.composer](delivery).text


def find_link(text: str) -> str:
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", text)
    assert found, text
    return found[1]


@pytest.mark.django_db
def test_sign_up_keeps_name_language_zone_and_makes_no_staff(client):
    client.post(reverse("account_signup"), {**SIGN_UP, "is_staff": "on"})

    user = User.objects.get()
    assert (user.email, user.name, user.language, user.time_zone) == (
        "zhang.wei@example.com",
        "张伟",
        "zh-hans",
        "Asia/Shanghai",
    )
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_sign_up_then_confirmation_by_post_opens_the_account(client):
    client.post(reverse("account_signup"), SIGN_UP)
    link = find_link(words_of(queued_mail()))

    before = sign_in(Client(), "zhang.wei@example.com")
    shown = client.get(link)
    still_unverified = not EmailAddress.objects.get().verified
    client.post(link)
    after = Client()
    sign_in(after, "zhang.wei@example.com")

    assert before.url == reverse("account_email_verification_sent")
    assert shown.status_code == 200
    assert still_unverified
    assert EmailAddress.objects.get().verified
    assert is_signed_in(after)


@pytest.mark.django_db
def test_account_mail_goes_to_the_outbox_and_links_to_the_base_url(client):
    client.post(reverse("account_signup"), SIGN_UP, HTTP_HOST="127.0.0.1:1234")

    delivery = queued_mail()
    assert delivery.address == "zhang.wei@example.com"
    assert f"{settings.BASE_URL}/accounts/confirm-email/" in words_of(delivery)
    assert "127.0.0.1:1234" not in words_of(delivery)
    assert mail.outbox == []


@pytest.mark.django_db
def test_move_to_base_url_keeps_path_and_query():
    moved = move_to_base_url("http://evil.example:81/accounts/x/?next=/a#b")

    assert moved == f"{settings.BASE_URL}/accounts/x/?next=/a#b"


@pytest.mark.django_db
def test_sign_up_with_a_known_address_answers_as_with_a_new_one(client):
    make_account(email="known@vmcrm.example", is_staff=False)

    new = client.post(reverse("account_signup"), {**SIGN_UP, "email": "new@vmcrm.example"})
    known = Client().post(reverse("account_signup"), {**SIGN_UP, "email": "known@vmcrm.example"})

    assert (known.status_code, known.url) == (new.status_code, new.url)
    assert User.objects.filter(email="known@vmcrm.example").count() == 1
    told = words_of(Delivery.objects.get(address="known@vmcrm.example"))
    assert "/accounts/confirm-email/" not in told


@pytest.mark.django_db
def test_reset_answers_alike_for_known_and_unknown_addresses(client):
    make_account(email="known@vmcrm.example")

    known = client.post(reverse("account_reset_password"), {"email": "known@vmcrm.example"})
    unknown = Client().post(reverse("account_reset_password"), {"email": "other@vmcrm.example"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    texts = {delivery.address: words_of(delivery) for delivery in Delivery.objects.all()}
    assert "/accounts/password/reset/key/" in texts["known@vmcrm.example"]
    assert "/accounts/password/reset/key/" not in texts["other@vmcrm.example"]


@pytest.mark.django_db
def test_wrong_password_and_unknown_address_get_the_same_sentence(client):
    make_account(email="known@vmcrm.example")

    wrong = sign_in(client, "known@vmcrm.example", "not the password")
    unknown = sign_in(Client(), "other@vmcrm.example", "not the password")

    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert wrong.context["form"].errors


@pytest.mark.django_db
def test_reset_link_sets_a_new_password_once(client):
    make_account(email="known@vmcrm.example")
    client.post(reverse("account_reset_password"), {"email": "known@vmcrm.example"})
    link = find_link(words_of(queued_mail()))
    new = "a wholly different phrase"

    form_page = client.get(link, follow=True)
    client.post(form_page.request["PATH_INFO"], {"password1": new, "password2": new})
    again = Client().get(link, follow=True)

    assert User.objects.get().check_password(new)
    assert again.context["token_fail"]


@pytest.mark.django_db
def test_failed_tries_lock_the_address_for_a_while(client):
    make_account(email="known@vmcrm.example")

    for _ in range(5):
        sign_in(client, "known@vmcrm.example", "not the password")
    blocked = sign_in(client, "known@vmcrm.example")

    assert not is_signed_in(client)
    assert "Too many" in str(blocked.context["form"].errors)


@pytest.mark.django_db
def test_second_step_is_asked_for_and_takes_a_code_once(client):
    user = make_account()
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    code = code_now(secret)

    half = sign_in(client, user.email)
    signed_in_early = is_signed_in(client)
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": code})
    other = Client()
    sign_in(other, user.email)
    other.post(reverse("mfa_authenticate"), {"code": code})

    assert half.url == reverse("mfa_authenticate")
    assert not signed_in_early
    assert wrong.context["form"].errors
    assert is_signed_in(client)
    assert not is_signed_in(other)


@pytest.mark.django_db
def test_recovery_code_replaces_the_second_step(client):
    user = make_account()
    TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(user).get_unused_codes()[0]

    sign_in(client, user.email)
    client.post(reverse("mfa_authenticate"), {"code": code})

    assert is_signed_in(client)


@pytest.mark.django_db
def test_activating_the_authenticator_shows_a_code_and_asks_for_one(client):
    user = make_account()
    sign_in(client, user.email)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})

    assert 'src="data:image/svg+xml' in page.content.decode()
    assert '<html lang="en">' in page.content.decode()
    assert user.authenticator_set.filter(type="totp").exists()


@pytest.mark.django_db
def test_sign_out_happens_by_post_only(client):
    user = make_account()
    sign_in(client, user.email)

    client.get(reverse("account_logout"))
    client.get(reverse("admin:logout"))
    after_get = is_signed_in(client)
    client.post(reverse("account_logout"))

    assert after_get
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_admin_sends_visitors_to_the_common_login(client):
    answer = client.get(reverse("admin:index"), follow=True)

    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next=%2Fadmin%2F"


@pytest.mark.django_db
def test_admin_refuses_an_account_that_is_not_staff_in_plain_words(client):
    user = make_account(is_staff=False)
    sign_in(client, user.email)

    answer = client.get(reverse("admin:index"), follow=True)

    assert answer.status_code == 403
    assert "This page is not open to you" in answer.content.decode()


@pytest.mark.django_db
def test_admin_opens_for_staff_after_the_common_login(client):
    user = make_account()

    answer = client.post(
        f"{reverse('account_login')}?next=/admin/",
        {"login": user.email, "password": PASSWORD, "next": "/admin/"},
        follow=True,
    )

    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200


@pytest.mark.django_db
def test_password_is_kept_with_argon2(client, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    client.post(reverse("account_signup"), SIGN_UP)

    assert User.objects.get().password.startswith("argon2")


ADDRESS_DOORS = {
    "add": {"action_add": "", "email": "thief@elsewhere.example"},
    "primary": {"action_primary": "", "email": "second@vmcrm.example"},
    "remove": {"action_remove": "", "email": "second@vmcrm.example"},
}


def addresses_of(user: User) -> list[tuple[str, bool]]:
    return list(
        EmailAddress.objects.filter(user=user).values_list("email", "primary").order_by("pk")
    )


@pytest.mark.django_db
@pytest.mark.parametrize("door", ADDRESS_DOORS)
def test_addresses_of_an_account_change_only_with_its_password(client, door):
    user = make_account()
    EmailAddress.objects.create(user=user, email="second@vmcrm.example", verified=True)
    sign_in(client, user.email)
    before = addresses_of(user)

    asked = client.post(reverse("account_email"), ADDRESS_DOORS[door])
    without = addresses_of(user)
    page = client.get(asked.url)
    wrong = client.post(asked.url, {"password": "a guess of mine"})
    after_a_guess = addresses_of(user)
    client.post(asked.url, {"password": PASSWORD})

    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert (page.status_code, wrong.status_code) == (200, 200)
    assert (without, after_a_guess) == (before, before)
    assert addresses_of(user) != before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
        "mfa_view_recovery_codes",
        "mfa_download_recovery_codes",
    ],
)
def test_second_step_of_an_account_changes_only_with_its_password(client, name):
    user = make_account()
    sign_in(client, user.email)
    if name != "mfa_activate_totp":
        TOTP.activate(user, "SECRET")
        RecoveryCodes.activate(user)

    answers = [client.get(reverse(name)), client.post(reverse(name))]

    for answer in answers:
        assert answer.status_code == 302 or answer.status_code == 405
    assert "reauthenticate" in answers[0].url
