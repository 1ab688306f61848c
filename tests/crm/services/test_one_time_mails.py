"""Mails that carry a key to an account: sealed while they wait, sent after a crash, not kept."""

import importlib
import re
from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.mail_folder import MailFolderBackend
from crm.models import Delivery, User
from crm.sealing import SealBroken, seal, unseal
from crm.services import colleagues, sending
from crm.services.composed import compose_sealed
from tests.factories.crm import make_delivery
from tests.people import make_user

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/accounts/password/reset/key/[^\s\"'<>]+")


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    settings.MAIL_FOLDER = tmp_path
    return tmp_path


def ask_for_password(email: str) -> Delivery:
    user = make_user("Ada Lovelace", email=email, is_staff=False)
    user.set_password("correct horse battery")
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    Client().post(reverse("account_reset_password"), {"email": email})
    return Delivery.objects.latest("pk")


def stored_words(delivery: Delivery) -> str:
    """Every column of the row, as somebody reads it who took the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crm_delivery WHERE id = %s", [delivery.pk])
        return repr(
            [bytes(v) if isinstance(v, (bytes, memoryview)) else v for v in cursor.fetchone()]
        )


def sent_link(folder: Path) -> str:
    (file,) = folder.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    found = LINK.search(body.get_content() if body else "")
    assert found is not None
    return found[0]


def opens_the_account(link: str) -> bool:
    page = Client().get(link, follow=True).content.decode()
    return 'name="password1"' in page


def test_waiting_mail_shows_its_link_to_nobody_and_the_sent_one_works(folder: Path) -> None:
    delivery = ask_for_password("ada@lovelace.eu")
    while_waiting = stored_words(delivery)

    assert sending.send(delivery_id=delivery.pk) == "sent"

    link = sent_link(folder)
    assert opens_the_account(link)
    key = link.rsplit("/", 2)[-2]
    assert key not in while_waiting
    assert "password/reset" not in while_waiting
    assert key not in stored_words(delivery)
    delivery.refresh_from_db()
    assert (delivery.parameters, delivery.mime) == ({}, None)


class DyingBackend(MailFolderBackend):
    """Hands the mail over, and is killed before anybody hears of it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        super().send_messages(email_messages)
        raise SystemExit


def test_worker_killed_while_sending_sends_the_same_link_again(folder: Path, settings: Any) -> None:
    delivery = ask_for_password("ada@lovelace.eu")
    settings.EMAIL_BACKEND = f"{__name__}.DyingBackend"
    with pytest.raises(SystemExit):
        sending.send(delivery_id=delivery.pk)
    first = sent_link(folder)
    left_behind = stored_words(delivery)
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"

    assert sending.send(delivery_id=delivery.pk) == "sent"

    assert sent_link(folder) == first
    assert opens_the_account(first)
    assert "password/reset" not in left_behind
    assert len(left_behind) > 1000, "the finished mail did not wait in the row"
    delivery.refresh_from_db()
    assert (delivery.parameters, delivery.mime) == ({}, None)


def test_invitation_of_a_colleague_is_not_kept(folder: Path, administrator: User) -> None:
    colleagues.invite(
        email="new@lovelace.eu",
        name="Nia New",
        roles=["sales"],
        team=None,
        language="en",
        time_zone="UTC",
        invited_by=administrator,
    )
    delivery = Delivery.objects.get()

    sending.send(delivery_id=delivery.pk)

    assert opens_the_account(sent_link(folder))
    delivery.refresh_from_db()
    assert (delivery.mime, delivery.subject) == (None, "Your account at vmcrm")


def test_outbox_says_why_the_words_are_gone_and_shows_those_of_demo_addresses(
    administrator: User, client: Client
) -> None:
    real = ask_for_password("ada@lovelace.eu")
    sending.send(delivery_id=real.pk)
    demo = ask_for_password("ada@demo.example")
    sending.send(delivery_id=demo.pk)
    client.force_login(administrator)

    def show(delivery: Delivery) -> str:
        page = client.get(reverse("admin:crm_delivery_change", args=[delivery.pk]))
        return page.content.decode()

    assert "The words of this mail are not kept" in show(real)
    assert LINK.search(show(demo))


