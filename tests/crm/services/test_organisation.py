"""Who runs this system: environment before row before default, the logo, and the first run."""

import threading
from email import message_from_bytes, policy

import cv2
import numpy
import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection

from crm.models import Organisation, User
from crm.selectors import organisation
from crm.services import logo
from crm.services.colleagues import AlreadyHasAccount, compose_invitation
from crm.services.mail_layout import build_mime
from crm.services.organisation import (
    AlreadySetUp,
    FirstAdministrator,
    change_organisation,
    set_up,
)
from tests.factories.crm import make_delivery
from tests.people import make_user

ADA = FirstAdministrator(
    email="Ada@Example.com",
    name="Ada Lovelace",
    password="correct horse battery",
    language="zh-hans",
    time_zone="Asia/Shanghai",
)


def make_picture(suffix: str = ".png", *, width: int = 960, height: int = 320) -> bytes:
    pixels = numpy.full((height, width, 3), 90, numpy.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


# --- What is in force ---------------------------------------------------------------------------
@pytest.mark.django_db
def test_empty_row_says_what_the_settings_say(settings):
    settings.BASE_URL = "https://meet.example.com"
    settings.DEFAULT_FROM_EMAIL = "vmcrm <meet@example.com>"

    assert organisation.current() == organisation.OrganisationFacts(
        name="vmcrm",
        sender="vmcrm <meet@example.com>",
        base_url="https://meet.example.com",
        currency="EUR",
        language="en",
        time_zone="UTC",
        logo="",
    )


@pytest.mark.django_db
def test_change_is_seen_at_once_by_whoever_asked_before(settings):
    settings.FIXED_BY_ENVIRONMENT = {}
    before = organisation.current().name

    change_organisation(changed=Organisation(name="Nordlicht", currency="CNY"))

    now = organisation.current()
    assert (before, now.name, now.currency) == ("vmcrm", "Nordlicht", "CNY")
    assert Organisation.objects.count() == 1


@pytest.mark.django_db
def test_environment_wins_over_the_row(settings):
    settings.ORGANISATION_NAME = "From outside"
    settings.FIXED_BY_ENVIRONMENT = {"name": "VMCRM_ORGANISATION_NAME"}

    change_organisation(changed=Organisation(name="Nordlicht", currency="CNY"))

    assert organisation.current().name == "From outside"
    assert organisation.current().currency == "CNY"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "sender"),
    [
        ({"name": "Nordlicht"}, "Nordlicht <no-reply@localhost>"),
        ({"name": "N", "sender_name": "Events"}, "Events <no-reply@localhost>"),
        ({"name": "N", "sender_address": "a@b.example"}, "N <a@b.example>"),
    ],
)
def test_sender_is_put_together_from_what_there_is(settings, row, sender):
    settings.FIXED_BY_ENVIRONMENT = {}
    settings.DEFAULT_FROM_EMAIL = "vmcrm <no-reply@localhost>"

    change_organisation(changed=Organisation(**row))

    assert organisation.current().sender == sender


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    ["meet.example.com", "ftp://x.example", "https://x.example/meet", "https://u@x.example",
     "https://x.example?a=b", "https://[x", "https://x.example:port", "https:// x.example"],
)  # fmt: skip
def test_base_url_with_anything_behind_it_is_refused(url):
    with pytest.raises(ValidationError):
        change_organisation(changed=Organisation(base_url=url))

    assert Organisation.objects.get().base_url == ""


# --- The logo -----------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_logo_becomes_a_small_png(suffix):
    kept = logo.make_logo(make_picture(suffix))

    pixels = cv2.imdecode(numpy.frombuffer(kept, numpy.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (160, 480, 3)
    assert kept.startswith(b"\x89PNG")


def test_logo_keeps_nothing_of_what_hides_behind_the_picture():
    hidden = b"<script>alert(1)</script>"

    assert hidden not in logo.make_logo(make_picture() + hidden)


PNG = make_picture()
BOMB = PNG[:16] + (60_000).to_bytes(4, "big") + (60_000).to_bytes(4, "big") + PNG[24:]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is no PNG or JPEG picture."),
        (b"GIF89a", "This is no PNG or JPEG picture."),
        (b"", "This is no PNG or JPEG picture."),
        (PNG[:200], "The picture is damaged."),
        (BOMB, "The picture has more than 16 million pixels."),
        (PNG + bytes(logo.MOST_BYTES), "The picture is larger than 2 MB."),
    ],
)
def test_logo_that_is_none_is_refused(content, sentence):
    with pytest.raises(logo.LogoRefused) as refused:
        logo.make_logo(content)

    assert str(refused.value) == sentence


