"""Every outcome of handing a mail to a server, with a real SMTP server on the other side."""

import os
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from crm import mail_folder
from crm.extensions import Attachment, ComposedMail, InlineImage, mail_composers
from crm.models import Activity, Delivery, Suppression
from crm.services import consent, sending
from crm.services.errors import MailNotNeeded
from crm.services.mail_layout import message_id_of
from tests.factories.crm import make_contact, make_delivery, make_point

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


class Server:
    """A mail server that keeps what it gets; `answers` are given to the next DATA commands."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.answers: list[str] = []
        self.recipient_answer = "250 OK"
        self.breaks_at = ""

    def is_cut(self, server: SMTP, stage: str) -> bool:
        if stage == self.breaks_at:
            assert server.transport is not None
            server.transport.abort()
        return stage == self.breaks_at

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.is_cut(server, "MAIL")
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.is_cut(server, "RCPT")
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.is_cut(server, "content")
        self.received.append(envelope)
        return self.answers.pop(0) if self.answers else "250 OK"


class Connection(SMTP):
    """As its handler says, it breaks off before the greeting, at a command, or in the content."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.event_handler.is_cut(self, "greeting")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if not self.event_handler.is_cut(self, "EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not self.event_handler.is_cut(self, "DATA"):
            await super().smtp_DATA(arg)


class Listening(Controller):
    def factory(self) -> SMTP:
        return Connection(self.handler, **self.SMTP_kwargs)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Server()
    controller = Listening(handler, hostname="127.0.0.1", port=port, auth_require_tls=False)
    controller.start()
    settings.EMAIL_BACKEND = "crm.mail_server.MailServerBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield handler
    controller.stop()


@pytest.fixture
def composer() -> Iterator[dict[str, Any]]:
    """A registered composer "test.mail"; the test says what it gives or raises."""
    said: dict[str, Any] = {"mail": ComposedMail(subject="Hi", text="Hi"), "calls": 0}

    def compose(delivery: Delivery) -> ComposedMail:
        said["calls"] += 1
        if isinstance(said["mail"], Exception):
            raise said["mail"]
        mail = said["mail"](delivery) if callable(said["mail"]) else said["mail"]
        assert isinstance(mail, ComposedMail)
        return mail

    mail_composers.register("test.mail", compose)
    yield said
    mail_composers._entries.pop("test.mail")


def send(delivery: Delivery) -> str | None:
    state = sending.send(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return state


def test_accepted_mail_is_sent_once_and_stands_on_the_timeline(server: Server) -> None:
    contact = make_contact(email="li.na@customers.example")
    delivery = make_delivery(
        address="li.na@customers.example",
        contact_point=contact.points.get(),
        subject_ref="meeting:1",
    )

    first, second = send(delivery), send(delivery)

    assert (first, second, len(server.received)) == ("sent", None, 1)
    assert server.received[0].rcpt_tos == ["li.na@customers.example"]
    assert server.received[0].content == delivery.read_mime()
    assert Activity.objects.get().kind == "mail_sent"


def test_mail_has_all_its_parts_and_headers(server: Server, composer: dict[str, Any]) -> None:
    composer["mail"] = ComposedMail(
        subject="邀请：产品发布会\r\nBcc: x@y.example",
        text="你好",
        html="<style>p { color: #123456 }</style><p>你好</p><img src='cid:chart'>",
        inline_images=[InlineImage("chart", PNG)],
        attachments=[
            Attachment("meeting.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR")
        ],
        headers={"X-Meeting": "1", "To": "somebody@else.example"},
    )

    delivery = make_delivery(composer="test.mail", language="zh-hans")
    send(delivery)

    mail = message_from_bytes(bytes(server.received[0].content or b""), policy=policy.default)
    structure = [part.get_content_type() for part in mail.walk()]
    calendar = next(mail.iter_attachments())
    assert mail["Subject"] == "邀请：产品发布会 Bcc: x@y.example"
    assert (mail["Bcc"], mail["To"], mail["X-Meeting"]) == (None, delivery.address, "1")
    assert structure == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
    ]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content() == "BEGIN:VCALENDAR"
    assert "color: #123456" in mail.get_body(("html",)).get_content().split("<p")[1]
    assert mail["List-Unsubscribe"] is None
    assert delivery.public_id.hex in mail["Message-ID"]


def test_marketing_mail_carries_the_one_click_way_out(server: Server) -> None:
    point = make_point()
    consent.grant_many(contact_point=point, purposes=["marketing"], source="preferences")
    delivery = make_delivery(
        address=point.normalised, contact_point=point, consent_purpose="marketing"
    )

    send(delivery)

    mail = message_from_bytes(bytes(server.received[0].content or b""), policy=policy.default)
    url = mail["List-Unsubscribe"].strip("<>")
    assert "/preferences/" in url
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.get_body(("plain",)).get_content()
    assert url in mail.get_body(("html",)).get_content()


