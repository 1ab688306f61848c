"""Bringing finished recordings from the relays into the storage, and keeping them no longer than
allowed.

The row is the job (decision 2): a worker claims its lease, reads the file from where an earlier
one broke off, compares the checksum, stores, and only then has the relay delete its copy. Every
step may be repeated.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from crm.services import leases
from media_relay.protocol import RecordedFile
from meetings.models import Recording, RecordingTrack, Seat
from meetings.relay_files import FileGone, RelayAway, RelayFiles
from meetings.selectors.recording import id_named
from meetings.services.refused_files import holds_refused

BACK_OFF_S: Final = (2, 10, 60, 300, 900)
_State = RecordingTrack.State

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the row by now."""


def note_finished(*, url: str) -> list[int]:
    """Make a row for each finished file of a relay; gives the rows that are to be fetched.

    A file of a recording that nobody here knows is left alone: it may belong to another system. One
    that ran on after its person had said no is never fetched: its row is made as deleted.
    """
    tracks = [_note(entry, url) for entry in _door(url).list()]
    return [track.pk for track in tracks if track is not None and track.is_at_relay]


def due(*, now: datetime) -> list[int]:
    """Rows that wait for a worker: new ones, and those whose worker died or met a broken relay."""
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    is_due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    waiting = RecordingTrack.objects.filter(is_free, is_due, is_at_relay=True)
    return list(waiting.exclude(state=_State.DAMAGED).values_list("pk", flat=True))


def fetch(*, track_id: int) -> str | None:
    """Work on one row; its new state, or None when it was not ours to fetch."""
    token = leases.claim(
        RecordingTrack,
        track_id,
        where=Q(is_at_relay=True) & ~Q(state=_State.DAMAGED),
        values={"attempts": F("attempts") + 1},
    )
    if token is None:
        return None
    with leases.hold(RecordingTrack, track_id, token) as lease:
        track = RecordingTrack.objects.get(pk=track_id)
        try:
            _bring(track, lambda: _refuse_lost(lease))
        except RelayAway as error:
            logger.warning("Recording %s waits: %s", track.public_id, error)
            _put_off(track)
        except LeaseLost:
            return None
    leases.release(RecordingTrack, track_id, token)
    return track.state


def delete_expired(*, today: datetime) -> int:
    """Delete the files of recordings whose time is over; the rows stay, with their checksums."""
    expired = RecordingTrack.objects.filter(recording__delete_on__lte=today.date())
    return delete_files(expired)


def delete_files(tracks: QuerySet[RecordingTrack]) -> int:
    """Delete these files, wherever they are: in the storage now, at the relay by the next worker.

    The content goes when the row is committed: a change that was rolled back has lost nothing.
    """
    doomed = list(tracks.exclude(state=_State.DELETED))
    for track in doomed:
        name, track.file.name, track.state = track.file.name, "", _State.DELETED
        track.save(update_fields=["file", "state"])
        if name:
            transaction.on_commit(partial(default_storage.delete, name))
    return len(doomed)


def _note(entry: RecordedFile, url: str) -> RecordingTrack | None:
    known = RecordingTrack.objects.filter(relay_file=entry.file).first()
    if known is not None:
        return known
    recording, seat = _owners(entry)
    if recording is None or seat is None or seat.meeting_id != recording.meeting_id:
        logger.warning("The relay %s holds %s of a recording unknown here", url, entry.file)
        return None
    is_refused = holds_refused(entry, seat)
    try:
        with transaction.atomic():
            return RecordingTrack.objects.create(
                recording=recording,
                seat=seat,
                state=_State.DELETED if is_refused else _State.WAITING,
                is_refused=is_refused,
                source=entry.source,
                relay_url=url,
                relay_file=entry.file,
                media_type=entry.media_type,
                is_interrupted=entry.state == "interrupted",
                started_at=datetime.fromtimestamp(entry.started_at, UTC),
                duration_s=entry.duration_s,
                size_bytes=entry.bytes,
                sha256=entry.sha256,
                journal={
                    "ended": entry.ended,
                    "codec": entry.codec,
                    "started_at": entry.started_at,
                    "gaps": [asdict(gap) for gap in entry.gaps],
                    "clock": [asdict(point) for point in entry.clock],
                },
            )
    except IntegrityError:  # another worker noted it in the same moment
        return RecordingTrack.objects.get(relay_file=entry.file)


def _owners(entry: RecordedFile) -> tuple[Recording | None, Seat | None]:
    """Whose file it is, by the names that we gave to the relay."""
    recording_id, seat_id = id_named(entry.recording), id_named(entry.participant)
    if recording_id is None or seat_id is None:
        return None, None
    return (
        Recording.objects.filter(public_id=recording_id).first(),
        Seat.objects.filter(public_id=seat_id).first(),
    )


def _bring(track: RecordingTrack, check_lease: Callable[[], None]) -> None:
    if track.state == _State.WAITING:
        _store(track, check_lease)
    if track.state in {_State.STORED, _State.DELETED}:
        _door(track.relay_url).delete(track.relay_file)
        track.is_at_relay = False
        track.save(update_fields=["is_at_relay"])


def _store(track: RecordingTrack, check_lease: Callable[[], None]) -> None:
    partial = settings.RECORDING_PARTS / f"{track.public_id.hex}.part"
    partial.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _download(track, partial, check_lease)
    except FileGone:
        logger.exception("The relay lost recording %s before it was fetched", track.public_id)
        _finish(track, _State.DAMAGED)
        return
    with partial.open("rb") as stream:
        is_whole = hashlib.file_digest(stream, "sha256").hexdigest() == track.sha256
    check_lease()
    if is_whole:
        _save(track, partial)
        _finish(track, _State.STORED)
    elif track.attempts < len(BACK_OFF_S):
        partial.unlink()
        raise RelayAway("The checksum does not match; the file is read again from its beginning.")
    else:
        _finish(track, _State.DAMAGED)
    partial.unlink(missing_ok=True)


def _download(track: RecordingTrack, partial: Path, check_lease: Callable[[], None]) -> None:
    """Go on where an earlier worker on this machine broke off."""
    with partial.open("ab") as stream:
        if stream.tell() > track.size_bytes:
            stream.truncate(0)
        start = stream.tell()
        for piece in _door(track.relay_url).read(track.relay_file, start, track.size_bytes):
            check_lease()
            stream.write(piece)


def _save(track: RecordingTrack, partial: Path) -> None:
    """The name is the row's own random one, so that doing it again replaces what was half done."""
    name = f"recordings/{track.public_id.hex}{track.suffix}"
    if default_storage.exists(name):
        default_storage.delete(name)
    with partial.open("rb") as stream:
        track.file.name = default_storage.save(name, File(stream))


def _finish(track: RecordingTrack, state: str) -> None:
    """Write the outcome, unless the file was deleted while it was on its way: then it goes."""
    waiting = RecordingTrack.objects.filter(pk=track.pk, state=_State.WAITING)
    if waiting.update(state=state, file=track.file.name):
        track.state = state
        return
    if track.file.name:
        default_storage.delete(track.file.name)
    track.refresh_from_db(fields=["state", "file"])


def _put_off(track: RecordingTrack) -> None:
    wait_s = BACK_OFF_S[min(track.attempts, len(BACK_OFF_S)) - 1]
    track.not_before = timezone.now() + timedelta(seconds=wait_s)
    track.save(update_fields=["not_before"])


def _refuse_lost(lease: leases.HeldLease) -> None:
    if lease.lost.is_set():
        raise LeaseLost


def _door(url: str) -> RelayFiles:
    return RelayFiles(url, settings.RELAY_SECRET)
