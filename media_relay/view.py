"""What one viewer sees and what its network carries, and hence which layers it is sent."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from media_relay.forwarding.bandwidth import Allocation, Wish, allocate
from media_relay.forwarding.estimate import NetworkEstimate
from media_relay.forwarding.forwarder import Forwarder
from media_relay.forwarding.layers import TOP
from media_relay.protocol import Source, ViewTile, VisibleVideo
from media_relay.publication import Publication

HEADER_BYTES = 28  # RTP header, extension and repeated fields, which a forwarder does not count
DECIDE_INTERVAL_S = 0.4
SHARE_INTERVAL_S = 0.9  # less than the second in which layers are measured
MEASURES = 5  # over which the rate is taken: two seconds


class Track(Protocol):
    """A publication on its way to this viewer."""

    @property
    def forwarder(self) -> Forwarder: ...
    @property
    def publication(self) -> Publication | None: ...
    @property
    def is_accepted(self) -> bool: ...


class View:
    """The tiles on one viewer's screen, and the budget they share."""

    def __init__(self) -> None:
        self.estimate = NetworkEstimate()
        self.paused: tuple[VisibleVideo, ...] = ()
        self._tiles: dict[tuple[str, Source], ViewTile] | None = None  # None: never told
        self._known: set[str] = set()  # publications that there were when the tiles were told
        # When, and how many octets were sent until then: key frames come in bursts.
        self._sent: deque[tuple[float, int]] = deque(maxlen=MEASURES)
        self._next_bps: float | None = None
        self._shared_at = 0.0

    def renew(self) -> None:
        """Another connection: perhaps another network, and no counts of the old one."""
        self.estimate = NetworkEstimate()
        self.paused, self._next_bps = (), None
        self._sent.clear()

    def set_tiles(self, tiles: Sequence[ViewTile], publications: Sequence[Publication]) -> None:
        """What the viewer sees from now on; everything else is hidden."""
        self._tiles = {(tile.participant, tile.source): tile for tile in tiles}
        self._known = {publication.id for publication in publications}

    @property
    def on_stage(self) -> frozenset[str]:
        """Whom the viewer looks at."""
        tiles = (self._tiles or {}).values()
        return frozenset(tile.participant for tile in tiles if tile.is_stage)

    def layer_for(self, publication: Publication) -> int | None:
        """What suits the tile of a publication; None while it is hidden."""
        tile, is_visible = self._find(publication)
        if not is_visible:
            return None
        return TOP if tile is None else publication.layer_for(tile.height)

    def refresh(self, tracks: Sequence[Track], now: float) -> bool:
        """Twice a second: share anew where that may change something (see `share`).

        What layers cost is measured once a second; in between only the budget can have changed.
        """
        is_due = now - self._shared_at >= SHARE_INTERVAL_S
        return self.share(tracks, now) if self._decide(tracks, now) or is_due else False

    def share(self, tracks: Sequence[Track], now: float) -> bool:
        """Give each track its layer; true when other ones are paused than before."""
        self._shared_at = now
        accepted = [
            (track.publication, track.forwarder)
            for track in tracks
            if track.publication is not None and track.is_accepted
        ]
        videos = [pair for pair in accepted if pair[0].is_video]
        sound_bps = sum(sum(entry.costs_bps(now)) for entry, _ in accepted if not entry.is_video)
        self._decide(tracks, now)
        proved_bps = self.estimate.proved_bps
        allocation = allocate(
            [self._wish(*pair, now) for pair in videos],
            max(0.0, self.estimate.budget_bps - sound_bps),
            proved_bps=None if proved_bps is None else max(0.0, proved_bps - sound_bps),
        )
        self._next_bps = None if allocation.next_bps is None else allocation.next_bps + sound_bps
        for publication, forwarder in videos:
            publication.want(forwarder, allocation.layers[publication.id], now)
        return self._note_paused(allocation, [publication for publication, _ in videos])

    def _decide(self, tracks: Sequence[Track], now: float) -> bool:
        """Let the estimate look at what was sent; whether the budget is another one now."""
        if self._sent and now - self._sent[-1][0] < DECIDE_INTERVAL_S:
            return False
        before_bps = self.estimate.budget_bps
        for track in tracks:
            track.forwarder.catch_up()
        sent = sum(
            track.forwarder.octet_count + track.forwarder.packet_count * HEADER_BYTES
            for track in tracks
        )
        self._sent.append((now, sent))
        since, before = self._sent[0]
        if now - since >= DECIDE_INTERVAL_S:
            sending_bps = max(0, sent - before) * 8 / (now - since)
            self.estimate.decide(sending_bps=sending_bps, next_bps=self._next_bps, now=now)
        return self.estimate.budget_bps != before_bps

    def _find(self, publication: Publication) -> tuple[ViewTile | None, bool]:
        """The publication's tile, and whether it can be seen."""
        if self._tiles is None:
            return None, True
        tile = self._tiles.get((publication.participant, publication.source))
        if tile is None and publication.id not in self._known:
            # Published since the viewer told its tiles: small until they are told again.
            return _unknown_tile(publication), True
        return tile, tile is not None and tile.width * tile.height > 0

    def _wish(self, publication: Publication, forwarder: Forwarder, now: float) -> Wish:
        tile, is_visible = self._find(publication)
        costs = publication.costs_bps(now)
        held = publication.layers.layer_of(forwarder)
        wanted = self.layer_for(publication)
        return Wish(
            key=publication.id,
            is_first=publication.source == "screen" or (tile is not None and tile.is_stage),
            area=(1 if tile is None else tile.width * tile.height) if is_visible else 0,
            wanted=min(wanted or 0, len(costs) - 1),
            costs_bps=costs,
            held=None if held is None else held.index,
        )

    def _note_paused(self, allocation: Allocation, videos: Sequence[Publication]) -> bool:
        paused = tuple(
            VisibleVideo(participant=publication.participant, source=publication.source)
            for publication in videos
            if publication.id in allocation.paused
        )
        is_changed, self.paused = paused != self.paused, paused
        return is_changed


def _unknown_tile(publication: Publication) -> ViewTile:
    return ViewTile(
        participant=publication.participant,
        source=publication.source,
        width=1,
        height=1,
        is_stage=False,
    )
