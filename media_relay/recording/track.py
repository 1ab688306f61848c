"""One track into one file: a viewer of a publication that writes instead of sending.

Packets in order, whole frames, their place in time, clusters of a second: together with the window
for repairs less than two seconds of a track are in memory, and so at stake, at any time.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import ClockMark, SourceStream
from media_relay.protocol import ClockPoint, GapCause, RecordedFile, RecordingGap
from media_relay.recording.disk import DiskWriter, MediaFile
from media_relay.recording.frames import Assembler, Frame
from media_relay.recording.journal import MAX_GAPS, media_path, write_journal
from media_relay.recording.matroska import Block, TrackHeader, cluster, file_header
from media_relay.recording.ordering import Ordered, ReorderBuffer
from media_relay.recording.timeline import Timeline
from media_relay.stats import Stats

CLUSTER_S = 1.0
MAX_CLUSTER_BYTES = 4 * 1024 * 1024
GAP_S = 1.0  # shorter stretches without a frame are a slow camera or a silent microphone
JOURNAL_INTERVAL_S = 2.0
EPOCH_2001_S = 978_307_200


@dataclass(frozen=True)
class Desk:
    """What every recorder of a relay writes with; `wall_clock` turns monotonic time into Unix
    time."""

    folder: Path
    disk: DiskWriter
    wall_clock: Callable[[float], float]
    stats: Stats


class TrackRecorder:
    """The file of one track, or of a part of it.

    `draft` says what it belongs to.
    """

    def __init__(
        self,
        *,
        draft: RecordedFile,
        clock_rate: int,
        assembler: Assembler,
        desk: Desk,
    ) -> None:
        self.entry = replace(draft, file=secrets.token_hex(16))
        self.file: MediaFile | None = None
        self.needs_new_part = False  # another stream came whose place in this file is unknown
        self._assembler = assembler
        self._source: SourceStream | None = None
        self._clock_rate = clock_rate
        self._desk = desk
        self._order = ReorderBuffer(starts_at_key_frame=assembler.needs_key_frame)
        self._timeline = Timeline(clock_rate)
        self._is_video = assembler.needs_key_frame
        self._blocks: list[Block] = []
        self._block_bytes = 0
        self._cluster_since = 0.0
        self._header = b""  # waits for the first cluster
        self._last_s = 0.0  # where the last frame lies that was kept
        self._gap_cause: GapCause = "source"
        self._mark: ClockMark | None = None
        self._is_journal_due = False
        self._journal_at = 0.0

    # --- what a publication asks of its viewers ---

    @property
    def is_waiting_for_key_frame(self) -> bool:
        return self._assembler.needs_key_frame

    def switch(self, source: SourceStream, _packet: StoredPacket, _now: float) -> None:
        """Another stream follows, or the same one after a pause."""
        self._take(self._order.flush())
        self._order.start_over()
        self._assembler.lose()
        if source is not self._source:
            self._timeline.start_over()
        self._source = source

    def forward(self, packet: StoredPacket, now: float) -> None:
        """A new packet of the source, in whatever order."""
        self._take(self._order.push(packet, now))

    # --- clock ---

    def tick(self, now: float) -> None:
        """Several times a second: give up what is missing, write what is old enough."""
        self._take(self._order.due(now))
        if self._blocks and now - self._cluster_since >= CLUSTER_S:
            self._write_cluster()
        if self._is_journal_due and now - self._journal_at >= JOURNAL_INTERVAL_S:
            self._save_journal(now)

    def finish(self) -> None:
        """Write all that is left."""
        self._take(self._order.flush())
        self._write_cluster()

    # --- frames ---

    def _take(self, packets: Iterable[Ordered]) -> None:
        for packet, arrived_at, is_after_loss in packets:
            if is_after_loss:
                self._assembler.lose()
                self._gap_cause = "lost"
            frame = self._assembler.take(packet)
            if frame is not None and not self.needs_new_part:
                self._place(frame, arrived_at)

    def _place(self, frame: Frame, arrived_at: float) -> None:
        mark = self._source.clock_mark if self._source is not None else None
        position_s = self._timeline.place(frame.timestamp, arrived_at, mark)
        if position_s is None and self._header:
            position_s = self._begin_again(frame, arrived_at)
        if position_s is None:
            self.needs_new_part = True
            return
        if self.file is None and frame.header is not None:
            self._begin(frame.header, arrived_at)
        self._note_gap(position_s)
        if mark is not None and mark is not self._mark:
            self._note_clock(mark)
        block = Block(round(position_s * 1000), frame.is_key, frame.data)
        if self._is_cluster_full(block) and not self._write_cluster() and not frame.is_key:
            return  # it refers to pictures that are not in the file
        if not self._blocks:
            self._cluster_since = arrived_at
        self._blocks.append(block)
        self._block_bytes += len(block.data)
        self._last_s = position_s

    def _begin(self, header: TrackHeader, arrived_at: float) -> None:
        """The file itself is made together with its first cluster."""
        started_at = self._desk.wall_clock(arrived_at)
        kind = "video" if self._is_video else "audio"
        form = "webm" if header.is_webm else "x-matroska"
        self.entry = replace(self.entry, media_type=f"{kind}/{form}", started_at=started_at)
        self._header = file_header(header, int((started_at - EPOCH_2001_S) * 1e9))
        self.file = MediaFile(
            media_path(self._desk.folder, self.entry),
            before_first_byte=lambda: write_journal(self._desk.folder, self.entry),
        )

    def _begin_again(self, frame: Frame, arrived_at: float) -> float | None:
        """Nothing is on the disk yet: the large layer of a camera that was just switched on need
        not follow half a second of the small one in a file of its own."""
        self._blocks, self._block_bytes, self._last_s = [], 0, 0.0
        self.file, self._mark = None, None
        self.entry = replace(self.entry, clock=())  # they tied the small one to its sender
        self._timeline = Timeline(self._clock_rate)
        return self._timeline.place(frame.timestamp, arrived_at, None)

    def _is_cluster_full(self, block: Block) -> bool:
        """A cluster of pictures begins with each key frame: there a player can jump to."""
        if not self._blocks:
            return False
        return (
            block.at_ms - self._blocks[0].at_ms >= CLUSTER_S * 1000
            or self._block_bytes + len(block.data) > MAX_CLUSTER_BYTES
            or (self._is_video and block.is_key)
        )

    def _write_cluster(self) -> bool:
        """Hand the cluster to the disk; a refused one is a gap up to the next key frame."""
        blocks, self._blocks, self._block_bytes = self._blocks, [], 0
        if not blocks or self.file is None:
            return True
        data = self._header + cluster(blocks)
        if self._desk.disk.append(self.file, data):
            self._header = b""
            self._desk.stats.recorded_bytes += len(data)
            return True
        self._desk.stats.drops["disk"] += len(blocks)
        self._last_s = blocks[0].at_ms / 1000
        self._gap_cause = "disk"
        self._assembler.lose()
        return False

    # --- the journal ---

    def _note_gap(self, position_s: float) -> None:
        missing_s = position_s - self._last_s
        cause, self._gap_cause = self._gap_cause, "source"
        if missing_s < GAP_S:
            return
        gaps = self.entry.gaps
        if len(gaps) >= MAX_GAPS:  # the last one grows: what lies between is called missing, too
            first = gaps[-1]
            gap = replace(first, duration_s=round(position_s - first.at_s, 3))
            gaps = (*gaps[:-1], gap)
        else:
            gap = RecordingGap(
                at_s=round(self._last_s, 3), duration_s=round(missing_s, 3), cause=cause
            )
            gaps = (*gaps, gap)
        self.entry = replace(self.entry, gaps=gaps)
        self._is_journal_due = True

    def _note_clock(self, mark: ClockMark) -> None:
        """The first and the newest report: two points show how far two clocks drift apart."""
        self._mark = mark
        at_s, sender_s = self._timeline.sender_time_s(mark)
        if at_s < 0 or sender_s < 0:
            return
        point = ClockPoint(
            at_s=round(at_s, 4),
            sender_s=round(sender_s, 4),
            arrived_s=round(self._desk.wall_clock(mark.arrived_at), 4),
        )
        self.entry = replace(self.entry, clock=(*self.entry.clock[:1], point))
        self._is_journal_due = True

    def _save_journal(self, now: float) -> None:
        self._is_journal_due, self._journal_at = False, now
        if self.file is not None and self.file.written:
            entry = self.entry
            self._desk.disk.do(lambda: write_journal(self._desk.folder, entry))
