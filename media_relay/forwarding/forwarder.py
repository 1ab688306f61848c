"""One source on its way to one viewer: own SSRC, unbroken numbers, repairs, sender reports."""

import secrets
from collections.abc import Callable, Iterable
from struct import pack

from media_relay.forwarding.limits import TokenBucket
from media_relay.forwarding.rewrite import StreamRewriter
from media_relay.forwarding.ring import PacketRing, StoredPacket
from media_relay.forwarding.rtcp import write_sender_report
from media_relay.forwarding.rtp import pack_header
from media_relay.forwarding.sequence import WHOLE, near
from media_relay.forwarding.source import ClockMark

Send = Callable[[bytes, bytes, int], bool]

RESENDS_PER_S = 400.0
RESEND_BURST = 200.0
RESEND_INTERVAL_S = 0.015  # the same packet is not sent again sooner
MAX_REMEMBERED_RESENDS = 512


class Forwarder:
    """Sends the packets of whatever source it is put behind; knows no connection, only `send`."""

    def __init__(
        self,
        *,
        send: Send,
        payload_type: int,
        rtx_payload_type: int | None,
        clock_rate: int,
        needs_key_frame: bool,
        now: float,
    ) -> None:
        self.ssrc = secrets.randbelow(2**32 - 2) + 1
        self.rtx_ssrc = secrets.randbelow(2**32 - 2) + 1
        self.uses_rtx = False
        self._send = send
        self._payload_type = payload_type
        self._rtx_payload_type = rtx_payload_type
        self._clock_rate = clock_rate
        self._needs_key_frame = needs_key_frame
        self._is_fresh = True  # the next usable packet starts a new source
        self._rewriter = StreamRewriter(
            first_sequence=WHOLE + secrets.randbelow(WHOLE // 2),
            first_timestamp=secrets.randbelow(2**32),
            clock_rate=clock_rate,
        )
        self._rtx_sequence = secrets.randbelow(WHOLE)
        self._resends = TokenBucket(rate=RESENDS_PER_S, burst=RESEND_BURST, now=now)
        self._resent_at: dict[int, float] = {}
        self.packet_count = 0
        self.octet_count = 0

    @property
    def is_waiting_for_key_frame(self) -> bool:
        """Nothing is shown before the next key frame."""
        return self._is_fresh and self._needs_key_frame

    def start_over(self) -> None:
        """Another source follows, or the same one after a pause."""
        self._is_fresh = True

    def forward(self, packet: StoredPacket, now: float) -> None:
        """Send one new packet of the source."""
        if len(packet.data) == packet.payload_start:
            self._rewriter.swallow(packet.sequence)  # padding only: bandwidth probing
            return
        if self._is_fresh:
            if self._needs_key_frame and not packet.is_key_frame_start:
                return
            self._is_fresh = False
            self._resent_at.clear()
            self._rewriter.switch(sequence=packet.sequence, timestamp=packet.timestamp, now=now)
        sequence = self._rewriter.map_sequence(packet.sequence)
        if sequence is None:
            return
        timestamp = self._rewriter.map_timestamp(packet.timestamp, now)
        head = pack_header(
            is_marked=packet.is_marked,
            payload_type=self._payload_type,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=self.ssrc,
            has_extension=packet.payload_start > 0,
        )
        if self._send(head, packet.data, 0):
            self.packet_count += 1
            self.octet_count += len(packet.data) - packet.payload_start

    def resend(self, sequences: Iterable[int], ring: PacketRing, now: float) -> int:
        """Answer a NACK from the source's ring; how many packets went out again."""
        return sum(self._resend_one(sequence, ring, now) for sequence in sequences)

    def sender_report(self, mark: ClockMark, now: float) -> bytes | None:
        """The publisher's clock on this viewer's timeline; None before the first packet.

        The report stands for now, on the publisher's wall clock: sound and picture of one
        publisher share that clock, which is what keeps lips and voice together.
        """
        if self._is_fresh or self.packet_count == 0:
            return None
        elapsed = now - mark.arrived_at
        source_timestamp = mark.rtp_timestamp + round(elapsed * self._clock_rate)
        return write_sender_report(
            ssrc=self.ssrc,
            ntp=mark.ntp + int(elapsed * 2**32),
            rtp_timestamp=source_timestamp + self._rewriter.timestamp_offset,
            packet_count=self.packet_count,
            octet_count=self.octet_count,
        )

    def _resend_one(self, sequence: int, ring: PacketRing, now: float) -> bool:
        output = near(sequence, self._rewriter.next_sequence)
        origin = self._rewriter.origin(output)
        if origin is None or origin.epoch != self._rewriter.epoch:
            return False
        packet = ring.get(origin.sequence)
        if packet is None or not self._may_resend(output, now):
            return False
        if self.uses_rtx and self._rtx_payload_type is not None:
            return self._send_repair(packet, output)
        return self._send_again(packet, output)

    def _may_resend(self, output: int, now: float) -> bool:
        last = self._resent_at.get(output)
        if last is not None and now - last < RESEND_INTERVAL_S:
            return False
        if not self._resends.take(1, now):
            return False
        if len(self._resent_at) >= MAX_REMEMBERED_RESENDS:
            self._resent_at.clear()
        self._resent_at[output] = now
        return True

    def _send_again(self, packet: StoredPacket, output: int) -> bool:
        """The very bytes of the first time: AES-GCM must never see one number twice with two."""
        head = pack_header(
            is_marked=packet.is_marked,
            payload_type=self._payload_type,
            sequence=output,
            timestamp=packet.timestamp + self._rewriter.timestamp_offset,
            ssrc=self.ssrc,
            has_extension=packet.payload_start > 0,
        )
        return self._send(head, packet.data, 0)

    def _send_repair(self, packet: StoredPacket, output: int) -> bool:
        """RFC 4588 section 4: own SSRC and numbers, the original number before the payload."""
        head = pack_header(
            is_marked=packet.is_marked,
            payload_type=self._rtx_payload_type or 0,
            sequence=self._rtx_sequence,
            timestamp=packet.timestamp + self._rewriter.timestamp_offset,
            ssrc=self.rtx_ssrc,
            has_extension=packet.payload_start > 0,
        )
        self._rtx_sequence = (self._rtx_sequence + 1) % WHOLE
        head += packet.data[: packet.payload_start] + pack("!H", output & 0xFFFF)
        return self._send(head, packet.data, packet.payload_start)
