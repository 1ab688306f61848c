"""Sound and picture: the two peer connections, one's own sources, and the relay behind them."""

import dataclasses
from typing import Annotated, ClassVar, TypeAlias

from meetings.room_protocol.vocabulary import MessageId, SeatId, Sequence, Source
from meetings.strict_json import Length, Pattern

Sdp: TypeAlias = Annotated[str, Length(1, 60_000)]
Mid: TypeAlias = Annotated[str, Pattern(r"[A-Za-z0-9._-]{1,16}")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class IceServer:
    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class OfferedTrack:
    mid: Mid
    seat: SeatId
    source: Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishOffer:
    """The page's offer for its publish connection; again for each change of its tracks."""

    type: ClassVar[str] = "publish_offer"
    id: MessageId
    sdp: Sdp
    sources: Annotated[dict[Mid, Source], Length(0, 8)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishAnswer:
    type: ClassVar[str] = "publish_answer"
    id: MessageId
    sdp: Sdp


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subscribe:
    """Asks for a new subscribe connection; `subscribe_offer` events follow."""

    type: ClassVar[str] = "subscribe"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class OfferWanted:
    """Somebody came who cannot decode what we send: offer again, nothing else has changed."""

    type: ClassVar[str] = "offer_wanted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubscribeOffer:
    """The relay's offer for the subscribe connection, with whom each track belongs to."""

    type: ClassVar[str] = "subscribe_offer"
    generation: Sequence
    sdp: Annotated[str, Length(1, 1_000_000)]
    tracks: tuple[OfferedTrack, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubscribeAnswer:
    """The page's answer to the offer of this generation."""

    type: ClassVar[str] = "subscribe_answer"
    id: MessageId
    generation: Sequence
    sdp: Sdp


@dataclasses.dataclass(frozen=True, kw_only=True)
class TracksMoved:
    """Our sections carry other microphones than the last offer said; all tracks as they are now."""

    type: ClassVar[str] = "tracks_moved"
    tracks: tuple[OfferedTrack, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetSource:
    """The person switched a source of their own on or off."""

    type: ClassVar[str] = "set_source"
    id: MessageId
    source: Source
    enabled: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class ActiveSpeaker:
    type: ClassVar[str] = "active_speaker"
    seat: SeatId | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RelayLost:
    """Sound and picture are away; chat and roster go on."""

    type: ClassVar[str] = "relay_lost"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RelayReady:
    """Build both peer connections anew."""

    type: ClassVar[str] = "relay_ready"
