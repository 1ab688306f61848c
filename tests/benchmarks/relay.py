"""`make bench-relay`: what a forwarded packet costs in our relay, in Janus, and at least.

Both servers run in turn on this machine, with the same client, VP8 packets, SRTP profile and
loopback. The figure that counts is CPU time of the server process per packet that reached a viewer.
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.floor import measure_floor
from tests.benchmarks.load import Publisher, Viewer
from tests.benchmarks.servers import JANUS, Server, janus_server, relay_server
from tests.benchmarks.traffic import Sent, chromium, even

SETTLE_S = 1.0
FILL_S = 10.0  # a publisher's ring is full: what is added afterwards belongs to viewers
MEASURE_S = 6.0
SIZES = [(1, 10), (1, 30), (1, 80), (3, 20), (3, 5)]
PATTERNS: dict[str, Callable[[], list[Sent]]] = {"even": even, "chromium": chromium}

StartServer = Callable[[], AbstractAsyncContextManager[Server]]


@dataclass(frozen=True)
class Case:
    """In each room so many publish, so many watch all of them; and how the packets come."""

    publishers: int
    viewers: int
    traffic: str
    with_opus: bool = False
    rooms: int = 1


class Figures(NamedTuple):
    """One server in one case."""

    us_per_packet: float
    packets_per_s: float
    loss: float  # share of the packets that never came
    rss_mb_per_viewer: float
    join_ms: float  # median: start of signalling to first RTP packet


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, its own and the kernel's on its behalf.

    From the scheduler's nanoseconds of each thread: the ticks in `stat` are too coarse for a
    process that takes a thirtieth of a core (proc(5), schedstat). Threads must not end meanwhile.
    """
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


