"""What the relay says of itself: its status, the same for Prometheus, and what a probe wants."""

import time

from media_relay.events import EventBus
from media_relay.metrics import write_metrics
from media_relay.process import read_process
from media_relay.protocol import StatusReport
from media_relay.rooms import Rooms
from media_relay.stats import LoopLag, Stats
from media_relay.transport.endpoint import MediaEndpoint

VERSION = "0.1.0"


class Figures:
    """Read from the parts whenever they are asked for; only the rate is taken by the clock."""

    def __init__(
        self,
        *,
        name: str,
        epoch: str,
        rooms: Rooms,
        bus: EventBus,
        endpoint: MediaEndpoint,
        stats: Stats,
    ) -> None:
        self.lag = LoopLag()
        self._name = name
        self._epoch = epoch
        self._rooms = rooms
        self._bus = bus
        self._endpoint = endpoint
        self._stats = stats
        self._packets_per_s = 0.0
        self._sent_before = 0
        self._started_at = time.monotonic()

    def count(self, interval_s: float) -> None:
        """Called once in every such interval: the rate at which packets were sent in it."""
        sent = self._stats.packets_out
        self._packets_per_s = round((sent - self._sent_before) / interval_s, 1)
        self._sent_before = sent

    def metrics(self) -> str:
        """Every figure as Prometheus reads it."""
        return write_metrics(self.status("metrics"), self.lag)

    def status(self, request_id: str) -> StatusReport:
        """Every figure, as the answer to a request."""
        participants = self._rooms.participants
        process = read_process()
        return StatusReport(
            id=request_id,
            relay=self._name,
            epoch=self._epoch,
            version=VERSION,
            uptime_s=round(time.monotonic() - self._started_at, 3),
            is_draining=self._rooms.is_draining,
            rooms=len(self._rooms),
            participants=len(participants),
            publications=sum(len(entry.publisher.publications) for entry in participants),
            subscriptions=sum(entry.subscription.is_wanted for entry in participants),
            loop_lag_ms=round(self.lag.worst_ms, 3),
            packets_per_s=self._packets_per_s,
            cpu_s=round(process.cpu_s, 3),
            memory_bytes=process.memory_bytes,
            open_files=process.open_files,
            queues={
                "control_messages": self._bus.waiting,
                "datagrams": self._endpoint.waiting,
            },
            counters=self._stats.counters(),
            drops=dict(self._stats.drops),
        )

    def health(self) -> dict[str, str | int | float]:
        """The few facts a readiness probe wants."""
        return {
            "status": "draining" if self._rooms.is_draining else "ok",
            "relay": self._name,
            "epoch": self._epoch,
            "rooms": len(self._rooms),
            "loop_lag_ms": round(self.lag.worst_ms, 3),
        }
