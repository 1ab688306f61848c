"""The outbox: reading mails without being able to act for their receivers."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from crm.extensions import Attachment, ComposedMail, InlineImage
from crm.models import Delivery, User
from crm.services.mail_layout import build_mime
from tests.factories.crm import make_contact, make_delivery, make_mailing, make_point

pytestmark = pytest.mark.django_db

LINK = "https://meet.customers.example/r/s3cret-t0ken/"
CALENDAR = f"BEGIN:VCALENDAR\r\nURL:{LINK[:30]}\r\n {LINK[30:]}\r\nEND:VCALENDAR\r\n"
MAIL = ComposedMail(
    subject="Your place",
    text=f"Come in: {LINK}",
    html=f'<p>Hello</p><a href="{LINK}">Come in</a><img src="cid:chart"><script>x</script>',
    inline_images=[InlineImage("chart", b"\x89PNG\r\n\x1a\n")],
    attachments=[Attachment("meeting.ics", "text/calendar; method=REQUEST", CALENDAR.encode())],
)


def make_sent(
    owner: User | None, *, address: str = "li.na@hengrui.cn", **fields: object
) -> Delivery:
    point = make_point(address, contact=make_contact(owner=owner) if owner else None)
    delivery = make_delivery(
        address=point.normalised,
        contact_point=point,
        state="sent",
        sent_at=timezone.now(),
        subject="Your place",
        **fields,
    )
    delivery.mime = build_mime(delivery, MAIL)
    delivery.save()
    return delivery


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_mail_is_readable_with_its_personal_links_masked(owner: User) -> None:
    delivery = make_sent(owner)
    client = login(owner)

    page = client.get(reverse("admin:crm_delivery_change", args=[delivery.pk])).content.decode()
    html = client.get(reverse("admin:crm_delivery_html", args=[delivery.pk])).content.decode()
    calendar = client.get(reverse("admin:crm_delivery_attachment", args=[delivery.pk, 0]))

    assert LINK in MAIL.text
    assert "/r/•••" in page
    assert "/r/•••" in html
    assert "/r/•••" in calendar.content.decode()
    assert "s3cret" not in page + html + calendar.content.decode()


def test_demonstration_mail_shows_its_links(owner: User) -> None:
    delivery = make_sent(owner, address="li.na@customers.example", is_demo=True)

    page = login(owner).get(reverse("admin:crm_delivery_change", args=[delivery.pk]))

    assert LINK in page.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/password/reset/key/3-abc123/",
        "/accounts/confirm-email/MTpx/",
        "/preferences/ab:c/",
        "/meetings/1/register/?token=ab:c",
    ],
)
def test_other_links_that_act_for_the_receiver_are_masked(path: str, owner: User) -> None:
    from crm.selectors.outbox import mask_links

    masked = mask_links(f"See https://x.example{path} now")

    assert "•••" in masked
    assert path not in masked


def test_html_part_has_its_own_strict_policy(owner: User) -> None:
    delivery = make_sent(owner)

    response = login(owner).get(reverse("admin:crm_delivery_html", args=[delivery.pk]))

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "data:image/png;base64" in response.content.decode()


def test_attachment_is_downloaded_and_never_shown(owner: User) -> None:
    delivery = make_sent(owner)

    response = login(owner).get(reverse("admin:crm_delivery_attachment", args=[delivery.pk, 0]))

    assert response.headers["Content-Disposition"] == 'attachment; filename="meeting.ics"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "page", ["crm_delivery_change", "crm_delivery_html", "crm_delivery_send_again"]
)
def test_mail_of_an_invisible_contact_is_not_found(page: str, owner: User, stranger: User) -> None:
    delivery = make_sent(owner)
    url = reverse(f"admin:{page}", args=[delivery.pk])
    method = "post" if page.endswith("again") else "get"

    response = getattr(login(stranger), method)(url)

    assert response.status_code == 404


def test_account_mail_is_for_wide_roles_only(owner: User, auditor: User) -> None:
    delivery = make_delivery(address="somebody@else.example")
    url = reverse("admin:crm_delivery_change", args=[delivery.pk])

    assert login(owner).get(url).status_code == 404
    assert login(auditor).get(url).status_code == 200


def test_failed_mail_is_sent_again_by_a_button(owner: User) -> None:
    delivery = make_sent(owner)
    Delivery.objects.update(state="failed", reason="server_answer", error="554 no", sent_at=None)
    client = login(owner)
    page = client.get(reverse("admin:crm_delivery_change", args=[delivery.pk])).content.decode()

    client.post(reverse("admin:crm_delivery_send_again", args=[delivery.pk]))

    delivery.refresh_from_db()
    assert "Send again" in page
    assert delivery.state == "queued"


def test_send_again_is_no_get(owner: User) -> None:
    delivery = make_sent(owner)

    response = login(owner).get(reverse("admin:crm_delivery_send_again", args=[delivery.pk]))

    assert response.status_code == 405


def test_auditor_reads_but_sends_nothing_again(auditor: User, owner: User) -> None:
    delivery = make_sent(owner)
    Delivery.objects.update(state="failed", sent_at=None)
    client = login(auditor)
    url = reverse("admin:crm_delivery_change", args=[delivery.pk])

    page = client.get(url).content.decode()
    client.post(reverse("admin:crm_delivery_send_again", args=[delivery.pk]))

    delivery.refresh_from_db()
    assert "Send again" not in page
    assert delivery.state == "failed"


def test_nobody_writes_or_deletes_deliveries_by_hand(administrator: User, owner: User) -> None:
    delivery = make_sent(owner)
    client = login(administrator)

    added = client.post(reverse("admin:crm_delivery_add"), {})
    deleted = client.post(reverse("admin:crm_delivery_delete", args=[delivery.pk]), {"post": "yes"})

    assert (added.status_code, deleted.status_code) == (403, 403)
    assert Delivery.objects.count() == 1


def test_mailing_shows_its_progress(owner: User, settings: Settings) -> None:
    mailing = make_mailing(created_by=owner, recipient_count=3, title="Invitation")
    make_delivery(mailing=mailing, state="sent", sent_at=timezone.now())
    make_delivery(mailing=mailing, state="failed")
    make_delivery(mailing=mailing)

    page = login(owner).get(reverse("admin:crm_mailing_change", args=[mailing.pk]))

    assert "2 of 3 mails are settled." in page.content.decode()
    filtered = login(owner).get(
        reverse("admin:crm_delivery_changelist"),
        {"mailing__id__exact": mailing.pk, "state__exact": "failed"},
    )
    assert len(filtered.context["cl"].result_list) == 1
