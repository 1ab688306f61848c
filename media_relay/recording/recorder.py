"""Recordings of rooms: which tracks are written, how it goes, and when it ends."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from media_relay.errors import DiskLow
from media_relay.events import EventBus
from media_relay.protocol import (
    FileEnd,
    RecordedFile,
    RecordingFileReady,
    RecordingPhase,
    RecordingState,
    Source,
    StallReason,
)
from media_relay.publication import Publication
from media_relay.recording.archive import Archive
from media_relay.recording.disk import DiskWriter, MediaFile
from media_relay.recording.frames import make_assembler
from media_relay.recording.track import Desk, TrackRecorder
from media_relay.sdp.codecs import CODECS
from media_relay.stats import Stats

logger = logging.getLogger(__name__)

REPORT_INTERVAL_S = 2.0
STALLED_AFTER_S = 10.0
RETRY_AFTER_S = 10.0

NOT_RECORDED = frozenset(codec for codec in CODECS if make_assembler(codec.name) is None)

Choice = Mapping[str, Iterable[Source]]


class Recording:
    """One recording of one room: a recorder for each chosen track that is being published."""

    def __init__(
        self, *, name: str, room: str, desk: Desk, archive: Archive, bus: EventBus, now: float
    ) -> None:
        self.name = name
        self._room = room
        self._desk = desk
        self._archive = archive
        self._bus = bus
        self._chosen: dict[str, frozenset[Source]] = {}
        self._revision = -1
        self._tracks: dict[Publication, TrackRecorder] = {}
        self._ended: list[MediaFile] = []
        self._retry_at: dict[Publication, float] = {}  # the disk failed them
        self._bytes = 0
        self._grown_at = now
        self._reported_at = 0.0

    # --- what is recorded ---

    def choose(
        self, choice: Choice, revision: int, publications: Iterable[Publication], now: float
    ) -> None:
        """Record these tracks and no others from now on.

        Several web processes may ask; one that read the consents earlier must not undo what
        another one read later.
        """
        if revision < self._revision:
            return
        self._revision = revision
        self._chosen = {name: frozenset(sources) for name, sources in choice.items()}
        for publication in [entry for entry in self._tracks if not self._is_chosen(entry)]:
            self._end(publication, "withdrawn")
        for publication in publications:
            self.publication_started(publication, now)

    def publication_started(self, publication: Publication, now: float) -> None:
        """Somebody publishes something: record it if that was chosen."""
        if self._is_chosen(publication) and publication not in self._tracks:
            self._begin(publication, now)

    def publication_ended(self, publication: Publication) -> None:
        self._retry_at.pop(publication, None)
        self._end(publication, "source_ended")

    def stop(self, now: float) -> None:
        """End every file; the last word about this recording."""
        for publication in list(self._tracks):
            self._end(publication, "stopped")
        self._report("stopped", "", now)

    # --- clock ---

    def tick(self, now: float) -> None:
        """Called several times a second."""
        for publication, track in list(self._tracks.items()):
            track.tick(now)
            if track.is_waiting_for_key_frame:
                publication.want_key_frame(now)
            if track.file is not None and track.file.has_failed:
                self._end(publication, "disk")
                self._retry_at[publication] = now + RETRY_AFTER_S
            elif track.needs_new_part:
                self._end(publication, "new_part")
                self._begin(publication, now)
        for publication in [entry for entry, due in self._retry_at.items() if now >= due]:
            del self._retry_at[publication]
            self.publication_started(publication, now)
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._report(*self._condition(now), now)

    def _condition(self, now: float) -> tuple[RecordingPhase, StallReason]:
        written = self._written
        if written != self._bytes:
            self._bytes, self._grown_at = written, now
        if self._desk.disk.is_low:
            return "disk_low", "disk"
        if now - self._grown_at >= STALLED_AFTER_S:
            return "stalled", "disk" if self._desk.disk.is_behind else "no_media"
        return "recording", ""

    def _report(self, state: RecordingPhase, reason: StallReason, now: float) -> None:
        self._reported_at = now
        event = RecordingState(
            seq=0,
            room=self._room,
            recording=self.name,
            state=state,
            reason=reason,
            bytes=self._written,
            tracks=len(self._tracks),
        )
        self._bus.to_all(event)

    @property
    def _written(self) -> int:
        growing = [track.file for track in self._tracks.values() if track.file is not None]
        return sum(file.written for file in (*self._ended, *growing))

    # --- tracks ---

    def _is_chosen(self, publication: Publication) -> bool:
        return publication.source in self._chosen.get(publication.participant, ())

    def _begin(self, publication: Publication, now: float) -> None:
        assembler = make_assembler(publication.codec.name)
        if assembler is None:
            logger.warning("%s is not recorded: no file format is set.", publication.codec.name)
            return
        track = TrackRecorder(
            draft=self._draft(publication),
            clock_rate=publication.codec.clock_rate,
            assembler=assembler,
            desk=self._desk,
        )
        self._tracks[publication] = track
        publication.record(track, now)

    def _end(self, publication: Publication, ended: FileEnd) -> None:
        track = self._tracks.pop(publication, None)
        if track is None:
            return
        publication.remove(track)
        track.finish()
        file = track.file
        if file is None:
            return
        self._ended.append(file)
        entry = track.entry

        def close() -> None:
            if file.written:
                self._archive.close_later(entry, file, ended)
            else:
                file.close()

        self._desk.disk.do(close)

    def _draft(self, publication: Publication) -> RecordedFile:
        return RecordedFile(
            file="-",
            recording=self.name,
            room=self._room,
            participant=publication.participant,
            source=publication.source,
            codec=publication.codec.name,
            media_type="",
            state="recording",
            ended="",
            started_at=0.0,
            duration_s=0.0,
            bytes=0,
            sha256="",
            gaps=(),
            clock=(),
        )


class Recorder:
    """All recordings of a relay, its disk and its archive."""

    def __init__(self, folder: Path, reserve_bytes: int, bus: EventBus, stats: Stats) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self.archive = Archive(folder, self._on_finished)
        self._disk = DiskWriter(folder, reserve_bytes)
        # Files are dated by one reading of the clock: a correction of it in mid-recording must
        # not move tracks against each other.
        offset = time.time() - time.monotonic()
        self._desk = Desk(folder, self._disk, lambda now: now + offset, stats)
        self.archive.recover()

    def start(self, name: str, room: str, now: float) -> Recording:
        """A recording of a room. Raises DiskLow while the disk is nearly full."""
        if self._disk.is_low:
            raise DiskLow("Too little of the disk is free.")
        return Recording(
            name=name, room=room, desk=self._desk, archive=self.archive, bus=self._bus, now=now
        )

    def close(self) -> None:
        """Write and close everything; blocks until it is on the disk."""
        self._disk.close()
        self.archive.stop()

    def _on_finished(self, entry: RecordedFile) -> None:
        """From the closing thread into the loop."""
        event = RecordingFileReady(seq=0, file=entry)
        try:
            self._loop.call_soon_threadsafe(self._bus.to_all, event)
        except RuntimeError:
            logger.info("The loop is closed; the next start tells of %s.", entry.file)
