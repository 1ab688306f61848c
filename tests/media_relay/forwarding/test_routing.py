"""Which section a packet belongs to."""

from dataclasses import dataclass

from media_relay.forwarding.routing import SectionRouter


@dataclass(frozen=True)
class Section:
    mid: str
    payload_types: tuple[int, ...]
    ssrcs: tuple[int, ...] = ()


AUDIO = Section("0", (111,), (1,))
CAMERA = Section("1", (96, 97))
SCREEN = Section("2", (96, 97))


def test_known_signalled_ssrc() -> None:
    router = SectionRouter((AUDIO, CAMERA, SCREEN))

    assert router.known(1) is AUDIO
    assert router.known(2) is None


def test_learn_by_mid_sticks_to_the_ssrc() -> None:
    router = SectionRouter((AUDIO, CAMERA, SCREEN))

    assert router.learn(7, mid="2", payload_type=96) is SCREEN
    assert router.known(7) is SCREEN


def test_learn_without_mid_takes_the_only_section_with_the_payload_type() -> None:
    router = SectionRouter((AUDIO, CAMERA))

    assert router.learn(7, mid=None, payload_type=97) is CAMERA


def test_learn_ambiguous_or_unknown_is_nobody() -> None:
    router = SectionRouter((AUDIO, CAMERA, SCREEN))

    assert router.learn(7, mid=None, payload_type=96) is None
    assert router.learn(7, mid="9", payload_type=96) is None
    assert router.learn(7, mid=None, payload_type=100) is None
    assert router.known(7) is None
