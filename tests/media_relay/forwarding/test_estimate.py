"""What a viewer's network carries: down at once, up by trials."""

from media_relay.forwarding.estimate import (
    FLOOR_BPS,
    LASTING,
    MAX_WAIT_S,
    QUEUED_SHARE,
    START_BPS,
    TRIAL_MARGIN,
    TRIAL_S,
    NetworkEstimate,
)
from media_relay.forwarding.rtcp import ReportBlock

STEP_S = 0.5


def block(highest: int, lost: int, ssrc: int = 1) -> ReportBlock:
    return ReportBlock(ssrc, 0, lost, highest, 0, 0, 0)


class Network:
    """A viewer behind a link of so many bits per second with a queue of a fifth of a second.

    Its browser's estimate begins low and rises slowly, as Chromium's does.
    """

    def __init__(self, link_bps: float) -> None:
        self.estimate = NetworkEstimate()
        self.link_bps = link_bps
        self.now = 100.0
        self.sent: list[float] = []
        self._remb_bps = 100_000.0
        self._highest = self._lost = 0

    def run(self, seconds: float, needs: tuple[float, ...]) -> None:
        """Send the largest of `needs` that the budget allows, and hear what comes of it."""
        for _ in range(round(seconds / STEP_S)):
            budget = self.estimate.budget_bps
            sending = max((need for need in needs if need <= budget), default=0.0)
            lacking = [need for need in needs if need > budget]
            self.sent.append(sending)
            self._answer(sending)
            self.estimate.decide(
                sending_bps=sending, next_bps=min(lacking, default=None), now=self.now
            )
            self.now += STEP_S

    def _answer(self, sending: float) -> None:
        is_full = sending > self.link_bps
        passed = min(sending, self.link_bps)
        self._remb_bps = min(self._remb_bps, 0.85 * passed) if is_full else self._remb_bps * 1.04
        packets = int(sending * STEP_S / 9_600)
        self._highest += packets
        self._lost += round(packets * (1 - passed / sending)) if sending else 0
        self.estimate.accept_bitrate(int(self._remb_bps))
        self.estimate.accept_round_trip(0.24 if is_full else 0.04)
        self.estimate.accept_reports([block(self._highest, self._lost)])


def test_budget_starts_generous_and_unlimited() -> None:
    estimate = NetworkEstimate()

    assert (estimate.budget_bps, estimate.proved_bps) == (START_BPS, None)


def test_bitrate_report_that_falls_while_packets_wait_lowers_at_once() -> None:
    estimate = NetworkEstimate()
    estimate.accept_round_trip(0.04)
    estimate.accept_bitrate(900_000)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    estimate.accept_bitrate(400_000)
    estimate.accept_round_trip(0.1)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=2.0)

    assert (estimate.budget_bps, estimate.proved_bps) == (400_000, None)


def test_bitrate_report_that_falls_while_nothing_waits_is_a_busy_machine() -> None:
    estimate = NetworkEstimate()
    estimate.accept_round_trip(0.04)
    estimate.accept_bitrate(900_000)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    estimate.accept_bitrate(400_000)
    for seconds in (0.5, 0.05, 0.3):  # some answer is as quick as ever
        estimate.accept_round_trip(seconds)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=2.0)

    assert estimate.budget_bps == START_BPS


def test_bitrate_report_that_falls_is_judged_with_the_next_round_trip() -> None:
    estimate = NetworkEstimate()
    estimate.accept_round_trip(0.04)
    estimate.accept_bitrate(900_000)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)
    budgets = []
    for now, answers in ((2.0, ()), (3.0, (0.1,))):
        estimate.accept_bitrate(400_000)
        for seconds in answers:
            estimate.accept_round_trip(seconds)
        estimate.decide(sending_bps=1_000_000, next_bps=None, now=now)
        budgets.append(estimate.budget_bps)

    assert budgets == [START_BPS, 400_000]


def test_bitrate_report_that_falls_with_loss_is_proof() -> None:
    estimate = NetworkEstimate()
    estimate.accept_reports([block(100, 0)])
    estimate.accept_bitrate(900_000)
    estimate.accept_bitrate(400_000)
    estimate.accept_reports([block(200, 5)])

    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    assert (estimate.budget_bps, estimate.proved_bps) == (400_000, 400_000)


def test_bitrate_report_that_is_low_and_rises_changes_nothing() -> None:
    estimate = NetworkEstimate()
    estimate.accept_bitrate(100_000)
    estimate.accept_bitrate(108_000)

    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    assert (estimate.budget_bps, estimate.proved_bps) == (START_BPS, None)


def test_round_trip_that_grows_lowers_below_what_passes() -> None:
    estimate = NetworkEstimate()
    estimate.accept_reports([block(100, 0)])
    estimate.accept_round_trip(0.05)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    estimate.accept_round_trip(0.25)
    estimate.accept_reports([block(200, 20)])
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=2.0)

    assert estimate.budget_bps == 1_000_000 * 0.8 * QUEUED_SHARE


def test_round_trip_that_grows_without_loss_is_believed_the_second_time() -> None:
    estimate = NetworkEstimate()
    estimate.accept_round_trip(0.05)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)
    budgets = []
    for now in (2.0, 3.0):
        estimate.accept_round_trip(0.25)
        estimate.decide(sending_bps=1_000_000, next_bps=None, now=now)
        budgets.append(estimate.budget_bps)

    assert budgets == [START_BPS, 1_000_000 * QUEUED_SHARE]


