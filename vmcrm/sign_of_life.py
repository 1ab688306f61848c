"""A part's sign of life: it touches a file, and the supervisor sees that the file changes.

The file's name comes in VMCRM_SIGN_OF_LIFE; a part that is started by itself has none and gives
no sign. Each part gives it from where its work is done: a loop that stands still is silent.
"""

import contextlib
from functools import lru_cache
from pathlib import Path

from vmcrm import env

VARIABLE = f"{env.PREFIX}SIGN_OF_LIFE"


@lru_cache(maxsize=1)
def _find_file() -> Path | None:
    name = env.read_text("SIGN_OF_LIFE")
    return Path(name) if name else None


def give() -> None:
    """One sign."""
    file = _find_file()
    if file is not None:
        with contextlib.suppress(OSError):  # a full disk is no reason to die
            file.touch()
