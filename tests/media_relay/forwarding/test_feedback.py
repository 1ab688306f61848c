"""Transport-wide feedback, read back by a decoder written from the draft."""

import time
from struct import unpack_from

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.feedback import (
    MAX_PACKETS,
    MAX_STATUSES,
    MAX_WAITING,
    TransportFeedback,
)


def decode(packet: bytes) -> dict[int, float | None]:
    """Arrival in seconds by number (16 bits); None for what is reported as missing."""
    first, kind, words = unpack_from("!BBH", packet)
    assert (first, kind, len(packet)) == (0x80 | 15, 205, 4 + 4 * words)
    base, count = unpack_from("!HH", packet, 12)
    reference = int.from_bytes(packet[16:19], "big")
    symbols: list[int] = []
    position = 20
    while len(symbols) < count:
        (chunk,) = unpack_from("!H", packet, position)
        position += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk >> 14 == 3:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    ticks = reference * 256
    arrivals: dict[int, float | None] = {}
    for offset, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            ticks += packet[position]
            position += 1
        elif symbol == 2:
            ticks += unpack_from("!h", packet, position)[0]
            position += 2
        arrivals[(base + offset) & 0xFFFF] = ticks * 0.000_25 if symbol else None
    assert 0 <= len(packet) - position <= 3
    return arrivals


def test_write_nothing_arrived_gives_no_packet() -> None:
    assert TransportFeedback().write(sender_ssrc=1, media_ssrc=2) == []


def test_write_loss_and_reordering_over_the_wrap() -> None:
    feedback = TransportFeedback()
    for sequence, arrival in ((65_534, 10.0), (1, 10.02), (65_535, 10.03), (2, 10.5)):
        feedback.arrived(sequence, arrival)

    (packet,) = feedback.write(sender_ssrc=1, media_ssrc=2)

    assert unpack_from("!II", packet, 4) == (1, 2)
    assert decode(packet) == {65_534: 10.0, 65_535: 10.03, 0: None, 1: 10.02, 2: 10.5}


def test_write_second_report_tells_of_the_gap_between() -> None:
    feedback = TransportFeedback()
    feedback.arrived(5, 1.0)
    feedback.write(sender_ssrc=1, media_ssrc=2)
    feedback.arrived(8, 1.1)

    (packet,) = feedback.write(sender_ssrc=1, media_ssrc=2)

    assert decode(packet) == {6: None, 7: None, 8: 1.1}
    assert packet[19] == 1


def test_write_long_gap_is_split_not_spelled_out() -> None:
    feedback = TransportFeedback()
    feedback.arrived(0, 1.0)
    feedback.arrived(MAX_STATUSES * 3, 1.0)

    packets = feedback.write(sender_ssrc=1, media_ssrc=2)

    assert [decode(packet) for packet in packets] == [{0: 1.0}, {MAX_STATUSES * 3: 1.0}]


@given(
    st.integers(0, 65_535),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40_000)), min_size=1, max_size=100),
)
def test_write_any_arrivals_are_reported_to_a_quarter_millisecond(
    start: int, steps: list[tuple[int, int]]
) -> None:
    feedback = TransportFeedback()
    arrivals: dict[int, float] = {}
    sequence, ticks = start, 400_000
    for gap, wait in steps:
        sequence, ticks = (sequence + 1 + gap) & 0xFFFF, ticks + wait
        arrivals[sequence] = ticks * 0.000_25
        feedback.arrived(sequence, ticks * 0.000_25)

    reported: dict[int, float] = {}
    for packet in feedback.write(sender_ssrc=1, media_ssrc=2):
        decoded = decode(packet)
        reported |= {number: at for number, at in decoded.items() if at is not None}

    assert reported.keys() == arrivals.keys()
    assert all(abs(reported[number] - at) < 0.000_3 for number, at in arrivals.items())


def test_write_numbers_far_apart_cost_no_more_than_others() -> None:
    feedback = TransportFeedback()
    for index in range(MAX_WAITING):
        feedback.arrived(index * (MAX_STATUSES + 90) & 0xFFFF, 1.0 + index / 20_000)

    started = time.process_time()
    packets = feedback.write(sender_ssrc=1, media_ssrc=2)

    assert len(packets) == MAX_PACKETS
    assert time.process_time() - started < 0.02
    assert feedback.write(sender_ssrc=1, media_ssrc=2) == [], "and nothing is left of them"
