"""The relay's own figures: plain counters that the hot path can afford, and the loop's lag."""

import asyncio
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, fields

LAG_INTERVAL_S = 0.1
LAG_LIMITS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)  # of the histogram's buckets


@dataclass(slots=True)
class Stats:
    """Counters of the process; they only rise. `drops` counts by cause what was thrown away."""

    packets_in: int = 0
    bytes_in: int = 0
    packets_out: int = 0
    bytes_out: int = 0
    packets_resent: int = 0
    packets_recovered: int = 0
    rtcp_in: int = 0
    rtcp_out: int = 0
    stun_checks: int = 0
    nacks_in: int = 0
    nacks_out: int = 0
    key_frames_asked: int = 0
    key_frames_in: int = 0
    handshakes: int = 0
    cookies_asked: int = 0
    connections_ended: int = 0
    ice_restarts: int = 0
    address_changes: int = 0
    requests: int = 0
    requests_refused: int = 0
    events: int = 0
    faults: int = 0
    recorded_bytes: int = 0
    drops: Counter[str] = field(default_factory=Counter)

    def counters(self) -> dict[str, int]:
        """Every counter but the drops, by name."""
        return {
            entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "drops"
        }


class LoopLag:
    """How late the event loop runs a timer: the worst of the last `window` beats, and all."""

    def __init__(self, window: int = 20) -> None:
        self.total_s = 0.0
        self._counts = [0] * (len(LAG_LIMITS_S) + 1)
        self._lags_ms = [0.0] * window
        self._next = 0

    @property
    def worst_ms(self) -> float:
        return max(self._lags_ms)

    def buckets(self) -> list[tuple[str, int]]:
        """Upper limit in seconds as Prometheus writes it, and the beats that fell under it."""
        limits = [*map(str, LAG_LIMITS_S), "+Inf"]
        return list(zip(limits, self._counts, strict=True))

    def note(self, lag_s: float) -> None:
        """One beat was so late."""
        self.total_s += lag_s
        self._counts[bisect_left(LAG_LIMITS_S, lag_s)] += 1
        self._lags_ms[self._next] = lag_s * 1000
        self._next = (self._next + 1) % len(self._lags_ms)

    async def watch(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL_S
            await asyncio.sleep(LAG_INTERVAL_S)
            self.note(max(0.0, loop.time() - due))
