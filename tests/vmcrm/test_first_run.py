"""The first-run page: who gets in, what is refused, and that it is gone afterwards."""

import io
import re
import threading

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from crm.models import Organisation, User
from crm.selectors import organisation
from crm.services import logo
from crm.services.organisation import change_organisation, set_up
from tests.crm.services.test_organisation import ADA as FIRST
from tests.crm.services.test_organisation import make_picture
from vmcrm import setup_link
from vmcrm.logs import mask

FILLED_IN = {
    "name": "Nordlicht",
    "currency": "CNY",
    "sender_name": "",
    "sender_address": "hello@nordlicht.example",
    "base_url": "http://localhost:8000",
    "language": "zh-hans",
    "time_zone": "Asia/Shanghai",
    "user_name": "Ada Lovelace",
    "email": "ada@nordlicht.example",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_settings(settings, tmp_path, monkeypatch):
    settings.FIXED_BY_ENVIRONMENT = {}
    settings.BASE_URL = "http://localhost:8000"
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    settings.HOME = tmp_path


def page() -> str:
    return setup_link.make_setup_link().removeprefix("http://localhost:8000")


def test_link_is_the_same_until_used_and_its_file_is_the_owners_alone(tmp_path):
    first, second = page(), page()

    path = tmp_path / "secrets" / "setup_token"
    assert first == second == f"/setup/{path.read_text()}/"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert len(path.read_text()) >= 43


def test_token_does_not_reach_the_logs():
    assert mask(f"GET {page()} 200") == "GET /setup/***/ 200"


def test_looking_at_the_page_changes_nothing(client):
    response = client.get(page())

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert not User.objects.exists()
    assert Organisation.objects.get().name == ""


def test_address_is_offered_as_the_reader_came(client):
    served = client.get(page(), headers={"host": "localhost:8000"})
    not_served = client.get(page(), headers={"host": "testserver:81"})

    assert served.context["form"]["base_url"].value() == "http://localhost:8000"
    assert not_served.context["form"]["base_url"].value() == "http://localhost:8000"


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 43])
def test_without_the_right_token_there_is_no_page(client, token):
    page()
    address = f"/setup/{token}/" if token else "/setup/"

    assert client.get(address).status_code == 404
    assert client.post(address, FILLED_IN).status_code == 404
    assert not User.objects.exists()


def test_as_long_as_no_token_was_made_none_is_right(client):
    assert client.get("/setup//").status_code == 404
    assert client.get("/setup/None/").status_code == 404


@pytest.mark.parametrize("who", ["stranger", "attendee_account"])
def test_account_without_the_token_gets_no_page(client, request, who):
    client.force_login(request.getfixturevalue(who))

    assert client.get("/setup/guess/").status_code == 404


def test_set_up_signs_in_and_leads_to_what_is_next(client):
    address = page()
    picture = io.BytesIO(make_picture())
    picture.name = "logo.png"

    response = client.post(address, {**FILLED_IN, "new_logo": picture}, follow=True)

    assert response.redirect_chain == [(reverse("admin:index"), 302)]
    assert response.context["user"] == User.objects.get()
    assert response.context["today"].steps[0].icon == "user-plus"
    facts = organisation.current()
    assert (facts.name, facts.sender, facts.base_url, facts.currency) == (
        "Nordlicht", "Nordlicht <hello@nordlicht.example>", "http://localhost:8000", "CNY",
    )  # fmt: skip
    # The address that the server has anyway is not written down: it may move.
    assert Organisation.objects.get().base_url == ""
    shown = client.get(reverse("organisation-logo", args=[facts.logo]))
    assert (shown["Content-Type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    assert facts.logo in response.content.decode()


def test_afterwards_the_page_is_gone(client):
    address = page()
    client.post(address, FILLED_IN)

    assert Client().get(address).status_code == 404
    assert Client().post(address, {**FILLED_IN, "email": "x@y.example"}).status_code == 404
    assert setup_link.make_setup_link() == ""
    assert User.objects.count() == 1


def test_administrator_signs_in_again_with_the_password(client):
    client.post(page(), FILLED_IN)
    again = Client()

    again.post(
        reverse("account_login"),
        {"login": FILLED_IN["email"], "password": FILLED_IN["password1"]},
    )

    assert again.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"currency": "Euro"}, "currency"),
        ({"base_url": "https://meet.example.com"}, "base_url"),
        ({"base_url": "localhost"}, "base_url"),
        ({"sender_address": "nobody"}, "sender_address"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"email": ""}, "email"),
        ({"password1": "1234567890", "password2": "1234567890"}, "password1"),
        ({"password1": "ada@nordlicht.example", "password2": "ada@nordlicht.example"}, "password1"),
        ({"password2": "another"}, "password2"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(client, wrong, field):
    response = client.post(page(), {**FILLED_IN, **wrong})

    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()
    assert Organisation.objects.get().name == ""


def test_file_that_is_no_picture_is_refused(client):
    file = io.BytesIO(b"<svg onload='alert(1)'/>")
    file.name = "logo.png"

    response = client.post(page(), {**FILLED_IN, "new_logo": file})

    assert response.context["form"].errors == {"new_logo": ["This is no PNG or JPEG picture."]}


def test_field_that_the_environment_fixes_cannot_be_changed(client, settings):
    settings.FIXED_BY_ENVIRONMENT = {"currency": "VMCRM_BASE_CURRENCY"}
    settings.BASE_CURRENCY = "SEK"
    address = page()

    shown = client.get(address).content.decode()
    client.post(address, {**FILLED_IN, "currency": "CNY"})

    assert "Set by VMCRM_BASE_CURRENCY in the environment" in shown
    assert organisation.current().currency == "SEK"


def test_home_page_says_that_set_up_is_pending_without_the_link(client):
    address = page()
    pending = client.get("/").content.decode()
    client.post(address, FILLED_IN)
    done = Client().get("/").content.decode()

    assert "This system is being set up." in pending
    assert address not in pending
    assert "This system is being set up." not in done


# --- Later, in the administration ----------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [("administrator", 200), ("manager", 403), ("auditor", 403), ("stranger", 403)],
)
def test_administrators_alone_see_the_organisation(client, request, who, status):
    client.force_login(request.getfixturevalue(who))

    assert client.get("/admin/crm/organisation/1/change/").status_code == status
    listed = reverse("admin:crm_organisation_changelist")
    assert (listed in client.get("/admin/").content.decode()) is (status == 200)


