"""AV1 out of packets: units, the sequence header, and whatever else arrives."""

import time

import av
from hypothesis import given
from hypothesis import strategies as st

from media_relay.recording.av1 import SEQUENCE_HEADER, read_sequence, read_units
from tests.media_relay.frames import noise
from tests.media_relay.modern_codecs import encode

SIZE = (642, 358)


def test_read_units_gives_a_decoder_what_an_encoder_made() -> None:
    decoder = av.CodecContext.create("libdav1d", "r")
    decoded = []
    for _, payloads in encode("AV1", noise(4, SIZE), SIZE, key_every=3):
        units = read_units(payloads)
        assert units is not None
        decoded += decoder.decode(av.Packet(b"".join(unit.stored() for unit in units)))
    decoded += decoder.decode(None)

    assert [(frame.width, frame.height) for frame in decoded] == [SIZE] * 4


def test_read_sequence_says_size_and_configuration() -> None:
    [(_, payloads)] = encode("AV1", noise(1, SIZE), SIZE, key_every=3)
    units = read_units(payloads)
    assert units is not None

    found = read_sequence(next(unit for unit in units if unit.kind == SEQUENCE_HEADER))

    assert found is not None
    assert (found.width, found.height) == SIZE
    version, profile_and_level, colours, delay = found.configuration
    assert (version, profile_and_level >> 5, colours, delay) == (0x81, 0, 0b1100, 0)


def test_read_units_of_a_picture_without_its_first_or_last_packet_are_nothing() -> None:
    [(_, payloads)] = encode("AV1", noise(1), (640, 480), key_every=3)
    assert len(payloads) > 2

    assert read_units(payloads[:-1]) is None
    assert read_units(payloads[2:]) is None
    assert read_units(payloads) is not None


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
def test_read_units_any_payloads_are_answered(payloads: list[bytes]) -> None:
    for unit in read_units(payloads) or []:
        assert unit.stored()
        read_sequence(unit)


def test_read_units_a_picture_of_many_small_packets_costs_what_its_bytes_cost() -> None:
    """One element over 8,000 packets: copying what is there for each of them would be 16 GB."""
    first, middle, last = bytes((0x58, 0x30)), bytes((0xD0,)), bytes((0x90,))
    piece = bytes(500)

    started = time.process_time()
    units = read_units([first + piece, *([middle + piece] * 8_000), last + piece])

    assert units is not None
    assert sum(len(unit.body) for unit in units) > 8_000 * len(piece)
    assert time.process_time() - started < 0.5


def test_read_units_more_than_a_picture_has_are_refused_before_they_cost_anything() -> None:
    """Four megabytes of elements of one byte, in few packets or in many."""
    crowded = b"\x01\x30" * 590
    picture = [b"\x08" + crowded, *([b"\x00" + crowded] * 3_500)]
    spread = [b"\x08" + b"\x01\x30" * 30, *([b"\x00" + b"\x01\x30" * 30] * 60_000)]

    for payloads in (picture, spread):
        started = time.process_time()
        assert read_units(payloads) is None
        assert time.process_time() - started < 0.1
