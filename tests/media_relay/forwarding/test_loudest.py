"""Whose voices are heard where there are many."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.loudest import QUIET_S, LoudestFew

SPEECH = 55.0


def test_decide_few_are_all_heard() -> None:
    loudest = LoudestFew(2)

    assert loudest.decide({"ann": 127.0, "ben": 127.0}, SPEECH, 0.0)
    assert loudest.heard == {"ann", "ben"}
    assert not loudest.decide({"ann": 127.0, "ben": 20.0}, SPEECH, 1.0)


def test_decide_speaker_takes_the_place_of_the_one_quiet_for_longest() -> None:
    loudest = LoudestFew(2)
    loudest.decide({"ann": 20.0, "ben": 30.0, "cid": 127.0}, SPEECH, 0.0)
    loudest.decide({"ann": 127.0, "ben": 30.0, "cid": 127.0}, SPEECH, 1.0)

    assert loudest.decide({"ann": 127.0, "ben": 30.0, "cid": 40.0}, SPEECH, QUIET_S)
    assert loudest.heard == {"ben", "cid"}


def test_decide_pause_for_breath_keeps_the_place() -> None:
    loudest = LoudestFew(1)
    loudest.decide({"ann": 20.0, "ben": 127.0}, SPEECH, 0.0)

    assert not loudest.decide({"ann": 60.0, "ben": 50.0}, SPEECH, QUIET_S / 2)
    assert loudest.heard == {"ann"}


def test_decide_where_all_speak_only_a_clearly_louder_voice_gets_in() -> None:
    loudest = LoudestFew(1)
    loudest.decide({"ann": 40.0}, SPEECH, 0.0)

    assert not loudest.decide({"ann": 40.0, "ben": 36.0}, SPEECH, 0.1)
    assert loudest.decide({"ann": 40.0, "ben": 30.0}, SPEECH, 0.2)
    assert loudest.heard == {"ben"}


def test_decide_closed_microphone_makes_room() -> None:
    loudest = LoudestFew(1)
    loudest.decide({"ann": 20.0}, SPEECH, 0.0)

    assert loudest.decide({"ben": 127.0}, SPEECH, 0.1)
    assert loudest.heard == {"ben"}


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 127), max_size=8), max_size=40
    )
)
def test_decide_never_more_than_there_is_room_for_and_nobody_missing_without_need(
    steps: list[dict[str, float]],
) -> None:
    loudest = LoudestFew(3)
    for index, levels in enumerate(steps):
        loudest.decide(levels, SPEECH, index * 0.5)

        assert loudest.heard <= levels.keys()
        assert len(loudest.heard) == min(3, len(levels))
