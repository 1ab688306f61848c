"""The aggregation header of AV1, as far as a relay needs it (RTP payload format for AV1, 4.4).

The dependency descriptor is not negotiated: its frame numbers could not go on over a switch from
one layer to another without being rewritten bit by bit, and nothing here is dropped within a layer.
"""

CONTINUES = 0x80  # Z: the first element goes on from the packet before
NEW_SEQUENCE = 0x08  # N: the first packet of a coded video sequence, which begins with a key frame


def starts_av1_key_frame(packet: bytes, start: int, end: int) -> bool:
    """Whether a decoder can begin with the payload `packet[start:end]`."""
    return start < end and packet[start] & (CONTINUES | NEW_SEQUENCE) == NEW_SEQUENCE
