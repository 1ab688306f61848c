"""AV1 out of RTP packets and into a file: units of the stream, and what a container must know.

RTP leaves out the sizes of units and may cut them (RTP payload format for AV1, section 4); files
want each with its size and without temporal delimiters (AV1 in Matroska, section 4).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from media_relay.forwarding.av1 import CONTINUES
from media_relay.recording.bits import Bits
from media_relay.recording.limits import MAX_UNITS_IN_PACKET, MAX_UNITS_IN_PICTURE

SEQUENCE_HEADER = 1
_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING = 2, 8, 15
_NOT_STORED = {_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING}
_GOES_ON = 0x40  # Y
_HAS_EXTENSION, _HAS_SIZE = 0x04, 0x02
_MAX_SIZE_BYTES = 8
_CHOSEN_FRAME_BY_FRAME = 2


class Unit(NamedTuple):
    """An open bitstream unit: its header without a size, and its content."""

    head: bytes
    body: bytes

    @property
    def kind(self) -> int:
        return self.head[0] >> 3 & 0x0F

    def stored(self) -> bytes:
        """With its size, as files have it."""
        head = bytes((self.head[0] | _HAS_SIZE,)) + self.head[1:]
        return head + _write_size(len(self.body)) + self.body


class Sequence(NamedTuple):
    """What a sequence header says of the whole stream."""

    width: int
    height: int
    configuration: bytes  # of ISO-BMFF and Matroska, without the header itself


def read_units(payloads: Iterable[bytes]) -> list[Unit] | None:
    """The units that the payloads of one picture hold; None where something is missing, or where
    they are more than a picture has.
    """
    # In pieces until all are there: a picture of thousands of packets must not be copied for each.
    elements: list[list[bytes]] = []
    goes_on = False
    try:
        for payload in payloads:
            found = list(_iter_elements(payload))
            if bool(payload[0] & CONTINUES) != goes_on or not found:
                return None
            if goes_on:
                elements[-1].append(found.pop(0))
            elements += [[element] for element in found]
            goes_on = bool(payload[0] & _GOES_ON)
            if len(elements) > MAX_UNITS_IN_PICTURE:
                return None
        units = [_read_unit(b"".join(pieces)) for pieces in elements]
    except (IndexError, ValueError):
        return None
    return None if goes_on else [unit for unit in units if unit.kind not in _NOT_STORED]


def read_sequence(unit: Unit) -> Sequence | None:
    """The sequence header, or None for one that this reader does not know (AV1, section 5.5)."""
    try:
        return _read_sequence(Bits(unit.body))
    except ValueError:
        return None


# --- RTP ---------------------------------------------------------------------------------------


def _iter_elements(payload: bytes) -> Iterator[bytes]:
    """Each with its length before it, but the last one where their count is given."""
    count, position, number = payload[0] >> 4 & 0x03, 1, 0
    while position < len(payload):
        number += 1
        if number > MAX_UNITS_IN_PACKET:
            raise ValueError("A packet has too many elements.")
        if count and number == count:
            yield payload[position:]
            return
        length, position = _read_size(payload, position)
        if position + length > len(payload):
            raise ValueError("An element is cut off.")
        yield payload[position : position + length]
        position += length


def _read_unit(element: bytes) -> Unit:
    position = 2 if element[0] & _HAS_EXTENSION else 1
    head = bytes((element[0] & ~_HAS_SIZE,)) + element[1:position]
    if not element[0] & _HAS_SIZE:
        return Unit(head, element[position:])
    length, position = _read_size(element, position)
    return Unit(head, element[position : position + length])


def _read_size(data: bytes, position: int) -> tuple[int, int]:
    """LEB128 (AV1, section 4.10.5): seven bits in a byte, the lowest first."""
    value = 0
    for index in range(_MAX_SIZE_BYTES):
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, position + index + 1
    raise ValueError("A size is too long.")


def _write_size(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


# --- the sequence header -----------------------------------------------------------------------


def _read_sequence(bits: Bits) -> Sequence | None:
    profile = bits.read(3)
    bits.read(1)  # a still picture
    is_reduced = bits.read(1)
    if profile != 0 or is_reduced:
        return None  # neither is negotiated, nor found in calls
    level, tier = _read_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(width_bits) + 1, bits.read(height_bits) + 1
    _skip_tools(bits)
    is_deep, is_monochrome = bits.read(1), bits.read(1)
    # Section 2.3.3 of AV1 in ISO-BMFF: version 1, then the profile and how colours are stored.
    # Of profile 0 the planes of colour have half the width and height.
    colours = tier << 7 | is_deep << 6 | is_monochrome << 4 | 0b1100
    return Sequence(width, height, bytes((0x81, profile << 5 | level, colours, 0)))


def _read_operating_points(bits: Bits) -> tuple[int, int]:
    """Level and tier of the first one, which is the whole stream."""
    delay_bits = 0
    if bits.read(1):
        delay_bits = _read_timing(bits)
    has_display_delay = bits.read(1)
    found = []
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        level = bits.read(5)
        found.append((level, bits.read(1) if level > 7 else 0))
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_display_delay and bits.read(1):
            bits.read(4)
    return found[0]


def _read_timing(bits: Bits) -> int:
    """How many bits a delay of the decoder model has; 0 without a model."""
    bits.read(64)  # the length of a tick
    if bits.read(1):
        bits.read_number()
    if not bits.read(1):
        return 0
    delay_bits = bits.read(5) + 1
    bits.read(32 + 5 + 5)
    return delay_bits


def _skip_tools(bits: Bits) -> None:
    if bits.read(1):
        bits.read(4 + 3)  # frame numbers
    bits.read(3 + 4)  # block size, two filters, four ways of prediction
    has_order = bits.read(1)
    if has_order:
        bits.read(2)
    screen_content = _CHOSEN_FRAME_BY_FRAME if bits.read(1) else bits.read(1)
    if screen_content and not bits.read(1):
        bits.read(1)
    if has_order:
        bits.read(3)
    bits.read(3)