@pytest.mark.django_db(transaction=True)
def test_new_logo_replaces_the_file_of_the_old_one():
    first, second = logo.make_logo(make_picture()), logo.make_logo(make_picture(width=100))

    change_organisation(changed=Organisation(), new_logo=first)
    old = Organisation.objects.get().logo.name
    change_organisation(changed=Organisation.objects.get(), new_logo=second)
    new = organisation.current().logo

    assert not default_storage.exists(old)
    assert organisation.read_logo(new) == second
    assert organisation.read_logo("../secrets/secret_key") is None
    change_organisation(changed=Organisation.objects.get(), drop_logo=True)
    assert organisation.current().logo == ""
    assert not default_storage.exists(f"organisation/{new}")


@pytest.mark.django_db
def test_mail_carries_name_sender_and_logo_of_the_organisation(settings):
    settings.FIXED_BY_ENVIRONMENT = {}
    picture = logo.make_logo(make_picture())
    change_organisation(
        changed=Organisation(name="北光医疗", sender_address="hello@nordlicht.example"),
        new_logo=picture,
    )
    user = make_user("Nina New")
    delivery = make_delivery(composer="crm.colleague_invitation", address=user.email)
    delivery.parameters = {"user": user.pk, "invited_by": "Ada"}

    mime = build_mime(delivery, compose_invitation(delivery))
    message = message_from_bytes(mime, policy=policy.default)

    assert message["From"] == "北光医疗 <hello@nordlicht.example>"
    assert "北光医疗" in message["Subject"]
    images = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [(part["Content-ID"], part.get_content()) for part in images] == [
        ("<organisation-logo>", picture)
    ]


# --- The first run ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_set_up_makes_a_confirmed_administrator_and_the_row(settings):
    settings.FIXED_BY_ENVIRONMENT = {}

    user = set_up(organisation=Organisation(name="Nordlicht"), new_logo=None, administrator=ADA)

    user.refresh_from_db()
    assert (user.email, user.name, user.language, user.time_zone) == (
        "ada@example.com", "Ada Lovelace", "zh-hans", "Asia/Shanghai",
    )  # fmt: skip
    assert (user.is_staff, user.is_superuser, user.is_active) == (True, True, True)
    assert [group.name for group in user.groups.all()] == ["admin"]
    assert user.check_password(ADA.password)
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("ada@example.com", True, True)
    assert organisation.current().name == "Nordlicht"


@pytest.mark.django_db
def test_set_up_twice_is_refused_and_changes_nothing():
    set_up(organisation=Organisation(name="Nordlicht"), new_logo=None, administrator=ADA)
    late = FirstAdministrator(**{**ADA.__dict__, "email": "late@example.com"})

    with pytest.raises(AlreadySetUp):
        set_up(organisation=Organisation(name="Late"), new_logo=None, administrator=late)

    assert User.objects.count() == 1
    assert Organisation.objects.get().name == "Nordlicht"


@pytest.mark.django_db
def test_set_up_with_a_taken_address_leaves_nothing_behind():
    make_user("Early Guest", is_staff=False, email="ada@example.com")

    with pytest.raises(AlreadyHasAccount):
        set_up(organisation=Organisation(name="Nordlicht"), new_logo=None, administrator=ADA)

    assert not organisation.has_administrator()
    assert Organisation.objects.get().name == ""


@pytest.mark.django_db(transaction=True)
def test_two_who_set_up_at_once_give_one_administrator():
    start = threading.Barrier(2)
    outcomes = []

    def try_it(number):
        person = FirstAdministrator(**{**ADA.__dict__, "email": f"ada{number}@example.com"})
        start.wait()
        try:
            row = Organisation(name=f"N{number}")
            set_up(organisation=row, new_logo=None, administrator=person)
            outcomes.append(f"N{number}")
        except AlreadySetUp:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes, key=len, reverse=True)[0] == "refused"
    assert User.objects.filter(is_superuser=True).count() == 1
    assert Organisation.objects.get().name == min(outcomes, key=len)