async def measure(start: StartServer, case: Case, seconds: float = MEASURE_S) -> Figures:
    """Bring a call up, let it settle, count for a while."""
    count = case.publishers * case.rooms
    publishers = [
        Publisher(PATTERNS[case.traffic](), phase=number / count, with_opus=case.with_opus)
        for number in range(count)
    ]
    viewers = [Viewer() for _ in range(case.viewers * case.rooms)]
    async with start() as server:
        try:
            for number, publisher in enumerate(publishers):
                await server.publish(publisher, number // case.publishers)
                await publisher.start()
            await asyncio.sleep(FILL_S)
            rss_before = rss_mb(server.pid)
            joins_ms = [
                await _join(server, viewer, number // case.viewers)
                for number, viewer in enumerate(viewers)
            ]
            for viewer in viewers:
                viewer.start_reporting()
            await asyncio.sleep(SETTLE_S)
            # A joiner gets everything since the last key frame at once, which the small buffers
            # of a loaded client do not always hold; loss is counted from here on.
            lost_before = sum(viewer.lost for viewer in viewers)
            before = _now(server, viewers)
            await asyncio.sleep(seconds)
            after = _now(server, viewers)
            rss_after = rss_mb(server.pid)
            lost = sum(viewer.lost for viewer in viewers) - lost_before
        finally:
            await asyncio.gather(*(publisher.close() for publisher in publishers))
            await asyncio.gather(*(viewer.close() for viewer in viewers))
    elapsed_s, used_s, packets = (late - early for early, late in zip(before, after, strict=True))
    return Figures(
        us_per_packet=used_s / packets * 1e6,
        packets_per_s=packets / elapsed_s,
        loss=lost / (packets + lost),
        rss_mb_per_viewer=(rss_after - rss_before) / len(viewers),
        join_ms=statistics.median(joins_ms),
    )


async def _join(server: Server, viewer: Viewer, room: int) -> float:
    started = time.monotonic()
    await server.watch(viewer, room)
    await viewer.until_first()
    assert viewer.first_at is not None
    return (viewer.first_at - started) * 1000


def _now(server: Server, viewers: list[Viewer]) -> tuple[float, float, int]:
    return time.monotonic(), cpu_s(server.pid), sum(viewer.packets for viewer in viewers)


async def run(
    cases: list[Case], seconds: float, rounds: int, is_json: bool
) -> list[dict[str, object]]:
    """Every case with every server in turn; a row is printed as soon as it is known."""
    floors = {viewers: measure_floor(viewers) for viewers in {case.viewers for case in cases}}
    rows = []
    for case in cases:
        theirs: list[Figures] = []
        own: list[Figures] = []
        for _ in range(rounds):
            if JANUS:
                theirs.append(await measure(janus_server, case, seconds))
            own.append(await measure(relay_server, case, seconds))
        janus = _median(theirs) if theirs else None
        row = _row(case, _median(own), janus, floors[case.viewers])
        rows.append(row)
        if not is_json:
            print(_line(row), flush=True)
    return rows


def _median(rounds: list[Figures]) -> Figures:
    """Figure by figure; the most that was lost."""
    middle = Figures(*(statistics.median(figures) for figures in zip(*rounds, strict=True)))
    return middle._replace(loss=max(figures.loss for figures in rounds))


async def grow(seconds: float) -> None:
    """What ours costs as a room grows, and as rooms become more: printed row by row."""
    print(GROWTH_HEAD)
    sizes = [Case(1, viewers, "chromium") for viewers in (10, 25, 50, 100, 150, 199)]
    rooms = [Case(1, 5, "chromium", rooms=count) for count in (1, 2, 5, 10, 20)]
    for case in sizes + rooms:
        ours = await measure(relay_server, case, seconds)
        cells = (
            case.rooms,
            f"{case.publishers} x {case.viewers}",
            round(ours.packets_per_s),
            f"{ours.us_per_packet * ours.packets_per_s / 1e4:.1f} %",
            round(ours.us_per_packet, 2),
            ours.loss,
            round(ours.rss_mb_per_viewer, 3),
            round(ours.join_ms, 1),
        )
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def _row(case: Case, ours: Figures, janus: Figures | None, floor: float) -> dict[str, object]:
    return {
        "publishers": case.publishers,
        "viewers": case.viewers,
        "traffic": case.traffic + (" + opus" if case.with_opus else ""),
        "relay_us_per_packet": round(ours.us_per_packet, 2),
        "janus_us_per_packet": None if janus is None else round(janus.us_per_packet, 2),
        "floor_us_per_packet": round(floor, 2),
        "packets_per_s": round(ours.packets_per_s),
        "loss": round(ours.loss, 6),
        "rss_mb_per_viewer": round(ours.rss_mb_per_viewer, 3),
        "join_ms": round(ours.join_ms, 1),
        "janus_packets_per_s": None if janus is None else round(janus.packets_per_s),
        "janus_loss": None if janus is None else round(janus.loss, 6),
        "janus_rss_mb_per_viewer": None if janus is None else round(janus.rss_mb_per_viewer, 3),
        "janus_join_ms": None if janus is None else round(janus.join_ms, 1),
    }


HEAD = (
    "| publishers x viewers | packets | relay us | Janus us | ratio | floor us | packets/s | Janus "
    "| loss | MB/viewer | Janus | join ms | Janus |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)

GROWTH_HEAD = (
    "| rooms | publishers x viewers in each | packets/s | of a core | us per packet | loss "
    "| MB/viewer | join ms |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def _line(row: dict[str, object]) -> str:
    ours, janus = row["relay_us_per_packet"], row["janus_us_per_packet"]
    ratio = f"{ours / janus:.2f}" if isinstance(ours, float) and isinstance(janus, float) else "-"
    loss = row["loss"]
    cells = [
        f"{row['publishers']} x {row['viewers']}", row["traffic"], ours, janus, ratio,
        row["floor_us_per_packet"], row["packets_per_s"], row["janus_packets_per_s"], loss,
        row["rss_mb_per_viewer"],
        row["janus_rss_mb_per_viewer"], row["join_ms"], row["janus_join_ms"],
    ]  # fmt: skip
    return "| " + " | ".join("-" if cell is None else str(cell) for cell in cells) + " |"


def _cases(sizes: str, traffic: str) -> list[Case]:
    wanted = [tuple(map(int, word.split("x"))) for word in sizes.split(",")] if sizes else SIZES
    kinds = [traffic] if traffic else list(PATTERNS)
    cases = [Case(*size, kind) for kind in kinds for size in wanted]  # type: ignore[misc]
    return cases if sizes else [*cases, Case(1, 30, kinds[-1], with_opus=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line with all figures")
    parser.add_argument("--sizes", default="", help="for example 1x80,3x20; else all of them")
    parser.add_argument("--traffic", default="", choices=["", *PATTERNS])
    parser.add_argument("--growth", action="store_true", help="only ours, from small to large")
    parser.add_argument("--seconds", type=float, default=MEASURE_S, help="how long to count")
    parser.add_argument("--rounds", type=int, default=1, help="both in turn so often: the medians")
    options = parser.parse_args()
    if options.growth:
        asyncio.run(grow(options.seconds))
        return 0
    cases = _cases(options.sizes, options.traffic)
    if not options.json:
        if not JANUS:
            print("Janus is not installed (apt-get install janus): our own figures and the floor.")
        print(HEAD)
    rows = asyncio.run(run(cases, options.seconds, options.rounds, options.json))
    if options.json:
        print(json.dumps({"cases": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