def test_consent_withdrawn_after_enqueueing_suppresses_the_mail(server: Server) -> None:
    point = make_point()
    consent.grant_many(contact_point=point, purposes=["marketing"], source="preferences")
    delivery = make_delivery(
        address=point.normalised, contact_point=point, consent_purpose="marketing"
    )
    consent.withdraw_all(contact_point=point, source="one_click")

    state = send(delivery)

    assert (state, delivery.reason, server.received) == ("suppressed", "not_allowed", [])


def test_temporary_refusal_defers_with_growing_pauses(server: Server) -> None:
    server.answers = ["451 4.3.0 Try later", "451 4.3.0 Try later"]
    delivery = make_delivery()

    send(delivery)
    first_pause = delivery.not_before - timezone.now() if delivery.not_before else None
    again_at_once = send(delivery)
    Delivery.objects.update(not_before=timezone.now())
    send(delivery)
    second_pause = delivery.not_before - timezone.now() if delivery.not_before else None

    assert again_at_once is None
    assert (delivery.state, delivery.error) == ("deferred", "451 4.3.0 Try later")
    assert first_pause is not None
    assert second_pause is not None
    assert timedelta(seconds=20) < first_pause < timedelta(seconds=31) < second_pause


def test_tries_are_bounded(server: Server) -> None:
    server.answers = ["451 4.3.0 Try later"] * 20
    delivery = make_delivery()

    tries = 0
    while delivery.state in {"queued", "deferred"}:
        Delivery.objects.update(not_before=None)
        send(delivery)
        tries += 1

    assert (delivery.state, tries) == ("failed", len(sending.BACK_OFF_S) + 1)


def test_deferred_mail_is_sent_with_the_same_content(
    server: Server, composer: dict[str, Any]
) -> None:
    server.answers = ["451 4.3.0 Try later"]
    delivery = make_delivery(composer="test.mail")
    send(delivery)
    Delivery.objects.update(not_before=None)

    send(delivery)

    assert (delivery.state, delivery.error, composer["calls"]) == ("sent", "", 1)
    assert server.received[0].content == server.received[1].content


def test_permanent_refusal_fails_with_the_servers_sentence(server: Server) -> None:
    server.answers = ["554 5.7.1 Looks like spam"]
    delivery = make_delivery()

    state = send(delivery)

    assert (state, delivery.reason) == ("failed", "server_answer")
    assert delivery.error == "554 5.7.1 Looks like spam"


def test_unknown_mailbox_is_noted_at_the_address(server: Server) -> None:
    server.recipient_answer = "550 5.1.1 No such user"
    point = make_point()
    delivery = make_delivery(address=point.normalised, contact_point=point)

    state = send(delivery)

    point.refresh_from_db()
    assert (state, delivery.error) == ("failed", "550 5.1.1 No such user")
    assert point.bounce_state == "hard"
    assert Suppression.objects.count() == 1


def test_server_that_cannot_be_reached_defers(settings: Settings, server: Server) -> None:
    settings.EMAIL_PORT = 1
    delivery = make_delivery()

    state = send(delivery)

    assert (state, delivery.reason, delivery.handed_over_at) == ("deferred", "unreachable", None)


