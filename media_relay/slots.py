"""The media sections (slots) of one subscribe connection, and how an offer describes them.

When its track ends, the section goes idle and waits for the next publication with the same codec,
which is another stream with SSRCs of its own: Chromium decodes an SSRC that an offer had struck out
and another one brings back, and shows nothing of it. Voices that take turns in a section without a
new offer share its SSRC.
"""

from dataclasses import dataclass
from hashlib import blake2s

from media_relay.forwarding.forwarder import Forwarder
from media_relay.protocol import TrackInfo
from media_relay.publication import Publication
from media_relay.sdp.codecs import Codec
from media_relay.sdp.description import MediaSection
from media_relay.sdp.write import OfferedSection
from media_relay.stats import Stats
from media_relay.transport.connection import Connection

MAX_SLOTS = 120  # sections in one offer; publications beyond wait until a slot is free


@dataclass(eq=False)
class Slot:
    """One media section of the subscribe connection."""

    mid: str
    codec: Codec
    forwarder: Forwarder
    publication: Publication | None = None
    is_accepted: bool = False  # the viewer's answer takes the present publication
    named: Publication | None = None  # whom the last answered offer names in this section

    def take(self, section: MediaSection | None) -> bool:
        """What the viewer's answer makes of this section; false when it strikes out the codec."""
        taken = {entry.payload_type for entry in section.formats} if section is not None else set()
        takes_codec = self.codec.payload_type in taken
        self.named = self.publication
        self.is_accepted = section is not None and section.is_receiving and takes_codec
        self.forwarder.uses_rtx = self.codec.rtx_payload_type in taken
        return section is None or takes_codec

    def free(self) -> None:
        """Nothing is forwarded here any more; the section goes idle."""
        if self.publication is not None:
            self.publication.remove(self.forwarder)
            self.forwarder.start_over()
        self.publication, self.is_accepted = None, False


@dataclass(frozen=True)
class Offer:
    """An offer on its way to the viewer; `carried` is what its sections promise."""

    generation: int
    sdp: str
    tracks: tuple[TrackInfo, ...]
    carried: dict[str, Publication]


class Slots:
    """All sections of a connection, in the order of its offers; none is ever taken away."""

    def __init__(self, connection: Connection, stats: Stats) -> None:
        self.all: list[Slot] = []
        self.by_ssrc: dict[int, Slot] = {}
        self._connection = connection
        self._stats = stats

    @property
    def voices(self) -> list[Slot]:
        """Those that carry a microphone."""
        return [
            slot
            for slot in self.all
            if slot.publication is not None and slot.publication.source == "microphone"
        ]

    @property
    def carried(self) -> dict[str, Publication]:
        """What each section carries that is not idle, by mid."""
        return {slot.mid: slot.publication for slot in self.all if slot.publication is not None}

    @property
    def tracks(self) -> tuple[TrackInfo, ...]:
        """The same as the protocol names it."""
        return tuple(
            TrackInfo(
                mid=mid,
                publication=publication.id,
                participant=publication.participant,
                source=publication.source,
            )
            for mid, publication in self.carried.items()
        )

    def place(self, publication: Publication, now: float) -> bool:
        """Give it an idle section of its codec, or a new one; false when there is no room."""
        codec = publication.codec
        idle = (slot for slot in self.all if slot.publication is None and slot.codec is codec)
        slot = next(idle, None)
        if slot is None:
            if len(self.all) >= MAX_SLOTS:
                self._stats.drops["viewer_slots_full"] += 1
                return False
            slot = self._add(codec, now)
        slot.publication = publication
        return True

    def sections(self) -> list[OfferedSection]:
        """As an offer describes them."""
        return [_section_of(slot) for slot in self.all]

    def renew(self, slot: Slot, now: float) -> Forwarder:
        """Give an idle section another stream. Returns the one that is over and fed no more."""
        over = slot.forwarder
        del self.by_ssrc[over.ssrc]
        slot.forwarder = self._new_forwarder(slot.codec, now)
        self.by_ssrc[slot.forwarder.ssrc] = slot
        return over

    def _add(self, codec: Codec, now: float) -> Slot:
        forwarder = self._new_forwarder(codec, now)
        slot = Slot(mid=str(len(self.all)), codec=codec, forwarder=forwarder)
        self.all.append(slot)
        self.by_ssrc[forwarder.ssrc] = slot
        return slot

    def _new_forwarder(self, codec: Codec, now: float) -> Forwarder:
        connection = self._connection
        return Forwarder(
            send=connection.send_rtp,
            find_outlet=lambda: connection.outlet,
            payload_type=codec.payload_type,
            rtx_payload_type=codec.rtx_payload_type,
            clock_rate=codec.clock_rate,
            now=now,
        )


def cname_of(publication: Publication) -> str:
    """One name for the sound and picture that belong together, and opaque."""
    group = "screen" if publication.source.startswith("screen") else "person"
    digest = blake2s(publication.participant.encode(), digest_size=8).hexdigest()
    return f"{group}-{digest}"


def _section_of(slot: Slot) -> OfferedSection:
    publication = slot.publication
    name = "idle" if publication is None else cname_of(publication)
    return OfferedSection(
        mid=slot.mid,
        codec=slot.codec,
        is_active=publication is not None,
        stream_id=name,
        track_id="idle" if publication is None else publication.id,
        cname=name,
        ssrc=slot.forwarder.ssrc,
        rtx_ssrc=slot.forwarder.rtx_ssrc,
    )
