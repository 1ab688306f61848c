"""Journals come back as they were written, and damage never looks like one."""

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_relay.protocol import RecordingGap
from media_relay.recording.journal import read_journal, write_journal
from tests.media_relay.recording.encoded import DRAFT

ENTRY = replace(
    DRAFT,
    file="9f86d081884c7d659a2feaa0c55ad015",
    gaps=(RecordingGap(at_s=1.5, duration_s=2.0, cause="lost"),),
)


def test_journal_comes_back_as_written(tmp_path: Path) -> None:
    for entry in (ENTRY, replace(ENTRY, state="complete", ended="stopped", bytes=7)):
        write_journal(tmp_path, entry)

        assert read_journal(tmp_path / f"{entry.file}.json") == entry
    assert [path.name for path in tmp_path.iterdir()] == [f"{ENTRY.file}.json"]


def test_journal_of_another_name_or_kind_is_none(tmp_path: Path) -> None:
    write_journal(tmp_path, ENTRY)
    right = (tmp_path / f"{ENTRY.file}.json").read_text()
    texts = {
        "0" * 32: right,
        ENTRY.file: right.replace("recording_file", "goodbye"),
        "passwd": right.replace(ENTRY.file, "passwd"),
    }

    for name, text in texts.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        assert read_journal(path) is None
    assert read_journal(tmp_path / "missing.json") is None


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_journal_is_none_or_a_whole_entry(tmp_path: Path, data: st.DataObject) -> None:
    write_journal(tmp_path, ENTRY)
    path = tmp_path / f"{ENTRY.file}.json"
    text = bytearray(path.read_bytes())
    text = text[: data.draw(st.integers(0, len(text)))]
    for _ in range(data.draw(st.integers(0, 4)) if text else 0):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(text)

    entry = read_journal(path)

    if entry is not None:
        assert entry.file == ENTRY.file
        assert json.loads(text)["file"]["state"] == entry.state
