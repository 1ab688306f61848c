"""Loss, jitter, bitrate and round trip, from reports as they come over the wire."""

from media_relay.forwarding.rtcp import ReportBlock, Reports, read_rtcp, write_receiver_report
from media_relay.protocol import PathQuality
from media_relay.quality import MAX_REPORTS_KEPT, PathMeter, RoundTrip

CLOCK = 90_000


def block(
    *, ssrc: int = 1, highest: int, lost: int = 0, jitter: int = 0, lsr: int = 0, delay: int = 0
) -> ReportBlock:
    return ReportBlock(ssrc, 0, lost, highest, jitter, lsr, delay)


def test_meter_weighs_loss_by_packets_and_shows_the_worst_jitter() -> None:
    meter = PathMeter(now=10.0)
    for first, second in (
        (block(ssrc=1, highest=100), block(ssrc=1, highest=1_000, lost=50, jitter=900)),
        (block(ssrc=2, highest=5), block(ssrc=2, highest=105, lost=50, jitter=90)),
    ):
        meter.take(first, CLOCK)
        meter.take(second, CLOCK)
    meter.count(250_000)

    assert meter.read(12.0) == PathQuality(bitrate_bps=1_000_000, loss_percent=10.0, jitter_ms=10.0)


def test_meter_starts_anew_after_each_reading() -> None:
    meter = PathMeter(now=0.0)
    meter.take(block(highest=0), CLOCK)
    meter.take(block(highest=100, lost=100), CLOCK)
    meter.read(3.0)
    meter.take(block(highest=200, lost=100), CLOCK)

    assert meter.read(6.0) == PathQuality(bitrate_bps=0, loss_percent=0.0, jitter_ms=0.0)


def test_meter_of_a_dead_line_does_not_call_it_a_good_one() -> None:
    meter = PathMeter(now=0.0)
    meter.take(block(highest=0), CLOCK)
    meter.take(block(highest=100), CLOCK)
    meter.count(10_000)
    before = meter.read(3.0)
    meter.count(10_000)  # sent on, but nobody answers any more

    assert (before is None, meter.read(6.0)) == (False, None)


def test_meter_survives_the_wrap_of_sequence_numbers_and_repairs_that_make_loss_fall() -> None:
    meter = PathMeter(now=0.0)
    meter.take(block(highest=0xFFFFFFF0, lost=9), CLOCK)
    meter.take(block(highest=0x00000054, lost=4), CLOCK)
    meter.take(block(highest=0x00000020, lost=90), CLOCK)  # overtaken by the one before

    assert meter.read(1.0) == PathQuality(bitrate_bps=0, loss_percent=0.0, jitter_ms=0.0)


def test_meter_reads_reports_from_the_wire_with_negative_loss() -> None:
    sent = block(ssrc=77, highest=500, lost=-3, jitter=45, lsr=9, delay=65_536)

    [reports] = read_rtcp(write_receiver_report(5, [sent]))

    assert reports == Reports((sent,))


def test_round_trip_is_the_time_on_the_way_without_the_time_at_the_receiver() -> None:
    trip = RoundTrip()
    trip.sent(sender_report(lsr=0xABCD0123), now=100.0)

    trip.returned(block(highest=0, lsr=0xABCD0123, delay=32_768), now=100.58)

    assert trip.latest_ms == 80.0


def test_round_trip_ignores_reports_it_never_sent_and_forgets_old_ones() -> None:
    trip = RoundTrip()
    trip.returned(block(highest=0, lsr=0), now=1.0)
    for number in range(MAX_REPORTS_KEPT + 1):
        trip.sent(sender_report(lsr=number + 1), now=1.0)
    trip.returned(block(highest=0, lsr=1), now=1.5)

    assert trip.latest_ms is None


def sender_report(*, lsr: int) -> bytes:
    return bytes(10) + lsr.to_bytes(4, "big") + bytes(14)
