"""What the layers of a publication are and take, as far as the relay knows."""

from media_relay.forwarding.bandwidth import usual_bps
from media_relay.forwarding.layers import LEFT_OUT_S
from media_relay.forwarding.source import SourceStream
from media_relay.publication import Publication
from media_relay.sdp.codecs import OPUS, VP8
from media_relay.stats import Stats


def camera(*rids: str) -> Publication:
    return Publication(participant="ann", source="camera", codec=VP8, stats=Stats(), rids=rids)


def stream(height: int) -> SourceStream:
    made = SourceStream(ssrc=height, codec="VP8", clock_rate=90_000, extension_ids={})
    made.height = height
    return made


def send(publication: Publication, *heights: int, since: float, until: float) -> None:
    """The smallest layers are sent, with these lines."""
    for layer, height in zip(publication.layers, heights, strict=False):
        publication.replace_stream(layer, stream(height), since)
        layer.heard_at = until


def test_camera_of_two_layers_gets_the_one_that_suits_by_real_sizes() -> None:
    publication = camera("l", "h")
    send(publication, 180, 360, since=0.0, until=1.0)

    chosen = [publication.layer_for(lines) for lines in (100, 240, 300, 1_000)]

    assert chosen == [0, 0, 1, 1]
    assert publication.costs_bps(1.0) == (usual_bps(180), usual_bps(360))


def test_camera_of_one_layer_takes_what_its_size_takes() -> None:
    publication = camera()
    send(publication, 180, since=0.0, until=1.0)

    assert publication.layer_for(1_000) == 0
    assert publication.costs_bps(1.0) == (usual_bps(180),)


def test_layer_that_is_asked_for_and_left_out_takes_no_more_than_the_one_below() -> None:
    publication = camera("l", "m", "h")
    found = []
    for now in (LEFT_OUT_S / 2, LEFT_OUT_S * 2):
        send(publication, 120, 240, since=0.0, until=now)
        found.append(publication.costs_bps(now))

    small, middle = usual_bps(120), usual_bps(240)
    assert found == [(small, middle, usual_bps(480)), (small, middle, middle)]


def test_layer_that_nobody_asked_for_takes_what_it_will_take() -> None:
    publication = camera("l", "h")
    publication.demand.told = frozenset({0})
    send(publication, 240, since=0.0, until=20.0)

    assert publication.costs_bps(20.0) == (usual_bps(240), usual_bps(480))


def test_sound_that_was_not_measured_yet_is_not_taken_for_a_picture() -> None:
    sound = Publication(participant="ann", source="microphone", codec=OPUS, stats=Stats())

    assert sound.costs_bps(1.0) == (50_000.0,)
