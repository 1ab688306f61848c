"""Who speaks: quick to notice, slow to flutter."""

from collections.abc import Mapping

import pytest

from media_relay.forwarding.speaker import MAX_BEAT_S, SpeakerDetector

LOUD, QUIET, NOISE = 20, 40, 90


def run(
    detector: SpeakerDetector, levels: Mapping[str, int], start_s: float, seconds: float
) -> list[tuple[float, str | None]]:
    """Feed levels every 20 ms; each change with its time."""
    changes = []
    for step in range(round(seconds / 0.02)):
        now = start_s + step * 0.02
        for name, level in levels.items():
            detector.hear(name, level, now)
        if detector.decide(now):
            changes.append((now, detector.speaker))
    return changes


def test_decide_room_noise_is_nobody() -> None:
    assert run(SpeakerDetector(), {"ann": NOISE, "ben": NOISE}, 0, 5) == []


def test_decide_voice_is_noticed_within_a_second() -> None:
    changes = run(SpeakerDetector(), {"ann": LOUD, "ben": NOISE}, 0, 3)

    assert [name for _, name in changes] == ["ann"]
    assert changes[0][0] < 1.0


def test_decide_cough_does_not_take_over() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": QUIET, "ben": NOISE}, 0, 3)

    changes = run(detector, {"ann": QUIET, "ben": LOUD}, 3, 0.3)
    changes += run(detector, {"ann": QUIET, "ben": NOISE}, 3.3, 2)

    assert changes == []


def test_decide_slightly_louder_rival_does_not_take_over() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": QUIET, "ben": NOISE}, 0, 3)

    assert run(detector, {"ann": QUIET, "ben": QUIET - 4}, 3, 5) == []


def test_decide_clearly_louder_rival_takes_over() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": QUIET, "ben": NOISE}, 0, 3)

    changes = run(detector, {"ann": QUIET, "ben": LOUD}, 3, 3)

    assert [name for _, name in changes] == ["ben"]


def test_decide_pause_between_sentences_keeps_the_speaker() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": LOUD}, 0, 3)

    assert run(detector, {"ann": NOISE}, 3, 1.5) == []
    assert [name for _, name in run(detector, {"ann": NOISE}, 4.5, 3)] == [None]


def test_decide_speaker_who_leaves_is_forgotten_at_once() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": LOUD}, 0, 3)

    detector.forget("ann")

    assert detector.decide(3.1)
    assert detector.speaker is None


def test_decide_packets_stop_coming_is_silence() -> None:
    detector = SpeakerDetector()
    run(detector, {"ann": LOUD}, 0, 3)

    changes = run(detector, {}, 3, 5)

    assert [name for _, name in changes] == [None]


def test_talk_time_counts_everybody_who_speaks() -> None:
    detector = SpeakerDetector()
    for step in range(101):
        now = step * 0.1
        detector.hear("ann", 20, now)
        if step < 50:
            detector.hear("ben", 30, now)
        detector.hear("cid", 120, now)
        detector.decide(now)

    talked = detector.talk_s

    assert set(talked) == {"ann", "ben"}
    assert talked["ann"] == pytest.approx(10, abs=0.5)
    assert talked["ben"] == pytest.approx(5, abs=0.5)


def test_talk_time_outlives_the_one_who_talked_but_not_a_standstill() -> None:
    detector = SpeakerDetector()
    for now in (0.0, 0.1, 0.2, 0.3):
        detector.hear("ann", 20, now)
        detector.decide(now)
    before = detector.talk_s["ann"]

    detector.hear("ann", 20, 60.0)
    detector.decide(60.0)
    detector.forget("ann")
    detector.decide(61.0)

    assert before < detector.talk_s["ann"] <= before + MAX_BEAT_S
