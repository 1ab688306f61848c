"""What a person sees, and what follows from it for who sends."""

import dataclasses
from typing import Annotated, ClassVar, TypeAlias

from meetings.room_protocol.vocabulary import MessageId, SeatId, Sequence, Source
from meetings.strict_json import Length, Range

Pixels: TypeAlias = Annotated[int, Range(0, 16_384)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewTile:
    """A video on the person's screen, in pixels of the device."""

    seat: SeatId
    source: Source
    width: Pixels
    height: Pixels
    is_stage: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetView:
    """All videos that the person sees; what is not listed is not sent."""

    type: ClassVar[str] = "set_view"
    id: MessageId
    tiles: Annotated[tuple[ViewTile, ...], Length(0, 100)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayersWanted:
    """The sizes of a video of ours that somebody watches, by index from the smallest."""

    type: ClassVar[str] = "layers_wanted"
    source: Source
    layers: tuple[Sequence, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoName:
    seat: SeatId
    source: Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideosPaused:
    """All videos that we see but that our network has no room for."""

    type: ClassVar[str] = "videos_paused"
    videos: tuple[VideoName, ...]