def test_round_trip_one_late_report_among_others_changes_nothing() -> None:
    estimate = NetworkEstimate()
    for seconds in (0.05, 0.4, 0.05):
        estimate.accept_round_trip(seconds)

    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)

    assert estimate.budget_bps == START_BPS


def late(estimate: NetworkEstimate, decisions: int, *, falls: bool) -> None:
    """Every answer is late by a quarter of a second, and nothing is lost."""
    for step in range(decisions):
        estimate.accept_bitrate(1_000_000 if not falls else 1_000_000 - 100_000 * (step + 1))
        estimate.accept_round_trip(0.3)
        estimate.decide(sending_bps=1_000_000, next_bps=None, now=10 + step * STEP_S)


def quick() -> NetworkEstimate:
    """Somebody whose answers came at once until now."""
    estimate = NetworkEstimate()
    estimate.accept_bitrate(1_000_000)
    estimate.accept_round_trip(0.04)
    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)
    return estimate


def test_late_answers_alone_prove_nothing_however_long() -> None:
    estimate = quick()

    late(estimate, 60, falls=False)

    assert estimate.budget_bps < START_BPS
    assert estimate.proved_bps is None


def test_queue_that_stays_while_the_browser_reports_less_is_proof() -> None:
    doubted, proved = quick(), quick()

    late(doubted, LASTING - 1, falls=True)
    late(proved, LASTING + 3, falls=True)

    assert doubted.proved_bps is None
    assert proved.proved_bps is not None


def test_machine_that_is_busy_now_and_then_proves_nothing() -> None:
    """Late and with a falling estimate most of the time, but never for four seconds on end."""
    estimate = quick()
    for _ in range(20):
        late(estimate, LASTING - 2, falls=True)
        estimate.accept_bitrate(1_000_000)
        estimate.accept_round_trip(0.05)
        estimate.decide(sending_bps=1_000_000, next_bps=None, now=99.0)

    assert estimate.proved_bps is None


def test_trial_that_passes_disproves_what_was_proved() -> None:
    estimate = quick()
    estimate.accept_reports([block(100, 0)])
    estimate.accept_reports([block(200, 30)])
    estimate.decide(sending_bps=300_000, next_bps=None, now=2.0)
    estimate.accept_reports([block(300, 30)])
    found = [estimate.proved_bps]

    for now, next_bps in ((4.0, 400_000.0), (7.5, 900_000.0), (8.0, 900_000.0), (11.5, None)):
        estimate.decide(sending_bps=300_000, next_bps=next_bps, now=now)
        found.append(estimate.proved_bps)

    assert found == [255_000, 255_000, 400_000 * TRIAL_MARGIN, 400_000 * TRIAL_MARGIN, None]


def test_loss_is_weighted_by_packets() -> None:
    estimate = NetworkEstimate()
    estimate.accept_reports([block(100, 0), block(1_000, 5, ssrc=2)])

    estimate.accept_reports([block(110, 5), block(1_990, 5, ssrc=2)])

    assert estimate.loss == 5 / 1_000


def test_high_loss_lowers_once_for_each_report() -> None:
    estimate = NetworkEstimate()
    estimate.accept_reports([block(100, 0)])
    estimate.accept_reports([block(200, 40)])

    estimate.decide(sending_bps=1_000_000, next_bps=None, now=1.0)
    first = estimate.budget_bps
    estimate.decide(sending_bps=800_000, next_bps=None, now=5.0)

    assert (first, estimate.budget_bps) == (800_000, 800_000)


def test_loss_alone_never_goes_below_the_floor() -> None:
    estimate = NetworkEstimate()
    for step in range(1, 20):
        estimate.accept_reports([block(100 * step, 90 * step)])
        estimate.decide(sending_bps=100_000, next_bps=None, now=step * 2.0)

    assert estimate.budget_bps == FLOOR_BPS


def test_moderate_loss_forbids_a_trial() -> None:
    estimate = NetworkEstimate()
    estimate.accept_reports([block(100, 0)])
    estimate.accept_reports([block(200, 5)])

    estimate.decide(sending_bps=1_000_000, next_bps=9_000_000, now=1.0)

    assert estimate.budget_bps == START_BPS


def test_trial_gives_what_the_next_step_needs() -> None:
    estimate = NetworkEstimate()

    estimate.decide(sending_bps=1_000_000, next_bps=4_000_000, now=1.0)

    assert estimate.budget_bps == 4_000_000 * TRIAL_MARGIN


def test_trials_reach_what_the_link_carries() -> None:
    network = Network(link_bps=2_500_000)
    network.estimate.budget_bps = 200_000

    network.run(20, (150_000, 450_000, 1_500_000))

    assert network.sent[-1] == 1_500_000


def test_trials_beyond_the_link_become_rare() -> None:
    network = Network(link_bps=600_000)
    network.estimate.budget_bps = 200_000

    network.run(300, (150_000, 450_000, 1_500_000))

    late = network.sent[len(network.sent) // 2 :]
    assert set(late) <= {450_000, 1_500_000}
    assert late.count(1_500_000) / len(late) < TRIAL_S / MAX_WAIT_S + 0.02
    assert late.count(450_000) / len(late) > 0.9


def test_link_that_recovers_is_found_again() -> None:
    network = Network(link_bps=300_000)
    network.run(10, (150_000, 450_000, 1_500_000))
    assert network.sent.count(1_500_000) * STEP_S < 3
    assert network.sent[-5:].count(150_000) >= 1

    network.link_bps = 5_000_000
    network.run(30, (150_000, 450_000, 1_500_000))

    assert network.sent[-1] == 1_500_000
