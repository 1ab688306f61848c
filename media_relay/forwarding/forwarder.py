"""One track on its way to one viewer: own SSRC, unbroken numbers, repairs, sender reports."""

import secrets
from collections.abc import Callable, Iterable
from struct import pack

from media_relay.forwarding.columns import Column
from media_relay.forwarding.fanout import ColumnViewer, Sent
from media_relay.forwarding.limits import TokenBucket
from media_relay.forwarding.rewrite import Offsets, StreamRewriter
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.rtcp import write_sender_report
from media_relay.forwarding.rtp import pack_header
from media_relay.forwarding.sequence import WHOLE, near
from media_relay.forwarding.source import SourceStream
from media_relay.transport.outbox import Outlet

Send = Callable[[bytes, bytes, int], bool]

RESENDS_PER_S = 400.0
RESEND_BURST = 200.0
RESEND_INTERVAL_S = 0.015  # the same packet is not sent again sooner
MAX_REMEMBERED_RESENDS = 512


class Forwarder(ColumnViewer):
    """Sends the packets of whatever source it is switched to; knows no connection, only `send`."""

    def __init__(
        self,
        *,
        send: Send,
        find_outlet: Callable[[], Outlet | None] = lambda: None,
        payload_type: int,
        rtx_payload_type: int | None,
        clock_rate: int,
        now: float,
    ) -> None:
        self.ssrc = secrets.randbelow(2**32 - 2) + 1
        self.rtx_ssrc = secrets.randbelow(2**32 - 2) + 1
        self.uses_rtx = False
        self.is_report_due = False  # a switch happened: the viewer learns the new timeline soon
        self._send = send
        self._find_outlet = find_outlet
        self._payload_type = payload_type
        self._rtx_payload_type = rtx_payload_type
        self._clock_rate = clock_rate
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

    def start_over(self) -> None:
        """Somebody else's track follows."""
        self._rewriter.forget_sources()
        self._resent_at.clear()

    def switch(self, source: SourceStream, packet: StoredPacket, now: float) -> None:
        """From this packet on the viewer gets what `source` sends."""
        self.catch_up()
        self._rewriter.switch(source, packet, now)
        self.is_report_due = True

    def forward(self, packet: StoredPacket, now: float) -> None:
        """Send one new packet of the present source, late ones included."""
        segment = self._rewriter.segment
        if segment is None or packet.sequence < segment.start:
            return
        head = self._head(packet, segment.offsets)
        self._rewriter.note(packet, now)
        if self._send(head, packet.data, packet.rewritten_end):
            self.packet_count += 1
            self.octet_count += len(packet.data) - packet.payload_start

    def column(self) -> Column | None:
        """What the present segment makes of the source's packets."""
        segment, outlet = self._rewriter.segment, self._find_outlet()
        if segment is None or outlet is None:
            return None
        return Column(outlet, self.ssrc, self._payload_type, segment.start, *segment.offsets)

    def account(self, sent: Sent) -> None:
        """As if every packet had gone through `forward`."""
        self._rewriter.note(sent.newest, sent.at)
        self.packet_count += sent.packets
        self.octet_count += sent.octets

    def resend(self, sequences: Iterable[int], now: float) -> int:
        """Answer a NACK from the rings of the sources; how many packets went out again."""
        self.catch_up()
        return sum(self._resend_one(sequence, now) for sequence in sequences)

    def sender_report(self, now: float) -> bytes | None:
        """The publisher's clock on this viewer's timeline; None before it is known.

        The report stands for now, on the publisher's wall clock: sound and picture of one
        publisher share that clock, which is what keeps lips and voice together.
        """
        self.catch_up()
        segment = self._rewriter.segment
        if segment is None or self.packet_count == 0 or segment.source.clock_mark is None:
            return None
        mark = segment.source.clock_mark
        elapsed = now - mark.arrived_at
        source_timestamp = mark.rtp_timestamp + round(elapsed * self._clock_rate)
        self.is_report_due = False
        return write_sender_report(
            ssrc=self.ssrc,
            ntp=mark.ntp + int(elapsed * 2**32),
            rtp_timestamp=source_timestamp + segment.offsets.timestamp,
            packet_count=self.packet_count,
            octet_count=self.octet_count,
        )

    def _head(self, packet: StoredPacket, offsets: Offsets) -> bytes:
        """All bytes of the packet that differ from viewer to viewer.

        The same for the same packet and offsets, however often it is sent: AES-GCM must never see
        one number with two contents.
        """
        head = pack_header(
            is_marked=packet.is_marked,
            payload_type=self._payload_type,
            sequence=packet.sequence + offsets.sequence,
            timestamp=packet.timestamp + offsets.timestamp,
            ssrc=self.ssrc,
            has_extension=packet.payload_start > 0,
        )
        return head + _rewritten(packet, offsets)

    def _resend_one(self, sequence: int, now: float) -> bool:
        output = near(sequence, self._rewriter.next_sequence)
        segment = self._rewriter.origin(output)
        if segment is None or output >= self._rewriter.next_sequence:
            return False
        packet = segment.source.ring.get(output - segment.offsets.sequence)
        if packet is None or not self._may_resend(output, now):
            return False
        if self.uses_rtx and self._rtx_payload_type is not None:
            return self._send_repair(packet, segment.offsets)
        return self._send(self._head(packet, segment.offsets), packet.data, packet.rewritten_end)

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

    def _send_repair(self, packet: StoredPacket, offsets: Offsets) -> bool:
        """RFC 4588 section 4: own SSRC and numbers, the original number before the payload."""
        head = pack_header(
            is_marked=packet.is_marked,
            payload_type=self._rtx_payload_type or 0,
            sequence=self._rtx_sequence,
            timestamp=packet.timestamp + offsets.timestamp,
            ssrc=self.rtx_ssrc,
            has_extension=packet.payload_start > 0,
        )
        self._rtx_sequence = (self._rtx_sequence + 1) % WHOLE
        changed, start = _rewritten(packet, offsets), packet.payload_start
        extensions = changed[:start] or packet.data[:start]
        head += extensions + pack("!H", (packet.sequence + offsets.sequence) & 0xFFFF)
        return self._send(head + changed[start:], packet.data, max(start, packet.rewritten_end))


def _rewritten(packet: StoredPacket, offsets: Offsets) -> bytes:
    """The first bytes of `packet.data` as this viewer sees them."""
    end = packet.rewritten_end
    if not end:
        return b""
    changed = bytearray(packet.data[:end])
    if packet.picture_at:
        picture_id = (packet.picture_id + offsets.picture_id) & packet.picture_mask
        if packet.picture_mask > 0x7F:
            changed[packet.picture_at] = 0x80 | picture_id >> 8
            changed[packet.picture_at + 1] = picture_id & 0xFF
        else:
            changed[packet.picture_at] = picture_id
    if packet.tl0_at:
        changed[packet.tl0_at] = (packet.tl0 + offsets.tl0) & 0xFF
    return bytes(changed)
