"""What goes out on one subscribe connection, and what the viewer reports back about it."""

import secrets
import time
from typing import Protocol

from media_relay.forwarding.layers import TOP
from media_relay.forwarding.rtcp import (
    BitrateEstimate,
    KeyFrameRequest,
    Nack,
    ReportBlock,
    Reports,
    read_rtcp,
    write_receiver_report,
    write_source_description,
)
from media_relay.protocol import ConnectionState, PathQuality
from media_relay.publication import Publication
from media_relay.quality import PathMeter, RoundTrip
from media_relay.slots import Slot, Slots, cname_of
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.view import View

LOOK_INTERVAL_S = 0.45  # every other time that it is called


class Owner(Protocol):
    """Whose connection it is."""

    def connection_changed(self, state: ConnectionState) -> None: ...
    def videos_paused(self) -> None: ...


class Delivery:
    """The sending end of a subscribe connection; a new connection gets a new one."""

    def __init__(
        self,
        owner: Owner,
        *,
        endpoint: MediaEndpoint,
        view: View,
        meter: PathMeter,
        round_trip: RoundTrip,
        stats: Stats,
    ) -> None:
        self.connection: Connection = endpoint.add(self)
        self.slots = Slots(self.connection, stats)
        self._owner = owner
        self._endpoint = endpoint
        self._view = view
        self._meter = meter
        self._round_trip = round_trip
        self._stats = stats
        self._ssrc = secrets.randbelow(2**32 - 2) + 1  # of reports on nothing
        self._octets_before = 0  # by streams that are over
        self._octets_counted = 0
        self._looked_at = 0.0

    @property
    def is_connected(self) -> bool:
        return self.connection.state == "connected"

    def begin(self, slot: Slot, publication: Publication, now: float) -> None:
        """Forward from now on, if somebody listens: else as soon as the connection is up."""
        if self.is_connected:
            wanted = self._view.layer_for(publication) if publication.is_video else TOP
            publication.add(slot.forwarder, now, wanted=wanted)

    def end(self, publication: Publication, now: float) -> bool:
        """The publication is over: its section goes idle. False when it had none."""
        for slot in self.slots.all:
            if slot.publication is publication:
                slot.free()
                over = self.slots.renew(slot, now)
                self._octets_before += over.octet_count
                self._meter.forget_source(over.ssrc)
                self._view.estimate.forget_source(over.ssrc)
                self.connection.forget_streams((over.ssrc, over.rtx_ssrc))
                return True
        return False

    def share(self, now: float) -> None:
        """Which layer of each video the viewer gets; nothing while nobody listens."""
        if self.is_connected and self._view.share(self.slots.all, now):
            self._owner.videos_paused()

    def close(self) -> None:
        """Stop forwarding and drop the connection."""
        for slot in self.slots.all:
            slot.free()
        self._meter.forget()
        self._endpoint.drop(self.connection)

    # --- packets ---

    def on_state(self, state: ConnectionState) -> None:
        now = time.monotonic()
        if state == "connected":
            for slot in self.slots.all:
                if slot.publication is not None and slot.is_accepted:
                    self.begin(slot, slot.publication, now)
            self.share(now)
        elif state == "disconnected":
            for slot in self.slots.all:
                if slot.publication is not None:
                    slot.publication.remove(slot.forwarder)
        self._owner.connection_changed(state)

    def on_rtp(self, packet: bytes, now: float) -> None:
        self._stats.drops["from_viewer"] += 1  # nobody listens here

    def on_rtcp(self, packet: bytes, now: float) -> None:
        by_ssrc = self.slots.by_ssrc
        for item in read_rtcp(packet):
            if isinstance(item, BitrateEstimate):
                self._view.estimate.accept_bitrate(item.bitrate_bps)
            elif isinstance(item, Reports):
                known = [block for block in item.blocks if block.ssrc in by_ssrc]
                self._view.estimate.accept_reports(known)
                for block in known:
                    self._take_report(block, by_ssrc[block.ssrc], now)
            elif isinstance(item, Nack | KeyFrameRequest):
                slot = by_ssrc.get(item.media_ssrc)
                if slot is not None and slot.publication is not None:
                    self._repair(slot, slot.publication, item, now)

    def _take_report(self, block: ReportBlock, slot: Slot, now: float) -> None:
        self._meter.take(block, slot.codec.clock_rate)
        round_trip_s = self._round_trip.returned(block, now)
        if round_trip_s is not None:
            self._view.estimate.accept_round_trip(round_trip_s)

    def _repair(
        self, slot: Slot, publication: Publication, item: Nack | KeyFrameRequest, now: float
    ) -> None:
        if isinstance(item, KeyFrameRequest):
            publication.want_key_frame(now)
        elif not publication.is_paused:
            self._stats.nacks_in += len(item.sequences)
            self._stats.packets_resent += slot.forwarder.resend(item.sequences, now)

    # --- clock ---

    def refresh(self, now: float) -> None:
        """Four times a second: whoever was switched learns the new timeline soon."""
        for slot in self.slots.all:
            if slot.forwarder.is_report_due:
                self._report(slot, now)
        if now - self._looked_at >= LOOK_INTERVAL_S:
            self._looked_at = now
            if self.is_connected and self._view.refresh(self.slots.all, now):
                self._owner.videos_paused()

    def report(self, now: float) -> None:
        """Once a second: sender reports on what is forwarded, or an empty report.

        A viewer of muted people hears nothing else, and pages take a silent line for a dead one.
        """
        if not self.is_connected:
            return
        has_reported = [self._report(slot, now) for slot in self.slots.all]
        if not any(has_reported):
            empty = write_receiver_report(self._ssrc, [])
            self.connection.send_rtcp(empty + write_source_description(self._ssrc, "relay"))

    def quality(self, now: float) -> PathQuality | None:
        """What went to this viewer since it was last asked; None while nothing is watched."""
        if not self.is_connected:
            return None
        for slot in self.slots.all:
            slot.forwarder.catch_up()
        octets = self._octets_before
        octets += sum(slot.forwarder.octet_count for slot in self.slots.all)
        self._meter.count(octets - self._octets_counted)
        self._octets_counted = octets
        return self._meter.read(now)

    def _report(self, slot: Slot, now: float) -> bool:
        """Whether there was something to report."""
        if slot.publication is None:
            return False
        if slot.publication is not slot.named:
            # The browser keeps this sound in step with the person of the last offer, whose clock is
            # another one: better no clock than a wrong one.
            return False
        report = slot.forwarder.sender_report(now)
        if report is None:
            return False
        self._round_trip.sent(report, now)
        cname = cname_of(slot.publication)
        self.connection.send_rtcp(report + write_source_description(slot.forwarder.ssrc, cname))
        return True
