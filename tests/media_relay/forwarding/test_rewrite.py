"""One unbroken stream for the viewer whatever changes behind it."""

from media_relay.forwarding.rewrite import MAX_SEGMENTS, StreamRewriter
from media_relay.forwarding.rtcp import SenderReport
from media_relay.forwarding.source import SourceStream
from tests.media_relay.packets import stored

FIRST = 65_536 + 65_530  # six packets before the wrap
LONG = 0x7FFF


def rewriter(first_timestamp: int = 1_000) -> StreamRewriter:
    return StreamRewriter(first_sequence=FIRST, first_timestamp=first_timestamp, clock_rate=90_000)


def source(ssrc: int = 1) -> SourceStream:
    return SourceStream(ssrc=ssrc, codec="VP8", clock_rate=90_000, extension_ids={})


def test_switch_starts_at_the_first_numbers() -> None:
    stream = rewriter()

    segment = stream.switch(source(), stored(500, timestamp=7_000), 0.0)

    assert segment.first == FIRST
    assert (7_000 + segment.offsets.timestamp) % 2**32 == 1_000


def test_switch_goes_on_behind_the_newest_number() -> None:
    stream = rewriter()
    stream.switch(source(), stored(500, timestamp=7_000), 0.0)
    for sequence in (500, 502, 501):
        stream.note(stored(sequence, timestamp=7_000), 1.0)

    segment = stream.switch(source(2), stored(90_000, timestamp=123), 1.5)

    assert segment.first == FIRST + 3
    assert 123 + segment.offsets.timestamp == 1_000 + 45_000


def test_switch_at_the_same_moment_moves_the_timestamp_one_tick() -> None:
    stream = rewriter()
    stream.switch(source(), stored(1), 0.0)
    stream.note(stored(1), 1.0)

    segment = stream.switch(source(2), stored(1), 1.0)

    assert segment.offsets.timestamp == 1_001


def test_switch_between_layers_with_clocks_keeps_the_moment_of_capture() -> None:
    stream, low, high = rewriter(first_timestamp=2**32 - 10), source(1), source(2)
    low.accept_sender_report(SenderReport(1, 100 << 32, 50_000), 0.0)
    high.accept_sender_report(SenderReport(2, 101 << 32, 900_000), 0.9)
    stream.switch(low, stored(1, timestamp=50_000), 0.0)
    stream.note(stored(1, timestamp=50_000), 0.0)  # captured at second 100

    # Captured at second 100.5, and 80 ms late: the time of arrival says 0.58 s.
    packet = stored(77, timestamp=900_000 - 45_000)
    segment = stream.switch(high, packet, 0.58)

    assert (packet.timestamp + segment.offsets.timestamp) % 2**32 == 45_000 - 10


def test_switch_clocks_that_cannot_be_right_are_not_believed() -> None:
    stream, low, high = rewriter(), source(1), source(2)
    low.accept_sender_report(SenderReport(1, 100 << 32, 0), 0.0)
    high.accept_sender_report(SenderReport(2, 500 << 32, 0), 0.0)
    stream.switch(low, stored(1), 0.0)
    stream.note(stored(1), 0.0)

    segment = stream.switch(high, stored(1), 0.1)

    assert segment.offsets.timestamp == 1_000 + 9_000


def test_switch_goes_on_with_picture_id_and_tl0_over_their_wrap() -> None:
    stream = rewriter()
    first = stored(1)._replace(picture_id=LONG, picture_mask=LONG, picture_at=2, tl0=255, tl0_at=4)
    stream.switch(source(), first, 0.0)
    stream.note(first, 0.0)
    second = first._replace(picture_id=9, tl0=7)

    segment = stream.switch(source(2), second, 0.1)

    assert (second.picture_id + segment.offsets.picture_id) & LONG == 0
    assert (second.tl0 + segment.offsets.tl0) & 0xFF == 0


def test_origin_leads_back_over_switches() -> None:
    stream, low, high = rewriter(), source(1), source(2)
    stream.switch(low, stored(500), 0.0)
    stream.note(stored(500), 0.0)
    stream.switch(high, stored(90), 0.0)

    found = [stream.origin(FIRST - 1 + step) for step in range(3)]

    assert [segment and segment.source for segment in found] == [None, low, high]


def test_origin_is_forgotten_after_many_switches() -> None:
    stream = rewriter()
    for step in range(MAX_SEGMENTS + 1):
        stream.switch(source(), stored(500), step)
        stream.note(stored(500), step)

    assert stream.origin(FIRST) is None
    assert stream.origin(FIRST + 1) is not None


def test_forget_sources_goes_on_with_the_numbers() -> None:
    stream = rewriter()
    stream.switch(source(), stored(500), 0.0)
    stream.note(stored(500), 0.0)

    stream.forget_sources()

    assert stream.origin(FIRST) is None
    assert stream.switch(source(), stored(1), 0.0).first == FIRST + 1
