"""What an offer must be like, and what is published of it: sections and their publications."""

from collections.abc import Mapping
from dataclasses import dataclass

from media_relay.errors import BadSdp, NotPermitted
from media_relay.protocol import Source
from media_relay.publication import Publication
from media_relay.sdp.codecs import ChosenCodec
from media_relay.sdp.description import Description
from media_relay.sdp.write import FORWARDED_EXTENSIONS, AnsweredSection

KIND_OF: Mapping[Source, str] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen_audio": "audio",
}


@dataclass(eq=False)
class PublishedSection:
    """A media section that carries a publication."""

    mid: str
    publication: Publication
    chosen: ChosenCodec
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    forwarded_ids: dict[int, int]  # extension ids: the publisher's -> the viewers'

    @property
    def media_payload_type(self) -> int:
        return self.chosen.payload_type

    @property
    def rtx_payload_type(self) -> int | None:
        return self.chosen.rtx_payload_type


def section_of(entry: AnsweredSection, publication: Publication) -> PublishedSection:
    """The answered section, for what is published in it."""
    assert entry.chosen is not None  # noqa: S101 - nothing is published without a codec
    offered = entry.offered
    return PublishedSection(
        mid=offered.mid,
        publication=publication,
        chosen=entry.chosen,
        rids=entry.rids,
        ssrcs=(*offered.ssrcs, *offered.rtx_of.values()),
        forwarded_ids={
            number: FORWARDED_EXTENSIONS[uri]
            for uri, number in offered.extensions.items()
            if uri in FORWARDED_EXTENSIONS
        },
    )


def check_offer(
    offer: Description, sources: Mapping[str, Source], may_publish: frozenset[Source]
) -> None:
    """Raises BadSdp or NotPermitted."""
    if any(section.is_alive for section in offer.media):
        if not offer.ice_ufrag or not offer.fingerprints:
            raise BadSdp("The offer lacks ICE credentials or a fingerprint.")
        if offer.setup not in {"actpass", "active"}:
            raise BadSdp("The relay is the DTLS server: offer actpass or active.")
    if len(set(sources.values())) != len(sources):
        raise BadSdp("A source is named twice.")
    for mid, source in sources.items():
        section = offer.section(mid)
        if section is None or not section.is_sending:
            raise BadSdp(f"Section {mid} of the offer does not send anything.")
        if section.kind != KIND_OF[source]:
            raise BadSdp(f"Section {mid} is {section.kind}, which {source} is not.")
        if source not in may_publish:
            raise NotPermitted(f"This participant may not publish {source}.")
