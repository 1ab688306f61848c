"""/healthz says that the process lives, /readyz what does not answer."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from celery.signals import heartbeat_sent, worker_ready
from django.core.cache import cache

from vmcrm import health
from vmcrm.tasks import beat_heart


class RelayDouble(BaseHTTPRequestHandler):
    """Answers as a relay's control port does; `status` is set by the test."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def relay(settings) -> Iterator[type[RelayDouble]]:
    server = HTTPServer(("127.0.0.1", 0), RelayDouble)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.RELAY_URLS = [f"ws://127.0.0.1:{server.server_port}/control"]
    RelayDouble.status = 200
    yield RelayDouble
    server.shutdown()
    thread.join()
    server.server_close()


def test_healthz_needs_nothing(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
def test_readyz_is_ready_when_all_answer(client, relay):
    worker_ready.send(sender=None)
    beat_heart()

    response = client.get("/readyz")

    body = response.json()
    assert response.status_code == 200
    assert body["status"] == "ready"
    assert list(body["dependencies"]) == [
        "database", "disk", "broker", "worker", "beat", "relay",
    ]  # fmt: skip
    assert all(answer["ok"] for answer in body["dependencies"].values())


@pytest.mark.django_db(transaction=True)
def test_readyz_names_each_part_that_does_not_answer(client, relay):
    relay.status = 503
    cache.set("heartbeat:beat", time.time() - 11)

    response = client.get("/readyz")

    dependencies = response.json()["dependencies"]
    assert response.status_code == 503
    assert [name for name, answer in dependencies.items() if not answer["ok"]] == [
        "worker",
        "beat",
        "relay",
    ]
    assert dependencies["worker"]["error"] == "no sign of life yet"
    assert re.fullmatch(r"last sign of life \d\d s ago", dependencies["beat"]["error"])
    assert dependencies["relay"]["error"].endswith("answered 503")


@pytest.mark.django_db(transaction=True)
def test_readyz_without_a_relay_is_not_ready(client, settings):
    settings.RELAY_URLS = ["ws://127.0.0.1:9/control"]

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["dependencies"]["relay"]["ok"] is False


@pytest.mark.django_db(transaction=True)
def test_readyz_is_content_with_one_of_several_relays(client, relay, settings):
    settings.RELAY_URLS = ["ws://127.0.0.1:9/control", *settings.RELAY_URLS]
    assert client.get("/readyz").json()["dependencies"]["relay"]["ok"] is True

    relay.status = 503

    answer = client.get("/readyz").json()["dependencies"]["relay"]
    assert answer["error"].startswith("127.0.0.1:9: ConnectionRefusedError; ")
    assert answer["error"].endswith("answered 503")


@pytest.mark.django_db(transaction=True)
def test_readyz_with_a_disk_below_its_reserve_is_not_ready(client, settings, tmp_path):
    settings.HOME, settings.DISK_RESERVE_MB = tmp_path, 10**9

    answer = client.get("/readyz").json()["dependencies"]["disk"]

    assert answer["ok"] is False
    assert answer["error"].endswith("MB free, less than 1000000000")


@pytest.mark.django_db(transaction=True)
def test_readyz_with_a_disk_that_takes_nothing_is_not_ready(client, settings, tmp_path):
    settings.HOME, settings.DISK_RESERVE_MB = tmp_path / "home", 0
    settings.HOME.mkdir()
    (settings.HOME / "run").write_text("a file where the folder belongs")

    answer = client.get("/readyz").json()["dependencies"]["disk"]

    assert answer == {"ok": False, "error": "FileExistsError"}


async def test_question_to_the_disk_leaves_nothing_behind(settings, tmp_path):
    settings.HOME = tmp_path

    answer = await health.ask(health.ask_disk)

    assert answer["ok"] is True
    assert list((tmp_path / "run").iterdir()) == []


def test_workers_own_heartbeat_keeps_it_alive():
    heartbeat_sent.send(sender=None)

    assert time.time() - cache.get("heartbeat:worker") < 1


async def test_part_that_hangs_is_given_up_after_the_limit(monkeypatch):
    monkeypatch.setattr(health, "LIMIT_S", 0.05)
    released = threading.Event()
    started = time.monotonic()

    answer = await health.ask(released.wait)
    released.set()
    await asyncio.sleep(0)

    assert answer == {"ok": False, "error": "no answer within 0.05 s"}
    assert time.monotonic() - started < 1
