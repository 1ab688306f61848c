"""Which section and layer a packet belongs to."""

from dataclasses import dataclass

from media_relay.forwarding.routing import MAX_ROUTES, Labels, Route, StreamRouter


@dataclass(frozen=True)
class Section:
    mid: str
    media_payload_type: int
    rtx_payload_type: int | None = None
    rids: tuple[str, ...] = ()
    ssrcs: tuple[int, ...] = ()


AUDIO = Section("0", 111, ssrcs=(1,))
CAMERA = Section("1", 96, 97, rids=("l", "m", "h"))
SCREEN = Section("2", 96, 97)


def router(*sections: Section) -> StreamRouter[Section]:
    made: StreamRouter[Section] = StreamRouter()
    made.replace_sections(sections)
    return made


def test_learn_signalled_ssrc() -> None:
    routes = router(AUDIO, CAMERA, SCREEN)

    assert routes.learn(1, payload_type=111, labels=Labels()) == Route(AUDIO, 0, False)
    assert routes.known(1) == Route(AUDIO, 0, False)
    assert routes.known(2) is None


def test_learn_layer_by_mid_and_rid_sticks_to_the_ssrc() -> None:
    routes = router(AUDIO, CAMERA, SCREEN)

    assert routes.learn(7, payload_type=96, labels=Labels("1", "h")) == Route(CAMERA, 2, False)
    assert routes.known(7) == Route(CAMERA, 2, False)


def test_learn_repairs_of_a_layer_before_its_first_packet() -> None:
    routes = router(AUDIO, CAMERA, SCREEN)

    repair = routes.learn(8, payload_type=97, labels=Labels("1", None, "h"))

    assert repair == Route(CAMERA, 2, True)
    assert routes.learn(7, payload_type=96, labels=Labels("1", "h")) == Route(CAMERA, 2, False)


def test_learn_simulcast_without_a_rid_is_nobody() -> None:
    routes = router(AUDIO, CAMERA)

    assert routes.learn(7, payload_type=96, labels=Labels("1")) is None
    assert routes.learn(7, payload_type=97, labels=Labels("1", "h")) is None
    assert routes.learn(7, payload_type=96, labels=Labels("1", "x")) is None
    assert routes.known(7) is None


def test_learn_without_mid_takes_the_only_section_with_the_payload_type() -> None:
    routes = router(AUDIO, SCREEN)

    assert routes.learn(7, payload_type=97, labels=Labels()) == Route(SCREEN, 0, True)


def test_learn_ambiguous_or_unknown_is_nobody() -> None:
    routes = router(AUDIO, CAMERA, SCREEN)

    assert routes.learn(7, payload_type=96, labels=Labels()) is None
    assert routes.learn(7, payload_type=96, labels=Labels("9", "h")) is None
    assert routes.learn(7, payload_type=100, labels=Labels("2")) is None


def test_replace_sections_keeps_what_was_learnt_of_those_that_go_on() -> None:
    routes = router(AUDIO, CAMERA)
    routes.learn(7, payload_type=96, labels=Labels("1", "m"))
    routes.learn(1, payload_type=111, labels=Labels())
    other = Section("1", 102, 103, rids=("l", "m", "h"))

    routes.replace_sections((other, SCREEN))

    assert routes.known(7) == Route(other, 1, False)
    assert routes.known(1) is None


def test_replace_sections_with_other_layers_forgets_their_packets() -> None:
    routes = router(CAMERA)
    routes.learn(7, payload_type=96, labels=Labels("1", "m"))

    routes.replace_sections((Section("1", 96, 97, rids=("l", "h")),))

    assert routes.known(7) is None


def test_learn_more_ssrcs_than_anybody_needs_is_nobody() -> None:
    routes = router(SCREEN)
    for ssrc in range(MAX_ROUTES):
        assert routes.learn(ssrc, payload_type=96, labels=Labels("2"))

    assert routes.learn(MAX_ROUTES, payload_type=96, labels=Labels("2")) is None