def test_line_that_breaks_after_the_content_leaves_it_unknown(server: Server) -> None:
    server.breaks_at = "content"
    delivery = make_delivery()

    first, second = send(delivery), send(delivery)

    assert (first, second, delivery.reason) == ("unknown", None, "connection_broke")
    assert delivery.handed_over_at is not None


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        ("greeting", "unreachable"),
        ("EHLO", "connection_broke"),
        ("MAIL", "connection_broke"),
        ("RCPT", "connection_broke"),
        ("DATA", "connection_broke"),
    ],
)
def test_line_that_breaks_before_the_content_is_tried_again(
    server: Server, stage: str, reason: str
) -> None:
    server.breaks_at = stage
    delivery = make_delivery()
    first = send(delivery)
    told = (delivery.reason, delivery.handed_over_at, len(server.received))
    server.breaks_at = ""
    Delivery.objects.update(not_before=None)

    second = send(delivery)

    assert (first, told, second) == ("deferred", (reason, None, 0), "sent")
    assert [mail.rcpt_tos for mail in server.received] == [[delivery.address]]


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"EMAIL_USE_TLS": True}, "unreachable", "STARTTLS"),
        ({"EMAIL_USE_SSL": True}, "unreachable", "SSL"),
        (
            {"EMAIL_HOST_USER": "vmcrm", "EMAIL_HOST_PASSWORD": "wrong"},
            "server_answer",
            "535 5.7.8 Authentication credentials invalid",
        ),
    ],
)
def test_server_that_does_not_let_us_in_defers(
    server: Server, settings: Settings, change: dict[str, Any], reason: str, words: str
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    delivery = make_delivery()

    state = send(delivery)

    assert (state, delivery.reason, delivery.handed_over_at) == ("deferred", reason, None)
    assert words in delivery.error


@pytest.mark.django_db(transaction=True)
def test_lease_lost_before_the_content_hands_nothing_over(server: Server) -> None:
    delivery = make_delivery()

    def lose() -> None:
        Delivery.objects.update(lease_token="another worker")
        connection.close()

    async def take_the_lease(*arguments: Any) -> str:
        await sync_to_async(lose)()
        return await Server.handle_RCPT(server, *arguments)

    server.handle_RCPT = take_the_lease  # type: ignore[method-assign]

    assert send(delivery) is None
    assert (delivery.state, delivery.handed_over_at, server.received) == ("claimed", None, [])


def test_full_disk_defers_and_leaves_no_half_mail(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    settings.MAIL_FOLDER = tmp_path
    delivery = make_delivery()
    name = f"{mail_folder.name_of(message_id_of(delivery))}.eml"
    (tmp_path / f".{name}.{os.getpid()}").symlink_to("/dev/full")

    first = send(delivery)
    told = (delivery.reason, "No space left" in delivery.error, list(tmp_path.iterdir()))
    Delivery.objects.update(not_before=None)
    second = send(delivery)

    assert (first, told, second) == ("deferred", ("unreachable", True, []), "sent")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_worker_lost_during_the_handover_leaves_it_unknown(server: Server) -> None:
    past = timezone.now() - timedelta(seconds=1)
    delivery = make_delivery(
        state="claimed", lease_token="dead", lease_until=past, handed_over_at=past, mime=b"x"
    )

    state = send(delivery)

    assert (state, delivery.reason, server.received) == ("unknown", "worker_lost", [])


def test_worker_lost_before_the_handover_is_made_good(server: Server) -> None:
    past = timezone.now() - timedelta(seconds=1)
    delivery = make_delivery(state="claimed", lease_token="dead", lease_until=past)

    assert send(delivery) == "sent"


def test_mail_that_a_living_worker_holds_is_left_alone(server: Server) -> None:
    future = timezone.now() + timedelta(seconds=3)
    delivery = make_delivery(state="claimed", lease_token="alive", lease_until=future)

    assert send(delivery) is None
    assert server.received == []


def test_worker_lost_during_writing_a_file_writes_the_same_file_again(
    settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "crm.mail_folder.MailFolderBackend"
    settings.MAIL_FOLDER = tmp_path
    delivery = make_delivery()
    send(delivery)
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.update(
        state="claimed", lease_token="dead", lease_until=past, handed_over_at=past, sent_at=None
    )

    state = send(delivery)

    files = list(tmp_path.iterdir())
    assert (state, [file.suffix for file in files]) == ("sent", [".eml"])
    assert files[0].read_bytes() == delivery.read_mime()


def test_mail_that_became_pointless_is_not_sent(server: Server, composer: dict[str, Any]) -> None:
    composer["mail"] = MailNotNeeded("The meeting was cancelled.")
    delivery = make_delivery(composer="test.mail")

    state = send(delivery)

    assert (state, delivery.reason) == ("suppressed", "not_needed")
    assert delivery.error == "The meeting was cancelled."


def test_composer_that_fails_is_tried_again(server: Server, composer: dict[str, Any]) -> None:
    composer["mail"] = RuntimeError("no chart")
    delivery = make_delivery(composer="test.mail")
    first = send(delivery)
    composer["mail"] = ComposedMail(subject="Hi", text="Hi")
    Delivery.objects.update(not_before=None)

    second = send(delivery)

    assert (first, second) == ("deferred", "sent")


def test_composer_runs_in_the_receivers_language_and_zone(
    server: Server, composer: dict[str, Any]
) -> None:
    from django.utils import translation

    composer["mail"] = lambda delivery: ComposedMail(
        subject=translation.get_language(), text=timezone.get_current_timezone_name()
    )
    delivery = make_delivery(composer="test.mail", language="zh-hans", time_zone="Asia/Shanghai")

    send(delivery)

    mail = message_from_bytes(bytes(server.received[0].content or b""), policy=policy.default)
    assert (mail["Subject"], mail.get_content().strip()) == ("zh-hans", "Asia/Shanghai")


def test_unknown_composer_fails_at_once(server: Server) -> None:
    assert send(make_delivery(composer="nobody.knows")) == "failed"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_mail(server: Server) -> None:
    delivery = make_delivery()
    states: list[str | None] = []

    def work() -> None:
        try:
            states.append(sending.send(delivery_id=delivery.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(states, key=str) == [None, "sent"]
    assert len(server.received) == 1
