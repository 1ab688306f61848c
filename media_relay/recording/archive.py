"""The finished files in the recordings folder: found again at start, listed, read, deleted."""

import fcntl
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from media_relay.errors import UnknownFile
from media_relay.protocol import FileEnd, FileState, RecordedFile
from media_relay.recording.closing import NotAFile, close_file
from media_relay.recording.disk import MediaFile
from media_relay.recording.journal import (
    FILE_ID,
    journal_path,
    media_path,
    read_journal,
    sync_folder,
    write_journal,
)

logger = logging.getLogger(__name__)

MAX_LISTED = 50  # in one answer
MAX_READ_BYTES = 4 * 1024 * 1024  # of one answer to a fetch
ABANDONED_S = 60.0  # a journal without a file this old belongs to nobody

OnFinished = Callable[[RecordedFile], None]


class Archive:
    """One thread closes files, which takes as long as reading them once; the rest is looking up.

    `on_finished` is called in that thread.
    """

    def __init__(self, folder: Path, on_finished: OnFinished) -> None:
        self._folder = folder
        self._on_finished = on_finished
        self._finished: dict[str, RecordedFile] = {}
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="closing")

    def recover(self) -> None:
        """Take up what earlier processes left: finished files, and those they could not finish."""
        self._closer.submit(self._recover)

    def close_later(self, entry: RecordedFile, file: MediaFile, ended: FileEnd) -> None:
        """Close a file that was written to its end; its lock is held until that is done."""

        def close() -> None:
            try:
                self._finish(entry, "complete", ended)
            finally:
                file.close()

        self._closer.submit(close)

    def stop(self, limit_s: float = 3.0) -> None:
        """Wait a little for what is to be closed; the next start closes the rest."""
        wait([self._closer.submit(lambda: None)], timeout=limit_s)
        self._closer.shutdown(cancel_futures=True)

    # --- what the door asks ---

    def files(self) -> tuple[list[RecordedFile], bool]:
        """The oldest finished files, and whether there are more."""
        found = list(self._finished.values())  # a copy: the closing thread adds to it
        found.sort(key=lambda entry: entry.started_at)
        return found[:MAX_LISTED], len(found) > MAX_LISTED

    def entry(self, file: str) -> RecordedFile:
        """The finished file of this name. Raises UnknownFile."""
        if not FILE_ID.fullmatch(file) or file not in self._finished:
            raise UnknownFile("There is no finished recording of this name.")
        return self._finished[file]

    def read(self, entry: RecordedFile, start: int, end: int) -> bytes:
        """Bytes from `start` up to and without `end`; blocks, so call it in a thread."""
        with media_path(self._folder, entry).open("rb") as stream:
            stream.seek(start)
            return stream.read(min(end - start, MAX_READ_BYTES))

    def delete(self, file: str) -> None:
        """Delete a finished file; one that is gone already is as good."""
        entry = self._finished.pop(file, None)
        if entry is not None:
            self._closer.submit(self._remove, entry)

    # --- in the closing thread ---

    def _recover(self) -> None:
        for path in sorted(self._folder.glob("*.json")):
            entry = read_journal(path)
            if entry is None:
                logger.warning("The journal %s cannot be read; its file is left alone.", path.name)
            elif entry.state == "recording":
                self._recover_one(entry)
            else:
                self._announce(entry)

    def _recover_one(self, entry: RecordedFile) -> None:
        path = media_path(self._folder, entry)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            journal = journal_path(self._folder, entry.file)
            if time.time() - journal.stat().st_mtime > ABANDONED_S:
                journal.unlink(missing_ok=True)
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._finish(entry, "interrupted", "killed")
        except BlockingIOError:
            logger.info("The recording %s is being written by another relay.", entry.file)
        finally:
            os.close(descriptor)

    def _finish(self, entry: RecordedFile, state: FileState, ended: FileEnd) -> None:
        try:
            closed = close_file(media_path(self._folder, entry))
        except NotAFile:
            logger.warning("The recording %s holds nothing that could be played.", entry.file)
            self._remove(entry)
            return
        except OSError:
            logger.exception("The recording %s stays open until the next start.", entry.file)
            return
        done = replace(
            entry,
            state=state,
            ended=ended,
            bytes=closed.size,
            duration_s=closed.duration_s,
            sha256=closed.sha256,
        )
        write_journal(self._folder, done)
        self._announce(done)

    def _announce(self, entry: RecordedFile) -> None:
        self._finished[entry.file] = entry
        self._on_finished(entry)

    def _remove(self, entry: RecordedFile) -> None:
        """The journal last: until then the next start finds what is left."""
        media_path(self._folder, entry).unlink(missing_ok=True)
        journal_path(self._folder, entry.file).unlink(missing_ok=True)
        sync_folder(self._folder)
