"""Where a frame lies in its file: RTP timestamps to seconds, over pauses and changes of stream."""

from media_relay.forwarding.source import ClockMark

HALF = 1 << 31
WHOLE = 1 << 32
JUMP_S = 10.0  # within a stream only nonsense disagrees with arrivals by so much
NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970


class Timeline:
    """Time zero is the first frame. Knows the sender's wall clock once a report has come."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._timestamp = 0
        self._position_s: float | None = None  # of the last frame
        self._arrived_at = 0.0
        self._zero_ntp_s: float | None = None
        self._is_another = False

    @property
    def position_s(self) -> float:
        return self._position_s or 0.0

    def start_over(self) -> None:
        """Another stream follows: its timestamps have nothing to do with the last ones."""
        self._is_another = True

    def place(self, timestamp: int, arrived_at: float, mark: ClockMark | None) -> float | None:
        """Seconds since time zero; None for a new stream whose place cannot be known exactly."""
        if self._position_s is None:
            position: float | None = 0.0
        else:
            position = self._continue(timestamp, arrived_at, mark)
        if position is not None:
            # A frame never lies before the last one: players expect rising times.
            self._position_s = max(position, self._position_s or 0.0)
            self._timestamp, self._arrived_at = timestamp, arrived_at
            self._is_another = False
            self._learn(mark)
            return self._position_s
        return None

    def sender_time_s(self, mark: ClockMark) -> tuple[float, float]:
        """A sender report as (seconds in the file, seconds since 1970 on the sender's clock)."""
        ticks = _difference(mark.rtp_timestamp, self._timestamp)
        return self.position_s + ticks / self._clock_rate, _seconds(mark)

    def _continue(self, timestamp: int, arrived_at: float, mark: ClockMark | None) -> float | None:
        elapsed = _difference(timestamp, self._timestamp) / self._clock_rate
        disagreement = abs(elapsed - (arrived_at - self._arrived_at))
        if disagreement <= JUMP_S and not self._is_another:
            return self.position_s + elapsed
        if mark is None or self._zero_ntp_s is None:
            return None
        ticks = _difference(timestamp, mark.rtp_timestamp)
        return _seconds(mark) + ticks / self._clock_rate - self._zero_ntp_s

    def _learn(self, mark: ClockMark | None) -> None:
        if mark is not None and self._zero_ntp_s is None:
            in_file, sender = self.sender_time_s(mark)
            self._zero_ntp_s = sender - in_file


def _difference(timestamp: int, reference: int) -> int:
    return (timestamp - reference + HALF) % WHOLE - HALF


def _seconds(mark: ClockMark) -> float:
    return mark.ntp / 2**32 - NTP_EPOCH_S