def test_administrator_changes_the_organisation_and_it_is_noted(client, administrator):
    client.force_login(administrator)
    fields = ("name", "sender_name", "sender_address", "base_url", "currency", "language")
    form = {**dict.fromkeys(fields, ""), "time_zone": "Europe/Berlin", "name": "Südwind"}

    response = client.post("/admin/crm/organisation/1/change/", form)

    assert response.status_code == 302
    assert (organisation.current().name, organisation.current().time_zone) == (
        "Südwind", "Europe/Berlin",
    )  # fmt: skip
    assert "Südwind" in client.get("/").content.decode()
    entry = administrator.logentry_set.get()
    assert (entry.object_id, entry.content_type.model) == ("1", "organisation")


def test_manager_cannot_post_the_organisations_form(client, manager):
    client.force_login(manager)

    response = client.post("/admin/crm/organisation/1/change/", {"name": "Taken over"})

    assert response.status_code == 403
    assert Organisation.objects.get().name == ""


def test_administrator_removes_the_logo(client, administrator):
    change_organisation(changed=Organisation(), new_logo=logo.make_logo(make_picture()))
    client.force_login(administrator)

    client.post("/admin/crm/organisation/1/change/", {"name": "N", "drop_logo": "on"})

    assert organisation.current().logo == ""


# --- At the shell --------------------------------------------------------------------------------
def test_superuser_made_at_the_shell_can_sign_in(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

    call_command("createsuperuser", email="root@nordlicht.example", interactive=False, verbosity=0)
    client.post(
        reverse("account_login"),
        {"login": "root@nordlicht.example", "password": "correct horse battery"},
    )

    assert client.get(reverse("admin:index")).status_code == 200


def test_setup_link_command_says_the_link_or_that_it_is_done(client):
    before, after = io.StringIO(), io.StringIO()
    call_command("setup_link", stdout=before)
    client.post(page(), FILLED_IN)

    call_command("setup_link", stdout=after)

    assert "http://localhost:8000/setup/" in before.getvalue()
    assert after.getvalue() == "There is an administrator already.\n"


# --- Two at once ----------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_whoever_comes_second_reads_that_somebody_was_faster():
    address = page()
    answers = []

    def come_second():
        answers.append(Client().post(address, {**FILLED_IN, "email": "second@nordlicht.example"}))
        connection.close()

    with transaction.atomic():
        set_up(organisation=Organisation(name="First"), new_logo=None, administrator=FIRST)
        second = threading.Thread(target=come_second)
        second.start()
        second.join(1.5)  # by now it waits: nobody sees yet what is not committed
        assert not answers
    second.join(20)

    assert answers[0].status_code == 409
    assert "Somebody was faster" in answers[0].content.decode()
    assert [user.email for user in User.objects.all()] == ["ada@example.com"]
    assert Organisation.objects.get().name == "First"


@pytest.mark.parametrize(
    ("language", "button", "nothing", "later"),
    [
        *[("en", "Choose a file", "No file chosen", "uploaded when you save")],
        *[("zh-hans", "选择文件", "未选择文件", "保存时上传")],
    ],
)
def test_file_field_speaks_the_language_of_the_page(client, language, button, nothing, later):
    """Nothing is said about a choice before a script can know of it."""
    page_text = client.get(page(), headers={"accept-language": language}).content.decode()

    assert '<input type="file" name="new_logo"  accept="image/png,image/jpeg"' in page_text
    assert f"</svg>{button}</label>" in page_text
    shown = re.sub(r"<[^>]*>", "", page_text)
    assert (f'data-nothing="{nothing}"' in page_text, nothing in shown) == (True, False)
    without_script = re.search(r"<noscript>(.*?)</noscript>", page_text)
    assert without_script is not None
    assert later in without_script[1]
