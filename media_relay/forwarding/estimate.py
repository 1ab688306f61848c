"""What one viewer's network carries, from what its browser says about it.

Three things speak of too much: a round trip that grows, because packets queue on the way; loss;
and a bandwidth estimate of the browser (REMB) that falls. That estimate's height says little: it
begins low and rises by 8 % a second, however much would pass. So going up is a trial: more is
sent, and taken back when one of the three speaks against it.

A machine that is busy answers late, and its browser takes that for a queue; but it loses nothing,
and some answer among many is as quick as ever. So what is late is only doubted: smaller pictures
are sent. That less passes than the smallest ones need has to be proved, by loss or by a queue that
does not go away.
"""

from collections.abc import Iterable

from media_relay.forwarding.rtcp import ReportBlock

START_BPS = 3_000_000.0
FLOOR_BPS = 250_000.0  # loss alone pauses nobody: at random loss less would not pass better
HIGH_LOSS = 0.10  # above: too much (the loss-based part of draft-ietf-rmcat-gcc-02, section 6)
LOW_LOSS = 0.02  # below: nothing speaks against a trial
FALLING = 0.97  # the browser's estimate below so much of the one before: it saw a queue
QUEUE_S = 0.12  # a round trip longer by so much than the shortest: packets are queued
SLIGHT_QUEUE_S = 0.05  # at least this much must have come with a fall that a queue explains
SURE = 2  # decisions in a row: a busy machine answers late once, a queue stays
LASTING = 8  # decisions in a row, four seconds or more: no machine is that busy all the time
DRIFT = 0.01  # of the shortest round trip towards each longer one: routes change
QUEUED_SHARE = 0.85  # of what passes, while the queue on the way is emptied
TRIAL_S = 3.0  # a switch waits for a key frame, up to a second
TRIAL_MARGIN = 1.1  # measured bitrates rise and fall
WAIT_S = 1.0
MAX_WAIT_S = 60.0
SETTLE_S = 1.5  # after a step down what was queued on the way still looks like congestion