def test_other_mails_are_sealed_in_the_row_and_read_in_the_outbox(
    administrator: User, client: Client
) -> None:
    words = {"subject": "Hello", "text": "See /r/abcdefgh/ soon, Ada", "html": ""}
    delivery = make_delivery(address="ada@lovelace.eu", parameters=words)
    sending.send(delivery_id=delivery.pk)
    Delivery.objects.update(parameters={})
    client.force_login(administrator)

    page = client.get(reverse("admin:crm_delivery_change", args=[delivery.pk])).content.decode()

    assert "abcdefgh" not in stored_words(delivery)
    assert "See /r/•••/ soon, Ada" in page


def test_mail_that_was_sealed_under_a_former_key_is_still_read_and_under_a_lost_one_is_not(
    settings: Any,
) -> None:
    former = settings.SECRET_KEY
    sealed = seal(b"words")

    settings.SECRET_KEY = "another key"
    settings.SECRET_KEY_FALLBACKS = [former]
    assert unseal(sealed) == b"words"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SealBroken):
        unseal(sealed)
    with pytest.raises(SealBroken):
        unseal(sealed[:-2] + b"AA")


def test_account_mail_whose_key_is_lost_is_given_up_in_words(settings: Any) -> None:
    form = {
        "name": "Ada", "email": "ada@lovelace.eu", "password1": "correct horse battery",
        "password2": "correct horse battery", "language": "en", "time_zone": "UTC",
    }  # fmt: skip
    Client().post(reverse("account_signup"), form)
    delivery = Delivery.objects.get()
    settings.SECRET_KEY = "another key"

    assert sending.send(delivery_id=delivery.pk) == "suppressed"

    delivery.refresh_from_db()
    assert delivery.error == "The key that this mail was kept under is gone."


# --- Rows from before mails were sealed -----------------------------------------------------------

WORDS = {"subject": "Password", "text": "/accounts/password/reset/key/the-key/", "html": ""}
MIME = b"Subject: Password\r\n\r\n/accounts/password/reset/key/the-key/"


def make_older(purpose: str, state: str, **fields: Any) -> Delivery:
    """As it was written by a version that did not seal."""
    delivery = make_delivery(address="ada@customers.test", composer="crm.composed")
    values = {"purpose_key": purpose, "state": state, "is_demo": False} | fields
    if state == "sent":
        values["sent_at"] = timezone.now()
    Delivery.objects.filter(pk=delivery.pk).update(parameters=WORDS, mime=MIME, **values)
    delivery.refresh_from_db()
    return delivery


def seal_older_mails() -> None:
    importlib.import_module("crm.migrations.0014_seal_older_mails").seal_mails(apps, None)


def test_older_mails_with_a_key_to_an_account_are_sealed_or_dropped() -> None:
    sent = make_older("account/email/password_reset_key:1", "sent")
    invited = make_older("invite:1", "sent", composer=colleagues.INVITATION)
    waiting = make_older("account/email/password_reset_key:2", "deferred")

    seal_older_mails()
    seal_older_mails()

    for delivery in (sent, invited, waiting):
        assert "the-key" not in stored_words(delivery)
        delivery.refresh_from_db()
    assert (sent.read_mime(), sent.parameters, invited.read_mime()) == (None, {}, None)
    assert waiting.read_mime() == MIME
    assert compose_sealed(waiting).text == WORDS["text"]
    assert waiting.composer == "crm.composed_one_time"


def test_older_mails_without_a_key_are_sealed_and_still_read() -> None:
    report = make_older("report:1", "sent")
    demo = make_older("report:2", "sent", is_demo=True)

    seal_older_mails()

    assert "the-key" not in repr(bytes(Delivery.objects.get(pk=report.pk).mime))
    report.refresh_from_db()
    demo.refresh_from_db()
    assert (report.read_mime(), report.parameters) == (MIME, WORDS)
    assert bytes(demo.mime) == MIME
