"""What a viewer is sent for what it sees and for what its network carries."""

from dataclasses import dataclass

from media_relay.forwarding.estimate import QUEUED_SHARE, START_BPS
from media_relay.forwarding.forwarder import Forwarder
from media_relay.protocol import Source, ViewTile, VisibleVideo
from media_relay.publication import Publication
from media_relay.sdp.codecs import VP8
from media_relay.stats import Stats
from media_relay.view import View


@dataclass
class Track:
    publication: Publication
    forwarder: Forwarder
    is_accepted: bool = True

    @property
    def wanted(self) -> int | None:
        return self.publication.layers.wanted_by(self.forwarder)


def track(participant: str, source: Source = "camera") -> Track:
    rids = ("l", "m", "h") if source == "camera" else ()
    publication = Publication(
        participant=participant, source=source, codec=VP8, stats=Stats(), rids=rids
    )
    forwarder = Forwarder(
        send=lambda head, packet, start: True,
        payload_type=96,
        rtx_payload_type=97,
        clock_rate=90_000,
        now=0.0,
    )
    publication.add(forwarder, 0.0)
    return Track(publication, forwarder)


def tile(participant: str, height: int, *, is_stage: bool = False) -> ViewTile:
    return ViewTile(
        participant=participant,
        source="camera",
        width=height * 16 // 9,
        height=height,
        is_stage=is_stage,
    )


def test_share_before_the_viewer_said_anything_everything_is_wanted() -> None:
    view, ann = View(), track("ann")

    view.share([ann], 0.0)

    assert ann.wanted == 2


def test_share_follows_the_tiles() -> None:
    view, ann, ben, cid = View(), track("ann"), track("ben"), track("cid")
    tracks = [ann, ben, cid]

    view.set_tiles([tile("ann", 180), tile("ben", 400)], [each.publication for each in tracks])
    view.share(tracks, 0.0)

    assert [each.wanted for each in tracks] == [0, 1, None]


def test_share_published_after_the_tiles_were_told_is_shown_small() -> None:
    view, ann, new = View(), track("ann"), track("ben")
    view.set_tiles([tile("ann", 720)], [ann.publication])

    view.share([ann, new], 0.0)

    assert [ann.wanted, new.wanted] == [2, 0]


def test_share_shared_screen_comes_before_the_largest_camera() -> None:
    view, ann, screen = View(), track("ann"), track("ben", "screen")
    view.estimate.budget_bps = view.estimate.proved_bps = 1_700_000

    view.share([ann, screen], 0.0)

    assert [ann.wanted, screen.wanted] == [0, 0]


def test_share_what_does_not_fit_is_paused_and_said_once() -> None:
    view, ann, ben = View(), track("ann"), track("ben")
    view.set_tiles(
        [tile("ann", 180), tile("ben", 720, is_stage=True)], [ann.publication, ben.publication]
    )
    view.estimate.budget_bps = view.estimate.proved_bps = 200_000

    changes = [view.share([ann, ben], now) for now in (0.0, 0.1)]

    assert changes == [True, False]
    assert view.paused == (VisibleVideo(participant="ann", source="camera"),)
    assert [ann.wanted, ben.wanted] == [None, 0]


def test_share_after_a_new_connection_nothing_is_held_against_it() -> None:
    view, ann = View(), track("ann")
    view.estimate.budget_bps = view.estimate.proved_bps = 1_000
    view.share([ann], 0.0)
    assert view.paused

    view.renew()
    view.share([ann], 1.0)

    assert (view.paused, ann.wanted) == ((), 2)


def test_share_rate_is_taken_over_two_seconds_not_over_a_burst() -> None:
    view, ann = View(), track("ann")
    view.share([ann], 0.0)
    for step in range(1, 5):
        ann.forwarder.octet_count += 500_000 if step == 4 else 0  # counted once, all at a time
        view.share([ann], step * 0.5)

    view.estimate.accept_round_trip(0.01)
    view.share([ann], 2.5)
    for now in (3.0, 3.5):
        view.estimate.accept_round_trip(0.5)
        view.share([ann], now)

    assert view.estimate.budget_bps == 500_000 * 8 / 2 * QUEUED_SHARE


def test_share_nothing_sent_is_no_congestion() -> None:
    view, ann = View(), track("ann")
    for step in range(4):
        view.estimate.accept_round_trip(0.01 if step < 2 else 0.9)
        view.share([ann], step * 0.5)

    assert (view.estimate.budget_bps, view.estimate.proved_bps) == (START_BPS, None)


def test_refresh_follows_what_layers_cost_once_a_second() -> None:
    view, ann = View(), track("ann")
    view.share([ann], 0.0)
    ann.publication.layers.layers[2].bitrate_bps = 4_000_000

    view.refresh([ann], 0.5)
    before = ann.wanted
    view.refresh([ann], 1.0)

    assert (before, ann.wanted) == (2, 1)


def test_refresh_follows_the_budget_at_once() -> None:
    view, ann = View(), track("ann")
    view.share([ann], 0.0)
    ann.forwarder.octet_count += 500_000
    wanted = []
    for now, estimate_bps, round_trip_s in ((0.4, 2_000_000, 0.01), (0.8, 200_000, 0.1)):
        view.estimate.accept_bitrate(estimate_bps)
        view.estimate.accept_round_trip(round_trip_s)
        view.refresh([ann], now)
        wanted.append(ann.wanted)

    assert wanted == [2, 0]