class NetworkEstimate:
    """One viewer's budget: down at once, up by trials that wait twice as long after each failure.

    `proved_bps` is the most that passes as far as that is proved; None while nothing is.
    """

    def __init__(self) -> None:
        self.budget_bps = START_BPS
        self.proved_bps: float | None = None
        self.loss = 0.0  # of the last reports, 0 to 1
        self.round_trip_s: float | None = None  # the shortest since the last decision
        self._shortest_s: float | None = None
        self._remb_bps: float | None = None
        self._fallen_to_bps: float | None = None  # since the last decision with a round trip
        self._has_fallen = False  # since packets are queued
        self._is_loss_new = False
        self._queued_count = 0  # decisions in a row that saw a queue
        self._received: dict[int, tuple[int, int]] = {}  # by SSRC: highest number, lost
        self._trial_since: float | None = None
        self._wait_s = WAIT_S
        self._next_trial_at = 0.0
        self._lowered_at = float("-inf")

    # --- what the browser says ---

    def accept_bitrate(self, bitrate_bps: int) -> None:
        """REMB: what its estimator believes."""
        before, self._remb_bps = self._remb_bps, float(bitrate_bps)
        if before is not None and bitrate_bps < before * FALLING:
            self._fallen_to_bps, self._has_fallen = self._remb_bps, True

    def accept_round_trip(self, seconds: float) -> None:
        """From a sender report and the receiver report on it (RFC 3550 section 6.4.1)."""
        shortest = self._shortest_s
        if shortest is None or seconds < shortest:
            self._shortest_s = seconds
        else:
            self._shortest_s = shortest + (seconds - shortest) * DRIFT
        # The shortest of several: one report may have waited for a busy machine.
        self.round_trip_s = min(seconds, self.round_trip_s or seconds)

    def accept_reports(self, blocks: Iterable[ReportBlock]) -> None:
        """Receiver reports of one compound, weighted by how many packets each speaks of."""
        expected = lost = 0
        for block in blocks:
            before = self._received.get(block.ssrc)
            self._received[block.ssrc] = (block.highest_sequence, block.packets_lost)
            if before is not None and block.highest_sequence > before[0]:
                expected += block.highest_sequence - before[0]
                lost += max(0, block.packets_lost - before[1])
        if expected:
            self.loss = min(1.0, lost / expected)
            self._is_loss_new = True

    def forget_source(self, ssrc: int) -> None:
        """This stream is over: no report on it follows."""
        self._received.pop(ssrc, None)

    # --- what follows from it ---

    def decide(self, *, sending_bps: float, next_bps: float | None, now: float) -> None:
        """About twice a second: lower the budget, end a trial, or begin one.

        `next_bps` is what all would need with one step more; None when nobody lacks anything.
        """
        self._count_queued()
        ceiling, is_proved = self._ceiling(sending_bps), self._is_proof
        if self.round_trip_s is not None:
            self._fallen_to_bps = None
        self._is_loss_new, self.round_trip_s = False, None
        if ceiling is not None and now - self._lowered_at >= SETTLE_S:
            self._lower(ceiling, now, is_proved=is_proved)
        elif self._trial_since is not None and now - self._trial_since >= TRIAL_S:
            self._pass_trial(next_bps, now)
        elif self._may_try(next_bps, now) and next_bps is not None:
            self.budget_bps = next_bps * TRIAL_MARGIN
            self._trial_since = now

    def _count_queued(self) -> None:
        if self.round_trip_s is None:
            return
        self._queued_count = self._queued_count + 1 if self._is_longer_by(QUEUE_S) else 0
        if not self._queued_count:
            self._has_fallen = self._fallen_to_bps is not None

    def _ceiling(self, sending_bps: float) -> float | None:
        """The most that passes, when what is sent seems to be more; None: all seems well."""
        if not sending_bps:
            return None
        loss = self._new_loss
        if self._is_longer_by(QUEUE_S) and (self._queued_count >= SURE or loss > LOW_LOSS):
            return sending_bps * (1 - loss) * QUEUED_SHARE
        # A network that carries too little lets packets wait, or loses them.
        is_credible = self._is_longer_by(SLIGHT_QUEUE_S) or loss > LOW_LOSS
        if is_credible and self._fallen_to_bps is not None and self._fallen_to_bps < sending_bps:
            return self._fallen_to_bps
        if loss > HIGH_LOSS:
            return max(FLOOR_BPS, sending_bps * (1 - loss / 2))
        return None

    @property
    def _is_proof(self) -> bool:
        """Whether what speaks of too much now cannot come from a busy machine."""
        return self._new_loss > LOW_LOSS or (self._queued_count >= LASTING and self._has_fallen)

    @property
    def _new_loss(self) -> float:
        return self.loss if self._is_loss_new else 0.0

    def _is_longer_by(self, seconds: float) -> bool:
        """Whether even the shortest round trip since the last decision was so much longer."""
        if self.round_trip_s is None or self._shortest_s is None:
            return False
        return self.round_trip_s > self._shortest_s + seconds

    def _lower(self, ceiling: float, now: float, *, is_proved: bool) -> None:
        self._lowered_at = now
        if self._trial_since is not None:
            self._wait_s = min(MAX_WAIT_S, self._wait_s * 2)
            self._trial_since = None
        self.budget_bps = min(self.budget_bps, ceiling)
        if is_proved:
            self.proved_bps = ceiling
        self._next_trial_at = now + self._wait_s

    def _pass_trial(self, next_bps: float | None, now: float) -> None:
        """More passes than was thought; when nobody lacks anything, nothing is proved any more."""
        self._trial_since, self._next_trial_at = None, now
        self._wait_s = WAIT_S
        if self.proved_bps is not None:
            self.proved_bps = None if next_bps is None else max(self.proved_bps, self.budget_bps)

    def _may_try(self, next_bps: float | None, now: float) -> bool:
        return (
            next_bps is not None
            and next_bps * TRIAL_MARGIN > self.budget_bps
            and self._trial_since is None
            and self.loss <= LOW_LOSS
            and now >= self._next_trial_at
        )
