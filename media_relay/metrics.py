"""The figures of the relay as Prometheus reads them (text format 0.0.4).

Written by hand: a dozen lines of format, and the counters stay the plain integers that the hot
path can afford.
"""

from collections.abc import Iterator, Mapping

from media_relay.protocol import StatusReport
from media_relay.stats import LoopLag

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "vmcrm_relay_"


def write_metrics(report: StatusReport, lag: LoopLag) -> str:
    """Every figure of a status report, and the histogram of the event loop's lag."""
    return "".join(line + "\n" for line in _lines(report, lag))


def _lines(report: StatusReport, lag: LoopLag) -> Iterator[str]:
    yield from _family(
        "info",
        "gauge",
        "Always 1; the labels say which process this is.",
        {(("relay", report.relay), ("epoch", report.epoch), ("version", report.version)): 1},
    )
    gauges = {
        "uptime_seconds": ("Since the start of the process.", report.uptime_s),
        "draining": ("1 when no new rooms are taken.", int(report.is_draining)),
        "rooms": ("Open rooms.", report.rooms),
        "participants": ("People in all rooms.", report.participants),
        "publications": ("Sources being published.", report.publications),
        "subscriptions": ("People who watch.", report.subscriptions),
        "forwarded_packets_per_second": ("RTP out, last second.", report.packets_per_s),
        "resident_memory_bytes": ("Memory of the process.", report.memory_bytes),
        "open_files": ("File descriptors of the process.", report.open_files),
    }
    for name, (text, value) in gauges.items():
        yield from _family(name, "gauge", text, {(): value})
    yield from _family(
        "cpu_seconds_total", "counter", "CPU time of the process.", {(): report.cpu_s}
    )
    for name, count in report.counters.items():
        yield from _family(f"{name}_total", "counter", f"{name}, see PROTOCOL.md.", {(): count})
    for name, label, text, counts in (
        ("drops_total", "cause", "What was thrown away.", report.drops),
        ("queue_length", "queue", "What waits now.", report.queues),
    ):
        kind = "counter" if name.endswith("_total") else "gauge"
        yield from _family(name, kind, text, {((label, key),): n for key, n in counts.items()})
    yield from _lag_lines(lag)


Labels = tuple[tuple[str, str], ...]


def _family(name: str, kind: str, text: str, samples: Mapping[Labels, float]) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {text}"
    yield f"# TYPE {PREFIX}{name} {kind}"
    for labels, value in samples.items():
        yield f"{PREFIX}{name}{_write_labels(labels)} {value}"


def _lag_lines(lag: LoopLag) -> Iterator[str]:
    samples: dict[Labels, float] = {}
    running = 0
    for limit_s, count in lag.buckets():
        running += count
        samples[(("le", limit_s),)] = running
    name = "loop_lag_seconds"
    yield f"# HELP {PREFIX}{name} How late the event loop ran a timer."
    yield f"# TYPE {PREFIX}{name} histogram"
    for labels, beats in samples.items():
        yield f"{PREFIX}{name}_bucket{_write_labels(labels)} {beats}"
    yield f"{PREFIX}{name}_sum {lag.total_s}"
    yield f"{PREFIX}{name}_count {running}"


def _write_labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
