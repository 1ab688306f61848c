"""Sound and picture: the two connections of a participant, and what is published on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from media_relay.protocol.envelope import Answer, Event, Request
from media_relay.protocol.vocabulary import Name, Sdp, Source

ConnectionKind = Literal["publish", "subscribe"]
ConnectionState = Literal["connecting", "connected", "disconnected", "closed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationInfo:
    """One source of one participant, as others may watch it."""

    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackInfo:
    """Which publication a media section (`mid`) of a subscribe offer carries."""

    mid: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishOffer(Request):
    """The browser's offer of its publish connection; `sources` names each sending section."""

    TYPE: ClassVar[str] = "publish_offer"
    room: Name
    participant: Name
    sdp: Sdp
    sources: Mapping[Name, Source]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishAnswer(Answer):
    """The relay's answer to a publish offer."""

    TYPE: ClassVar[str] = "publish_answer"
    sdp: Sdp


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWanted(Event):
    """To a publisher: a viewer came who cannot decode what it sends; offer again as it is."""

    TYPE: ClassVar[str] = "offer_wanted"
    room: Name
    participant: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribe(Request):
    """Make the subscribe connection anew; offers follow as events."""

    TYPE: ClassVar[str] = "subscribe"
    room: Name
    participant: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscribeOffer(Event):
    """The relay's offer for a participant's subscribe connection."""

    TYPE: ClassVar[str] = "subscribe_offer"
    room: Name
    participant: Name
    generation: int
    sdp: Sdp
    tracks: tuple[TrackInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscribeAnswer(Request):
    """The browser's answer to the offer of this generation."""

    TYPE: ClassVar[str] = "subscribe_answer"
    room: Name
    participant: Name
    generation: int
    sdp: Sdp


@dataclass(frozen=True, kw_only=True, slots=True)
class PausePublication(Request):
    """Stop or resume forwarding one source; the publication itself stays."""

    TYPE: ClassVar[str] = "pause_publication"
    room: Name
    participant: Name
    source: Source
    paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationStarted(Event):
    """A participant publishes a source."""

    TYPE: ClassVar[str] = "publication_started"
    room: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationEnded(Event):
    """A publication is over."""

    TYPE: ClassVar[str] = "publication_ended"
    room: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionStateChanged(Event):
    """A participant's media connection came up, went silent, or is gone."""

    TYPE: ClassVar[str] = "connection_state"
    room: Name
    participant: Name
    connection: ConnectionKind
    state: ConnectionState


@dataclass(frozen=True, kw_only=True, slots=True)
class TracksMoved(Event):
    """To a viewer: its sections carry other microphones than the last offer said."""

    TYPE: ClassVar[str] = "tracks_moved"
    room: Name
    participant: Name
    tracks: tuple[TrackInfo, ...]
