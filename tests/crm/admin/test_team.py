"""Colleagues are invited; only administrators do it, and nobody types another's password."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from crm.models import Delivery, Team, User
from crm.services import sending

pytestmark = pytest.mark.django_db


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def invite(user: User) -> int:
    sales = Group.objects.get(name="sales")
    form = {
        "email": "New.Colleague@vmcrm.cn",
        "name": "新同事",
        "groups": [sales.pk],
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
    }
    return login(user).post(reverse("admin:crm_user_add"), form).status_code


def test_invited_colleague_chooses_the_password_by_the_link(
    administrator: User, settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    settings.MAIL_FOLDER = tmp_path
    status = invite(administrator)
    sending.send(delivery_id=Delivery.objects.get().pk)

    user = User.objects.get(email="new.colleague@vmcrm.cn")
    assert status == 302
    assert (user.is_staff, user.has_usable_password(), user.role_names) == (True, False, {"sales"})
    assert user.language == "zh-hans"

    (file,) = tmp_path.glob("*.eml")
    sent = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = sent.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://[^/]+(/accounts/\S+)", body.get_content())
    assert link is not None
    visitor = Client()
    page = visitor.get(link[1], follow=True)
    form_url = page.request["PATH_INFO"]
    visitor.post(form_url, {"password1": "a long good one 77", "password2": "a long good one 77"})
    user.refresh_from_db()
    assert user.check_password("a long good one 77")


@pytest.mark.parametrize("who", ["owner", "manager", "marketer", "auditor"])
def test_others_cannot_invite(who: str, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)

    assert invite(user) == 403
    assert not User.objects.filter(email="new.colleague@vmcrm.cn").exists()


def test_second_invitation_to_an_address_is_refused(administrator: User) -> None:
    invite(administrator)

    assert invite(administrator) == 200
    assert Delivery.objects.count() == 1


def test_link_is_sent_again_until_there_is_a_password(administrator: User) -> None:
    invite(administrator)
    user = User.objects.get(email="new.colleague@vmcrm.cn")
    url = reverse("admin:crm_user_send_link", args=[user.pk])

    login(administrator).post(url)
    user.set_password("a long good one 77")
    user.save()
    login(administrator).post(url)

    assert Delivery.objects.count() == 2


def test_seller_cannot_change_roles(owner: User) -> None:
    admin_role = Group.objects.get(name="admin")

    login(owner).post(
        reverse("admin:crm_user_change", args=[owner.pk]),
        {"name": "Olga", "groups": [admin_role.pk], "language": "en", "time_zone": "UTC"},
    )

    assert set(owner.groups.values_list("name", flat=True)) == {"sales"}


def test_moving_a_team_moves_what_is_below_it(administrator: User) -> None:
    north, south = Team.objects.create(name="North"), Team.objects.create(name="South")
    field = Team.objects.create(name="Field", parent=north)
    leaf = Team.objects.create(name="Leaf", parent=field)

    login(administrator).post(
        reverse("admin:crm_team_change", args=[field.pk]), {"name": "Field", "parent": south.pk}
    )

    leaf.refresh_from_db()
    assert leaf.path.startswith(south.path)
    assert not leaf.path.startswith(north.path)
