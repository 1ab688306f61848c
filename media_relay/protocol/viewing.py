"""What a viewer looks at, and what follows from it for who sends."""

from dataclasses import dataclass
from typing import ClassVar

from media_relay.protocol.envelope import Event, Request
from media_relay.protocol.vocabulary import Name, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewTile:
    """A video on a viewer's screen, in pixels of the device; 0 by 0 is hidden."""

    participant: Name
    source: Source
    width: int
    height: int
    is_stage: bool  # the one the viewer looks at: before all other tiles


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibleVideo:
    """A video by its name."""

    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class SetView(Request):
    """All tiles that a viewer sees; what is not listed is hidden and sends nothing."""

    TYPE: ClassVar[str] = "set_view"
    room: Name
    participant: Name
    tiles: tuple[ViewTile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LayersWanted(Event):
    """To a publisher: the layers of a source that somebody watches, by index from the smallest."""

    TYPE: ClassVar[str] = "layers_wanted"
    room: Name
    participant: Name
    source: Source
    layers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class VideosPaused(Event):
    """To a viewer: all visible videos that its network has no room for."""

    TYPE: ClassVar[str] = "videos_paused"
    room: Name
    participant: Name
    videos: tuple[VisibleVideo, ...]
