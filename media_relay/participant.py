"""One participant of a room: what it may publish, and its two connections."""

from collections.abc import Callable
from dataclasses import dataclass

from media_relay.protocol import CandidateType, ParticipantQuality, Source
from media_relay.publisher import Publisher
from media_relay.subscription import Subscription
from media_relay.transport.connection import Connection

CandidateOf = Callable[[Connection], CandidateType | None]


@dataclass(eq=False)
class Participant:
    """Kept while a control connection speaks for it, and a grace time longer."""

    id: str
    may_publish: frozenset[Source]
    publisher: Publisher
    subscription: Subscription
    orphaned_at: float | None = None  # since when no control connection speaks for it

    @property
    def connections(self) -> list[Connection]:
        """Its peer connections at present: none, one or two."""
        ends = (self.publisher.connection, self.subscription.connection)
        return [end for end in ends if end is not None]

    def quality(self, now: float, candidate_of: CandidateOf) -> ParticipantQuality | None:
        """Since it was last asked; None without a connection."""
        connected = [end for end in self.connections if end.state == "connected"]
        if not connected:
            return None
        return ParticipantQuality(
            participant=self.id,
            candidate=candidate_of(connected[0]),
            round_trip_ms=self.subscription.round_trip.latest_ms,
            up=self.publisher.quality(now),
            down=self.subscription.quality(now),
        )

    def permit(self, may_publish: frozenset[Source]) -> None:
        """Replace the permissions; what is no longer allowed ends at once."""
        self.publisher.end_sources(self.may_publish - may_publish)
        self.may_publish = may_publish

    def close(self) -> None:
        """Both connections down, publications ended."""
        self.publisher.close()
        self.subscription.close()
