"""Is the process alive (/healthz), and does everything it needs answer (/readyz)?

Worker and beat leave a heartbeat on the cache's server: the worker by itself, beat through the task
that it publishes, so that a live worker under a dead beat is told apart.
"""

import asyncio
import http.client
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from celery.signals import heartbeat_sent, worker_ready
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from vmcrm import sign_of_life

LIMIT_S = 2.0  # for each dependency; all are asked at once
FRESH_S = 10.0
PROBE_BYTES = 4096  # one block


class NotReadyError(Exception):
    """A dependency answered, but not as it should."""


def note_heartbeat(part: str) -> None:
    """Called by the living part itself. One that cannot be written shows by being missed."""
    with suppress(RedisError, OSError):
        caches["server"].set(f"heartbeat:{part}", time.time(), timeout=int(FRESH_S * 6))


def _note_worker(**kwargs: object) -> None:
    sign_of_life.give()
    note_heartbeat("worker")


def connect_worker_signals() -> None:
    """Celery sends the first once and the second every two seconds, from the worker's own loop."""
    worker_ready.connect(_note_worker, dispatch_uid="vmcrm-worker-ready")
    heartbeat_sent.connect(_note_worker, dispatch_uid="vmcrm-worker-heartbeat")


def ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()  # this thread serves nobody else


def ask_disk() -> None:
    """Free space above the reserve, and a write that arrives: a quota counts nowhere else."""
    free_mb = shutil.disk_usage(settings.HOME).free // 1_000_000
    if free_mb < settings.DISK_RESERVE_MB:
        raise NotReadyError(f"{free_mb} MB free, less than {settings.DISK_RESERVE_MB}")
    folder = settings.HOME / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="readyz-", buffering=0) as file:
        file.write(bytes(PROBE_BYTES))


def ask_broker() -> None:
    """Broker, channel layer and cache live on one server: a write and a read show that it works."""
    stamp = time.time_ns()
    caches["server"].set("readiness", stamp, timeout=60)
    if caches["server"].get("readiness") is None:
        raise NotReadyError("a value just written cannot be read")


def ask_heartbeat(part: str) -> None:
    beat = caches["server"].get(f"heartbeat:{part}")
    if beat is None:
        raise NotReadyError("no sign of life yet")
    age_s = time.time() - beat
    if age_s > FRESH_S:
        raise NotReadyError(f"last sign of life {age_s:.0f} s ago")


def ask_relay() -> None:
    """One relay must take rooms: calls move to it from one that is gone or drains."""
    with ThreadPoolExecutor(len(settings.RELAY_URLS)) as threads:
        answers = list(threads.map(_ask_one_relay, settings.RELAY_URLS))
    if all(answers):
        raise NotReadyError("; ".join(answers))


def _ask_one_relay(url: str) -> str:
    """Empty when it takes rooms, else what is wrong with it."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "wss" else http.client.HTTPConnection
    relay = connect(parts.hostname or "", parts.port, timeout=LIMIT_S / 2)
    try:
        relay.request("GET", "/healthz")
        status = relay.getresponse().status
    except OSError as error:
        return f"{parts.netloc}: {type(error).__name__}"
    finally:
        relay.close()
    return "" if status == http.client.OK else f"{parts.netloc} answered {status}"


QUESTIONS: dict[str, Callable[[], object]] = {
    "database": ask_database,
    "disk": ask_disk,
    "broker": ask_broker,
    "worker": lambda: ask_heartbeat("worker"),
    "beat": lambda: ask_heartbeat("beat"),
    "relay": ask_relay,
}


async def ask(question: Callable[[], object]) -> dict[str, object]:
    """One dependency's line: never raises, never takes longer than the limit."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.to_thread(question)
    except TimeoutError:
        return {"ok": False, "error": f"no answer within {LIMIT_S:g} s"}
    except NotReadyError as error:
        return {"ok": False, "error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever a driver raises means: not ready
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True, "duration_ms": round((time.monotonic() - started) * 1000)}


@never_cache
@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
async def readyz(request: HttpRequest) -> JsonResponse:
    answers = await asyncio.gather(*(ask(question) for question in QUESTIONS.values()))
    is_ready = all(answer["ok"] for answer in answers)
    body = {
        "status": "ready" if is_ready else "not ready",
        "dependencies": dict(zip(QUESTIONS, answers, strict=True)),
    }
    return JsonResponse(body, status=200 if is_ready else 503)
