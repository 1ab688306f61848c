"""What the relay says, in the words of the room's page."""

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.room_permissions import can_see_figures, permissions_of
from meetings.room_quality import seat_quality


def page_message(event: relay_protocol.Event, role: rp.Role) -> rp.Typed | None:
    """The message for somebody in this role; None for what is not for the page, or not for them."""
    match event:
        case relay_protocol.SubscribeOffer():
            tracks = _offered_tracks(event.tracks)
            return rp.SubscribeOffer(generation=event.generation, sdp=event.sdp, tracks=tracks)
        case relay_protocol.TracksMoved():
            return rp.TracksMoved(tracks=_offered_tracks(event.tracks))
        case relay_protocol.ActiveSpeaker():
            return rp.ActiveSpeaker(seat=event.participant)
        case relay_protocol.RoomQuality() if can_see_figures(role):
            return rp.RoomQuality(seats=tuple(map(seat_quality, event.participants)))
        case relay_protocol.LayersWanted():
            return rp.LayersWanted(source=event.source, layers=event.layers)
        case relay_protocol.OfferWanted():
            return rp.OfferWanted()
        case relay_protocol.VideosPaused():
            return rp.VideosPaused(videos=_video_names(event.videos))
        case relay_protocol.RecordingState() if "record" in permissions_of(role):
            return _recording_status(event)
        case _:
            return None


def _offered_tracks(
    tracks: tuple[relay_protocol.TrackInfo, ...],
) -> tuple[rp.OfferedTrack, ...]:
    return tuple(
        rp.OfferedTrack(mid=track.mid, seat=track.participant, source=track.source)
        for track in tracks
    )


def _video_names(videos: tuple[relay_protocol.VisibleVideo, ...]) -> tuple[rp.VideoName, ...]:
    return tuple(rp.VideoName(seat=video.participant, source=video.source) for video in videos)


def _recording_status(state: relay_protocol.RecordingState) -> rp.RecordingStatus:
    """How it fares is for those who may do something about it."""
    return rp.RecordingStatus(
        state=state.state, reason=state.reason, size_bytes=state.bytes, tracks=state.tracks
    )
