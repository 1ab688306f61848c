"""Data, secrets, mail and logs belong to the user who runs vmcrm: nobody else on the machine reads
them (folders 0700, files 0600)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

OTHERS = 0o077  # what group and everybody else may do
# What we make below the data folder. Anything else in it is not ours to change.
OWN_NAMES = ("log", "mail", "media", "recordings*", "run", "secrets", "tls", "*.sqlite3*")


def keep_private(home: Path) -> None:
    """From now on what this process makes is private, and so is the data folder with all in it.

    Cheap enough for the start of every command: nobody comes past a folder that is closed.
    """
    os.umask(OTHERS)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close(home)


def close_to_others(home: Path) -> int:
    """Takes from others what an earlier version left open below `home`; says how much it was."""
    return sum(_close(path) for path in find_own(home))


def is_open(path: Path) -> bool:
    """Whether others may do anything there; where nothing is, they may not."""
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & OTHERS)
    except (FileNotFoundError, NotADirectoryError):
        return False


def find_own(home: Path) -> Iterator[Path]:
    """The folder and everything below it that is ours; links are left alone."""
    yield home
    for name in OWN_NAMES:
        for top in home.glob(name):
            yield from [] if top.is_symlink() else [top]
            for folder, folders, files in os.walk(top):
                paths = (Path(folder, each) for each in (*folders, *files))
                yield from (path for path in paths if not path.is_symlink())


def _close(path: Path) -> bool:
    """Whether it was open and is closed now. What belongs to somebody else stays: see the check."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & OTHERS:
            return False
        path.chmod(mode & ~OTHERS)
    except (FileNotFoundError, PermissionError):
        return False
    return True
