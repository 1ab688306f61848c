"""Argon2 in bounds: every password of the site is hashed and compared here, two at a time.

One computation fills 100 MiB and one core. Without a bound a dozen wrong passwords at once take
more than a gigabyte and every core from the pages. As the hasher is the one door that login,
sign-up, a new password and the first-run page go through, the bound holds for all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 2
"""Computations of one process at the same time: 200 MiB at most."""
MOST_WAITING = 20
WAIT_S = 4.0
"""For a place; then the person reads that they should try again."""

_places = threading.BoundedSemaphore(AT_ONCE)
_door = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


class PasswordsBusy(Exception):
    """So many passwords are being compared that this one had to wait too long."""


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's, one lane to a computation: eight lanes are eight threads, and pages wait for all
    of them. Raises PasswordsBusy."""

    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with place():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with place():
            return bool(super().verify(password, encoded))


@contextmanager
def place() -> Iterator[None]:
    if not _door.acquire(blocking=False):
        raise PasswordsBusy
    try:
        if not _places.acquire(timeout=WAIT_S):
            raise PasswordsBusy
        try:
            yield
        finally:
            _places.release()
    finally:
        _door.release()
