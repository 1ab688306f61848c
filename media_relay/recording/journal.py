"""The journal beside each file: what is in it, kept as the very message that tells of it.

The file of the same name with `.json` holds one `recording_file` message of the control protocol,
so that the strict reader of the protocol reads it back and there is one description of a file.
"""

import os
import re
from pathlib import Path

from media_relay.errors import ProtocolError
from media_relay.protocol import RecordedFile, RecordingFileReady, decode, encode

FILE_ID = re.compile(r"[0-9a-f]{32}")
MAX_JOURNAL_BYTES = 65_536
MAX_GAPS = 50  # beyond, the last one grows


def journal_path(folder: Path, file: str) -> Path:
    return folder / f"{file}.json"


def media_path(folder: Path, entry: RecordedFile) -> Path:
    return folder / f"{entry.file}{'.webm' if 'webm' in entry.media_type else '.mkv'}"


def write_journal(folder: Path, entry: RecordedFile) -> None:
    """Replace the journal as a whole: a crash leaves the old one or the new one."""
    path = journal_path(folder, entry.file)
    fresh = path.with_suffix(".json.new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(encode(RecordingFileReady(seq=0, file=entry)) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
    sync_folder(folder)


def read_journal(path: Path) -> RecordedFile | None:
    """What the journal says, or None when it is missing, damaged or about another file."""
    try:
        if path.stat().st_size > MAX_JOURNAL_BYTES:
            return None
        message = decode(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ProtocolError):
        return None
    if not isinstance(message, RecordingFileReady) or message.file.file != path.stem:
        return None
    return message.file if FILE_ID.fullmatch(path.stem) else None


def sync_folder(folder: Path) -> None:
    """A new name is on the disk only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
