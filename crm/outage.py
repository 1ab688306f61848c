"""A part that did not answer is left alone for a moment, so that pages do not wait for it in turn.

A frozen server costs whoever asks it the whole time limit. The first who meets it pays that; the
others go their other way at once until the pause is over, and then one asks again.
"""

import logging
import threading
import time
from typing import Final

PAUSE_S: Final = 2.0

logger = logging.getLogger(__name__)


class Outage:
    """What this process knows of one part. Safe to share between threads."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._is_on = False
        self._asks_again_at = 0.0
        self._lock = threading.Lock()

    def may_ask(self) -> bool:
        """False while the part rests. When the pause is over, one caller is told to ask."""
        if not self._is_on:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._asks_again_at:
                return False
            self._asks_again_at = now + PAUSE_S
            return True

    def note_failure(self, error: BaseException) -> None:
        """The part did not answer. Logged once for each outage, not once for each page."""
        with self._lock:
            is_news, self._is_on = not self._is_on, True
            self._asks_again_at = time.monotonic() + PAUSE_S
        if is_news:
            logger.warning("%s does not answer: %r", self._part, error)

    def note_answer(self) -> None:
        """The part answered."""
        if self._is_on:
            self._is_on = False
            logger.warning("%s answers again", self._part)
