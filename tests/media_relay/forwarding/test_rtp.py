"""Headers read in place, checked against aiortc's reader."""

import contextlib
from struct import pack

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.rtp import (
    MAX_EXTENSIONS,
    pack_extensions,
    pack_header,
    read_header,
)
from tests.media_relay.packets import rtp

MID, LEVEL = 4, 1


def test_read_header_finds_every_part() -> None:
    packet = rtp(
        sequence=65_535,
        timestamp=0xFFFFFFFF,
        ssrc=0xDEADBEEF,
        payload_type=111,
        marker=True,
        extensions={MID: b"a1", LEVEL: b"\x85"},
        payload=b"hello",
        padding=4,
    )

    header = read_header(packet)

    assert header is not None
    assert (header.is_marked, header.payload_type, header.sequence) == (True, 111, 65_535)
    assert (header.timestamp, header.ssrc) == (0xFFFFFFFF, 0xDEADBEEF)
    assert packet[header.payload_start : header.payload_end] == b"hello"
    found = {item.identifier: packet[item.start : item.end] for item in header.extensions}
    assert found == {MID: b"a1", LEVEL: b"\x85"}


def test_read_header_padding_longer_than_the_packet_is_refused() -> None:
    packet = rtp(sequence=1, payload=b"", padding=4)

    assert read_header(packet[:-1] + b"\x20") is None
    assert read_header(packet[:-1] + b"\x00") is None


def test_read_header_padding_only_packet_has_an_empty_payload() -> None:
    header = read_header(rtp(sequence=1, payload=b"", padding=200))

    assert header is not None
    assert header.payload_start == header.payload_end == 12


def test_read_header_extensions_of_two_byte_form() -> None:
    block = bytes((3, 0, 0, 20, 2)) + b"hi" + b"\0"
    packet = rtp(sequence=1, payload=b"")[:12]
    packet = bytes((packet[0] | 0x10,)) + packet[1:] + b"\x10\x00\x00\x02" + block

    header = read_header(packet)

    assert header is not None
    found = [(item.identifier, packet[item.start : item.end]) for item in header.extensions]
    assert found == [(3, b""), (20, b"hi")]


@pytest.mark.parametrize("profile", [b"\xbe\xde", b"\x10\x00"])
@pytest.mark.parametrize("filling", [b"\x10\x00", b"\x00\x00"])
def test_read_header_what_extensions_cost_has_a_bound(profile: bytes, filling: bytes) -> None:
    """Elements of no use, or nothing but padding, and behind them one that is too far away."""
    block = filling * MAX_EXTENSIONS + bytes((0x20, 0x00, 0x20, 0x00))
    packet = rtp(sequence=1, payload=b"")[:12]
    packet = bytes((packet[0] | 0x10,)) + packet[1:] + profile + pack("!H", len(block) // 4) + block

    header = read_header(packet)

    assert header is not None
    assert len(header.extensions) <= MAX_EXTENSIONS
    assert 2 not in {item.identifier for item in header.extensions}
    assert 0x20 not in {item.identifier for item in header.extensions}


def test_pack_extensions_keeps_the_wanted_under_new_ids_only() -> None:
    packet = rtp(sequence=1, extensions={MID: b"0", LEVEL: b"\x85", 9: b"\x01\x02"})
    header = read_header(packet)
    assert header is not None

    block = pack_extensions(packet, header, {LEVEL: 7})

    assert block == bytes((0xBE, 0xDE, 0, 1, 7 << 4, 0x85, 0, 0))
    assert pack_extensions(packet, header, {12: 1}) == b""


def test_pack_header_and_extensions_make_a_packet_that_aiortc_reads() -> None:
    packet = rtp(sequence=1, extensions={MID: b"0", LEVEL: b"\x85"}, payload=b"opus")
    header = read_header(packet)
    assert header is not None
    head = pack_header(
        is_marked=True,
        payload_type=111,
        sequence=70_000,
        timestamp=2**32 + 5,
        ssrc=42,
        has_extension=True,
    )
    level = RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:ssrc-audio-level")
    extensions = HeaderExtensionsMap()
    extensions.configure(RTCRtpParameters(headerExtensions=[level]))

    forwarded = RtpPacket.parse(
        head + pack_extensions(packet, header, {LEVEL: 1}) + b"opus", extensions
    )

    assert (forwarded.sequence_number, forwarded.timestamp, forwarded.ssrc) == (4_464, 5, 42)
    assert forwarded.extensions.audio_level == (True, 5)
    assert forwarded.payload == b"opus"


@given(st.binary(max_size=80))
def test_read_header_any_bytes_stay_within_bounds(data: bytes) -> None:
    header = read_header(data)

    if header is not None:
        assert 12 <= header.payload_start <= header.payload_end <= len(data)
        for item in header.extensions:
            assert 16 <= item.start <= item.end <= header.payload_start
        pack_extensions(data, header, dict.fromkeys(range(256), 1))


@given(
    st.builds(
        rtp,
        sequence=st.integers(0, 65_535),
        timestamp=st.integers(0, 2**32 - 1),
        extensions=st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16)),
        payload=st.binary(min_size=1, max_size=40),
        padding=st.integers(0, 20),
    ),
    st.data(),
)
def test_read_header_mutated_packet_agrees_with_aiortc(packet: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(packet) - 1))
    mutated = bytearray(packet)
    mutated[position] ^= data.draw(st.integers(0, 255))

    header = read_header(bytes(mutated))

    theirs = None
    with contextlib.suppress(Exception):
        theirs = RtpPacket.parse(bytes(mutated))
    if theirs is not None:
        assert header is not None
        assert (header.sequence, header.timestamp) == (theirs.sequence_number, theirs.timestamp)
        assert mutated[header.payload_start : header.payload_end] == theirs.payload
