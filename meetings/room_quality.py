"""The relay's figures on one participant, rounded to what a host wants to know."""

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp


def seat_quality(known: relay_protocol.ParticipantQuality) -> rp.SeatQuality:
    """The same seat as the room's page reads it."""
    return rp.SeatQuality(
        seat=known.participant,
        candidate=known.candidate,
        round_trip_ms=None if known.round_trip_ms is None else round(known.round_trip_ms),
        up=_path(known.up),
        down=_path(known.down),
    )


def _path(path: relay_protocol.PathQuality | None) -> rp.PathQuality | None:
    if path is None:
        return None
    return rp.PathQuality(
        bitrate_kbps=round(path.bitrate_bps / 1000),
        loss_percent=round(path.loss_percent),
        jitter_ms=round(path.jitter_ms),
    )
