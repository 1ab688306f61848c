"""What strangers and peers can hand to the relay's readers, as functions of bytes.

Each raises when the reader does what it must not: any exception but its named refusal, or a
result that lies outside the packet. Hypothesis (test_fuzz.py) and atheris (fuzz_atheris.py)
feed the same functions.
"""

import json
from collections.abc import Callable
from functools import cache
from struct import pack

from aioice import stun

from media_relay import protocol
from media_relay.errors import BadSdp, ProtocolError
from media_relay.forwarding.av1 import starts_av1_key_frame
from media_relay.forwarding.feedback import TransportFeedback
from media_relay.forwarding.keyframes import starts_h264_key_frame, starts_h265_key_frame
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.rtcp import read_rtcp
from media_relay.forwarding.rtp import pack_extensions, read_header
from media_relay.forwarding.source import SourceStream, unwrap_repair
from media_relay.forwarding.vp8 import read_key_frame_height, read_vp8
from media_relay.forwarding.vp9 import read_vp9
from media_relay.recording.frames import make_assembler
from media_relay.sdp.parse import parse_description
from media_relay.transport.dtls import RecordPipe
from media_relay.transport.ice import IceLite, read_check
from tests.media_relay.offers import CHROMIUM_OFFER, FIREFOX_OFFER
from tests.media_relay.packets import VP8_KEY_FRAME, rtp

SENDER = ("192.0.2.7", 4000)


def read_stun(data: bytes) -> None:
    """A datagram that may be a check for credentials that exist."""
    check = read_check(data)
    if check is None:
        return
    ice = IceLite()
    assert ice.judge(check, SENDER) is None  # nobody guesses 190 bits


def judge_stun(data: bytes) -> None:
    """As `read_stun`, for credentials that the check names rightly: the HMAC decides."""
    check = read_check(data)
    if check is None:
        return
    ice = IceLite(local=KNOWN)
    verdict = ice.judge(check, SENDER)
    # What follows the integrity value (the fingerprint) is not covered by it.
    assert verdict is None or data[:AUTHENTIC_BYTES] == a_check()[:AUTHENTIC_BYTES]


def read_rtp(data: bytes) -> None:
    header = read_header(data)
    if header is None:
        return
    assert 12 <= header.payload_start <= header.payload_end <= len(data)
    assert all(16 <= item.start <= item.end <= header.payload_start for item in header.extensions)
    pack_extensions(data, header, {1: 1, 3: 2, 14: 4})
    repaired = unwrap_repair(data, header)
    assert repaired is None or repaired.payload_start <= repaired.payload_end


def receive_rtp(data: bytes) -> None:
    """Datagrams of one stream, each behind two bytes that say how long it is."""
    for codec in ("VP8", "VP9", "AV1", "H264", "H265", "OPUS"):
        rate = 48_000 if codec == "OPUS" else 90_000
        stream = SourceStream(ssrc=1, codec=codec, clock_rate=rate, extension_ids={1: 1})
        position, now = 0, 0.0
        while position + 2 <= len(data):
            size = int.from_bytes(data[position : position + 2], "big") % 1_500
            packet = data[position + 2 : position + 2 + size]
            position, now = position + 2 + size, now + 0.01
            header = read_header(packet)
            if header is not None:
                stream.receive(packet, header, now)
                stream.nack.due(now)
        stream.report(now)


def read_control_packet(data: bytes) -> None:
    read_rtcp(data)


def read_video_payload(data: bytes) -> None:
    descriptor = read_vp8(data, 0, len(data))
    assert 0 <= descriptor.size <= len(data)
    assert descriptor.picture_at < max(1, len(data))
    read_key_frame_height(data, descriptor)
    starts_h264_key_frame(data, 0, len(data))
    starts_h265_key_frame(data, 0, len(data))
    starts_av1_key_frame(data, 0, len(data))
    modern = read_vp9(data, 0, len(data))
    assert 0 <= max(modern.size, modern.picture_at, modern.tl0_at) < max(1, len(data))


