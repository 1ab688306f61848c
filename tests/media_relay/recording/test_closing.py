"""Files that were cut anywhere play after closing, and closing twice changes nothing."""

import hashlib
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_relay.recording.closing import NotAFile, close_file
from tests.media_relay.recording.encoded import RATE, frame_times_s, packets_of, record


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Five seconds of pictures, never closed."""
    track = record(tmp_path_factory.mktemp("open"), packets_of("VP8", 150, key_every=60))
    assert track.file is not None
    return track.file.path.read_bytes()


def test_closed_file_knows_its_length_and_can_be_searched(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "closed.webm"
    path.write_bytes(content)

    closed = close_file(path)

    assert closed.duration_s == pytest.approx(149 / RATE, abs=0.001)
    assert closed.size == path.stat().st_size
    assert closed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert frame_times_s(path) == [round(n / RATE, 3) for n in range(150)]
    with av.open(str(path)) as container:
        assert container.duration == pytest.approx(4_967_000, abs=1_000)
        container.seek(4_500_000)
        assert float(next(container.decode(video=0)).time) == 4.0


def test_closing_twice_gives_the_same_bytes(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "closed.webm"
    path.write_bytes(content)

    first = close_file(path)

    assert close_file(path) == first


@pytest.mark.parametrize("share", [0.3, 0.5, 0.62, 0.8, 0.95, 0.999])
def test_torn_file_is_cut_to_its_whole_clusters(
    content: bytes, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "torn.webm"
    kept = int(len(content) * share)
    path.write_bytes(content[:kept])

    closed = close_file(path)

    times = frame_times_s(path)
    assert times == [round(n / RATE, 3) for n in range(len(times))]
    assert closed.duration_s == pytest.approx(times[-1], abs=0.001)
    assert closed.duration_s >= 5 * share - 1.5


@pytest.mark.parametrize("kept", [0, 3, 40, 150])
def test_file_without_a_whole_cluster_is_none(content: bytes, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "torn.webm"
    path.write_bytes(content[:kept])

    with pytest.raises(NotAFile):
        close_file(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8), st.floats(0, 1))
def test_damage_anywhere_is_closed_or_refused_and_nothing_else(
    content: bytes, tmp_path: Path, damage: list[tuple[float, int]], share: float
) -> None:
    broken = bytearray(content[: int(len(content) * share)])
    for place, value in damage:
        if broken:
            broken[int(place * len(broken))] = value
    path = tmp_path / "broken.webm"
    path.write_bytes(broken)

    try:
        closed = close_file(path)
    except NotAFile:
        return

    assert close_file(path) == closed
