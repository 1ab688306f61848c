"""Caps: what one publisher may send, and how often lost packets are sent again."""


class TokenBucket:
    """`rate` tokens a second, at most `burst` of them saved up."""

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._filled_at = now

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` tokens, or none at all."""
        earned = (now - self._filled_at) * self._rate
        self._tokens = min(self._burst, self._tokens + earned)
        self._filled_at = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True