def assemble_pictures(data: bytes) -> None:
    """Packets of recorded tracks, each behind two bytes that say how long it is."""
    for codec in ("VP8", "VP9", "AV1", "H264"):
        assembler = make_assembler(codec)
        assert assembler is not None
        position, number = 0, 0
        while position + 2 <= len(data):
            size = int.from_bytes(data[position : position + 2], "big") % 1_500
            payload = data[position + 2 : position + 2 + size]
            position, number = position + 2 + size, number + 1
            frame = assembler.take(StoredPacket(number, 0, True, True, 0, payload))
            assert frame is None or frame.data


def read_description(data: bytes) -> None:
    try:
        parse_description(data.decode("utf-8", "replace"))
    except BadSdp:
        return


def read_message(data: bytes) -> None:
    try:
        message = protocol.decode(data.decode("utf-8", "surrogatepass"))
    except (ProtocolError, UnicodeDecodeError):
        return
    assert protocol.decode(protocol.encode(message)) == message


def feed_record(data: bytes) -> None:
    """Records wait in a queue that does not grow."""
    pipe = RecordPipe(send=lambda _data: None)
    kept = [pipe.feed(data) for _ in range(64)]
    assert sum(kept) <= 32


def count_arrivals(data: bytes) -> None:
    """Transport-wide numbers in any order; what is written can be read again."""
    feedback = TransportFeedback()
    for index in range(0, len(data) - 1, 2):
        feedback.arrived(int.from_bytes(data[index : index + 2], "big"), index / 1000)
    for packet in feedback.write(sender_ssrc=1, media_ssrc=2):
        read_rtcp(packet)


def a_check() -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction_id=bytes(12))
    message.attributes["USERNAME"] = f"{KNOWN.ufrag}:abcd"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(KNOWN.password.encode())
    return bytes(message)


KNOWN = IceLite().local
# Descriptor with a structure, then the frame's header of 640 x 480.
VP9_KEY_FRAME = bytes.fromhex("aa81020000 18028001e00100 8249834200 27f01df0") + bytes(9)
# A sequence header of 640 x 480 with its length, and the beginning of a frame.
AV1_KEY_FRAME = bytes.fromhex("28 0b0800000024c4ffdf12be40 32100085a004")
AUTHENTIC_BYTES = 88
TARGETS: dict[str, Callable[[bytes], None]] = {
    "stun": read_stun,
    "stun_known": judge_stun,
    "rtp": read_rtp,
    "rtp_stream": receive_rtp,
    "rtcp": read_control_packet,
    "video": read_video_payload,
    "recorded": assemble_pictures,
    "sdp": read_description,
    "control": read_message,
    "dtls": feed_record,
    "arrivals": count_arrivals,
}


@cache
def samples(target: str) -> tuple[bytes, ...]:
    """Whole inputs to damage: far more of the reader is reached than from random bytes."""
    packets = [
        rtp(sequence=number, extensions={1: b"\x8a", 3: b"abc"}, payload=VP8_KEY_FRAME)
        for number in (1, 2, 5, 65_535)
    ]
    report = pack("!BBHIIIIIII", 0x81, 201, 7, 1, 2, 0, 9, 4, 0, 0)
    known = {
        "stun": (a_check(),),
        "stun_known": (a_check(),),
        "rtp": tuple(packets),
        "rtp_stream": (b"".join(pack("!H", len(each)) + each for each in packets),),
        "rtcp": (report + pack("!BBHIIHH", 0x81, 205, 3, 1, 2, 7, 0xFFFF),),
        "video": (
            bytes((0x90, 0xF0, 0x81, 2, 3, 4)) + VP8_KEY_FRAME[1:],
            b"\x7c\x85" + bytes(9),
            VP9_KEY_FRAME,
        ),
        "recorded": tuple(
            pack("!H", len(payload)) + payload
            for payload in (VP8_KEY_FRAME, VP9_KEY_FRAME, AV1_KEY_FRAME)
        ),
        "sdp": (CHROMIUM_OFFER.replace("\n", "\r\n").encode(), FIREFOX_OFFER.encode()),
        "control": (
            protocol.encode(
                protocol.PublishOffer(
                    id="1", room="r", participant="p", sdp="v=0", sources={"0": "camera"}
                )
            ).encode(),
            json.dumps({"v": 1, "type": "status", "id": "1"}).encode(),
        ),
        "dtls": (bytes((22, 254, 253)) + bytes(20),),
        "arrivals": (bytes(range(64)),),
    }
    return known[target]
