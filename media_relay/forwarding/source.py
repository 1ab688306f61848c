"""One incoming stream: order it, drop duplicates, keep it, and account for it to its sender."""

from collections.abc import Mapping
from struct import unpack_from
from typing import NamedTuple

from media_relay.forwarding.av1 import starts_av1_key_frame
from media_relay.forwarding.keyframes import starts_h264_key_frame, starts_h265_key_frame
from media_relay.forwarding.nack import NackGenerator
from media_relay.forwarding.numbering import DenseNumbering
from media_relay.forwarding.ring import PacketRing, StoredPacket
from media_relay.forwarding.rtcp import ReportBlock, SenderReport
from media_relay.forwarding.rtp import RtpHeader, pack_extensions, pack_send_time
from media_relay.forwarding.sequence import SequenceUnwrapper
from media_relay.forwarding.vp8 import Vp8Payload, read_key_frame_height, read_vp8
from media_relay.forwarding.vp9 import Vp9Payload, read_vp9

VIDEO_RING = 1024  # about 4 s of 720p; one second is what NACKs reach back
AUDIO_RING = 128
# Of codecs whose packets carry no numbers of pictures.
KEY_FRAME_STARTS = {
    "H264": starts_h264_key_frame,
    "H265": starts_h265_key_frame,
    "AV1": starts_av1_key_frame,
}


class ClockMark(NamedTuple):
    """A sender report and when it came: ties RTP time to the publisher's wall clock."""

    ntp: int
    rtp_timestamp: int
    arrived_at: float

    def time_of(self, timestamp: int, clock_rate: int) -> int:
        """The publisher's wall clock (NTP, 32.32 bits) at an RTP timestamp near the report."""
        ticks = (timestamp - self.rtp_timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        return self.ntp + (ticks << 32) // clock_rate

    def timestamp_of(self, ntp: int, clock_rate: int) -> int:
        """The RTP timestamp at a time of the publisher's wall clock; may exceed 32 bits."""
        return self.rtp_timestamp + ((ntp - self.ntp) * clock_rate + (1 << 31) >> 32)


class SourceStream:
    """State of one SSRC of a publisher: a sound, a picture, or one layer of a picture."""

    def __init__(
        self,
        *,
        ssrc: int,
        codec: str,
        clock_rate: int,
        extension_ids: Mapping[int, int],
        send_time_id: int | None = None,
    ) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.clock_mark: ClockMark | None = None
        self.height: int | None = None  # of the picture, where the codec shows it
        self.ring = PacketRing(AUDIO_RING if codec == "OPUS" else VIDEO_RING)
        self.nack = NackGenerator()
        self.is_beyond_repair = False  # set by a long gap; whoever asks for a key frame clears it
        self._codec = codec
        self._extension_ids = extension_ids
        self._send_time_id = send_time_id  # of the relay's abs-send-time; None: without
        self._unwrapper = SequenceUnwrapper()
        self._numbering = DenseNumbering()
        self._reception = Reception(clock_rate)

    def receive(
        self, packet: bytes, header: RtpHeader, now: float, *, is_repair: bool = False
    ) -> StoredPacket | None:
        """The packet as viewers get it, or None when nobody is to get it.

        That is a duplicate, one that is too old, or padding. Padding that comes after its number
        was given away is forwarded without a byte in it: a hole would be asked for again and again.
        """
        sequence = self._unwrapper.unwrap(header.sequence)
        if not self.nack.arrived(sequence, now):
            self.is_beyond_repair = True
        is_padding = header.payload_start == header.payload_end
        if is_padding and self._numbering.leave_out(sequence):
            self._reception.arrived(sequence, header.timestamp, now)
            return None
        number = self._numbering.number(sequence)
        if number is None:
            return None
        stored = self._store(packet, header, number, now)
        if not self.ring.add(stored):
            return None
        if not is_repair:
            self._reception.arrived(sequence, header.timestamp, now)
        return stored

    def _store(self, packet: bytes, header: RtpHeader, number: int, now: float) -> StoredPacket:
        """It is sent on in the same turn: the time of arrival is the time of sending, and stays so
        when the packet is sent again under its number, whose bytes must not change.
        """
        own = b""
        if self._send_time_id is not None:
            own = pack_send_time(self._send_time_id, now)
        extensions = b""
        if own or header.extensions:
            extensions = pack_extensions(packet, header, self._extension_ids, own)
        start, end = header.payload_start, header.payload_end
        size = len(extensions)
        data = extensions + packet[start:end]
        picture: Vp8Payload | Vp9Payload
        if self._codec == "VP8":
            picture = read_vp8(packet, start, end)
            if picture.is_key_frame_start:
                self.height = read_key_frame_height(packet[start:end], picture) or self.height
        elif self._codec == "VP9":
            picture = read_vp9(packet, start, end)
            self.height = picture.height or self.height
        else:
            starts = KEY_FRAME_STARTS.get(self._codec)
            is_start = starts is not None and starts(packet, start, end)
            return StoredPacket(number, header.timestamp, header.is_marked, is_start, size, data)
        return StoredPacket(
            number,
            header.timestamp,
            header.is_marked,
            picture.is_key_frame_start,
            size,
            data,
            picture.picture_id,
            picture.picture_mask,
            size + picture.picture_at if picture.picture_at else 0,
            picture.tl0,
            size + picture.tl0_at if picture.tl0_at else 0,
        )

    def accept_sender_report(self, report: SenderReport, now: float) -> None:
        """Remember the publisher's clock."""
        self.clock_mark = ClockMark(report.ntp, report.rtp_timestamp, now)

    def report(self, now: float) -> ReportBlock | None:
        """Reception since the last report; None before the first packet."""
        return self._reception.report(self.ssrc, self.clock_mark, now)


class Reception:
    """Loss and jitter of one stream (RFC 3550 sections 6.4.1 and A.3, A.8)."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._first: int | None = None
        self._highest = 0
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._transit: float | None = None
        self._jitter = 0.0

    def arrived(self, sequence: int, timestamp: int, now: float) -> None:
        if self._first is None:
            self._first = self._highest = sequence
        self._highest = max(self._highest, sequence)
        self._received += 1
        transit = now * self._clock_rate - timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < self._clock_rate * 10:  # a timestamp that wrapped is no jitter
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    def report(self, ssrc: int, mark: ClockMark | None, now: float) -> ReportBlock | None:
        if self._first is None:
            return None
        expected = self._highest - self._first + 1
        expected_lately = expected - self._expected_before
        lost_lately = expected_lately - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        fraction = 0
        if expected_lately > 0 and lost_lately > 0:
            fraction = min(255, (lost_lately << 8) // expected_lately)
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=fraction,
            packets_lost=expected - self._received,
            highest_sequence=self._highest,
            jitter=int(self._jitter),
            last_report=0 if mark is None else mark.ntp >> 16 & 0xFFFFFFFF,
            delay_since_last_report=0 if mark is None else round((now - mark.arrived_at) * 65_536),
        )


def unwrap_repair(packet: bytes, header: RtpHeader) -> RtpHeader | None:
    """The header of the original packet inside a retransmission (RFC 4588 section 4).

    None for the empty packets with which browsers probe the bandwidth.
    """
    if header.payload_end - header.payload_start < 2:
        return None
    (original,) = unpack_from("!H", packet, header.payload_start)
    return header._replace(sequence=original, payload_start=header.payload_start + 2)
