"""What a real relay tells Prometheus, read by the grammar of the text format."""

import asyncio
import http.client
import re
from urllib.parse import urlsplit

import pytest

from media_relay.metrics import write_metrics
from media_relay.protocol import StatusReport
from media_relay.stats import LoopLag, Stats
from tests.media_relay.relay_process import SECRET, running_relay

SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?P<labels>\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!\}))?)*\})? (?P<value>[0-9.e+-]+)'
)


def report(**fields: object) -> StatusReport:
    values = {
        "id": "1",
        "relay": "relay-1",
        "epoch": "e",
        "version": "1",
        "uptime_s": 2.5,
        "is_draining": False,
        "rooms": 1,
        "participants": 2,
        "publications": 3,
        "subscriptions": 2,
        "loop_lag_ms": 0.1,
        "packets_per_s": 12.5,
        "cpu_s": 0.75,
        "memory_bytes": 1_000,
        "open_files": 9,
        "queues": {"datagrams": 4},
        "counters": Stats(packets_in=7).counters(),
        "drops": {"empty": 2},
    }
    return StatusReport(**values | fields)  # type: ignore[arg-type]


def read(text: str) -> dict[str, float]:
    """Samples by name and labels; fails on a line that Prometheus would refuse."""
    samples = {}
    for line in text.splitlines():
        if line.startswith(("# HELP vmcrm_relay_", "# TYPE vmcrm_relay_")):
            continue
        matched = SAMPLE.fullmatch(line)
        assert matched, line
        samples[matched["name"] + (matched["labels"] or "")] = float(matched["value"])
    return samples


def test_metrics_hold_every_figure_of_the_report() -> None:
    samples = read(write_metrics(report(), LoopLag()))

    assert samples["vmcrm_relay_participants"] == 2
    assert samples["vmcrm_relay_cpu_seconds_total"] == 0.75
    assert samples["vmcrm_relay_packets_in_total"] == 7
    assert samples['vmcrm_relay_drops_total{cause="empty"}'] == 2
    assert samples['vmcrm_relay_queue_length{queue="datagrams"}'] == 4
    assert {f"vmcrm_relay_{name}_total" for name in Stats().counters()} <= samples.keys()


def test_metrics_announce_each_family_once_and_before_its_samples() -> None:
    text = write_metrics(report(), LoopLag())

    announced = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    assert len(announced) == len(set(announced))
    assert text.endswith("\n")


def test_metrics_histogram_counts_upwards() -> None:
    lag = LoopLag()
    for lag_s in (0.0005, 0.001, 0.02, 3.0):
        lag.note(lag_s)

    samples = read(write_metrics(report(), lag))

    name = "vmcrm_relay_loop_lag_seconds"
    limits = ("0.001", "0.01", "0.025", "1.0", "+Inf")
    assert [samples[f'{name}_bucket{{le="{limit}"}}'] for limit in limits] == [2, 2, 3, 3, 4]
    assert (samples[f"{name}_count"], samples[f"{name}_sum"]) == (4, pytest.approx(3.0215))
    assert lag.worst_ms == 3000


def test_metrics_label_with_quotes_and_line_breaks_stays_one_label() -> None:
    samples = read(write_metrics(report(relay='a"b\\c\nd'), LoopLag()))

    assert 'vmcrm_relay_info{relay="a\\"b\\\\c\\nd",epoch="e",version="1"}' in samples


@pytest.mark.process
async def test_metrics_page_wants_the_secret() -> None:
    async with running_relay() as relay:
        url = relay.health.replace("/healthz", "/metrics")
        refused = await asyncio.to_thread(get, url, {})
        status, kind, text = await asyncio.to_thread(
            get, url, {"Authorization": f"Bearer {SECRET}"}
        )

    assert refused[0] == 401
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = read(text)
    assert samples["vmcrm_relay_resident_memory_bytes"] > 10_000_000
    assert samples["vmcrm_relay_open_files"] > 3


def get(url: str, headers: dict[str, str]) -> tuple[int, str, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()
