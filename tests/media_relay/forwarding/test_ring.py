"""The ring: duplicates, age, and what a joiner gets."""

from media_relay.forwarding.ring import PacketRing
from tests.media_relay.packets import stored


def test_add_duplicate_is_refused() -> None:
    ring = PacketRing(8)

    assert ring.add(stored(5))
    assert not ring.add(stored(5))


def test_add_late_packet_fills_its_hole_and_too_late_one_is_refused() -> None:
    ring = PacketRing(8)
    for sequence in (1, 2, 4):
        ring.add(stored(sequence))

    assert ring.add(stored(3))
    assert ring.add(stored(12))
    assert not ring.add(stored(4))
    assert ring.get(3) is not None
    assert ring.get(4) is None


def test_get_number_whose_slot_was_taken_is_none() -> None:
    ring = PacketRing(8)
    ring.add(stored(1))
    ring.add(stored(9))

    assert ring.get(1) is None
    assert ring.get(9) == stored(9)


def test_since_key_frame_gives_all_packets_in_order() -> None:
    ring = PacketRing(16)
    for sequence in (1, 2, 3, 5, 4):
        ring.add(stored(sequence, is_key_frame_start=sequence == 2))

    packets = ring.since_key_frame(at_most=10)

    assert packets is not None
    assert [packet.sequence for packet in packets] == [2, 3, 4, 5]


def test_since_key_frame_with_a_hole_is_none() -> None:
    ring = PacketRing(16)
    ring.add(stored(2, is_key_frame_start=True))
    ring.add(stored(4))

    assert ring.since_key_frame(at_most=10) is None


def test_since_key_frame_too_long_ago_is_none() -> None:
    ring = PacketRing(16)
    for sequence in range(2, 13):
        ring.add(stored(sequence, is_key_frame_start=sequence == 2))

    assert ring.since_key_frame(at_most=10) is None
    assert ring.since_key_frame(at_most=12) is not None


def test_since_key_frame_overwritten_is_none() -> None:
    ring = PacketRing(4)
    for sequence in range(2, 8):
        ring.add(stored(sequence, is_key_frame_start=sequence == 2))

    assert ring.since_key_frame(at_most=100) is None
