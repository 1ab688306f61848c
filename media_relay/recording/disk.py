"""Writing, away from the event loop: one thread, a bounded queue, and a reserve kept free.

Rule for the queue: at most MAX_QUEUED_BYTES wait for the disk. What comes on top is refused as a
whole cluster, newest first, and the track notes the gap; so a slow disk costs picture and sound of
that stretch, never memory and never the call.
"""

import fcntl
import logging
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_QUEUED_BYTES = 64 * 1024 * 1024
CHECK_INTERVAL_S = 1.0

Job = Callable[[], None]


class MediaFile:
    """A file that grows. Its lock says that a living process writes it; the kernel lets go of it
    however that process ends."""

    def __init__(self, path: Path, before_first_byte: Job = lambda: None) -> None:
        self.path = path
        self._before_first_byte = before_first_byte
        self.written = 0  # bytes on the disk, whole clusters only
        self.has_failed = False
        self._descriptor: int | None = None

    def append(self, data: bytes) -> None:
        """Add whole clusters; on failure the file keeps what it had and takes no more."""
        if self.has_failed:
            return
        try:
            self._write(data)
        except OSError:
            logger.exception("The recording %s cannot be written.", self.path.name)
            self.has_failed = True
            if self._descriptor is not None:
                os.ftruncate(self._descriptor, self.written)

    def sync(self) -> None:
        if self._descriptor is not None and not self.has_failed:
            try:
                os.fsync(self._descriptor)
            except OSError:
                logger.exception("The recording %s is not safe on the disk.", self.path.name)
                self.has_failed = True

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._before_first_byte()
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self.written += len(data)


class DiskWriter:
    """The thread that writes all files of a relay, in the order in which it was asked."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self.is_low = False  # less than the reserve is free: nothing is written
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._jobs: queue.SimpleQueue[tuple[MediaFile | None, bytes, Job | None]] = (
            queue.SimpleQueue()
        )
        self._queued_bytes = 0
        self._lock = threading.Lock()
        self._checked_at = 0.0
        self._is_running = True
        self.check_space()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        """Something waits for the disk."""
        return self._queued_bytes > 0

    def append(self, file: MediaFile, data: bytes) -> bool:
        """Queue one cluster; false when it is refused: queue full, disk low or broken."""
        if self.is_low or file.has_failed:
            return False
        with self._lock:
            if self._queued_bytes + len(data) > MAX_QUEUED_BYTES:
                return False
            self._queued_bytes += len(data)
        self._jobs.put((file, data, None))
        return True

    def do(self, job: Job) -> None:
        """Run `job` in the thread, after everything that was queued before."""
        self._jobs.put((None, b"", job))

    def check_space(self) -> None:
        """Compare what is free with the reserve."""
        self._checked_at = time.monotonic()
        try:
            self.is_low = shutil.disk_usage(self._folder).free < self._reserve_bytes
        except OSError:
            logger.exception("The recordings folder cannot be looked at.")
            self.is_low = True

    def close(self) -> None:
        """Write what is queued, then end the thread."""
        self._is_running = False
        self.do(lambda: None)
        self._thread.join()

    def _run(self) -> None:
        while self._is_running or not self._jobs.empty():
            self._write_batch()
            if time.monotonic() - self._checked_at >= CHECK_INTERVAL_S:
                self.check_space()

    def _write_batch(self) -> None:
        """All that waits, then one sync per file: a slow disk is asked less often, not later."""
        touched: dict[MediaFile, None] = {}
        try:
            entry = self._jobs.get(timeout=CHECK_INTERVAL_S)
            while True:
                self._do_one(*entry, touched)
                entry = self._jobs.get_nowait()
        except queue.Empty:
            for file in touched:
                file.sync()

    def _do_one(
        self, file: MediaFile | None, data: bytes, job: Job | None, touched: dict[MediaFile, None]
    ) -> None:
        if file is not None:
            file.append(data)
            touched[file] = None
            with self._lock:
                self._queued_bytes -= len(data)
        if job is not None:
            try:
                job()
            except Exception:
                logger.exception("A step of a recording failed.")
