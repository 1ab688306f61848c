"""Which section and layer a packet belongs to (RFC 9143 section 9.2, RFC 8852, RFC 8853).

Simulcast has no SSRC in the description: the first packets of each say whose they are. A layer's
retransmissions often come before its first packet, because browsers probe with them; they are
bound to the layer's name then, not to its SSRC.
"""

from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol, TypeVar

MAX_ROUTES = 64  # SSRCs of one connection; four sources with three layers need 20


class Section(Protocol):
    """What routing needs to know of a media section."""

    @property
    def mid(self) -> str: ...
    @property
    def rids(self) -> tuple[str, ...]: ...
    @property
    def media_payload_type(self) -> int: ...
    @property
    def rtx_payload_type(self) -> int | None: ...
    @property
    def ssrcs(self) -> tuple[int, ...]: ...


S = TypeVar("S", bound=Section)


class Labels(NamedTuple):
    """What the header extensions of one packet say; None where they say nothing."""

    mid: str | None = None
    rid: str | None = None
    repaired_rid: str | None = None


class Route(NamedTuple, Generic[S]):
    """Where the packets of an SSRC go."""

    section: S
    layer: int
    is_repair: bool


class StreamRouter(Generic[S]):
    """Learns SSRCs from the description, from header extensions and from unique payload types."""

    def __init__(self) -> None:
        self._by_mid: dict[str, S] = {}
        self._signalled: dict[int, S] = {}
        self._routes: dict[int, Route[S]] = {}

    @property
    def count(self) -> int:
        """How many SSRCs were learnt."""
        return len(self._routes)

    def replace_sections(self, sections: Iterable[S]) -> None:
        """A new description holds. What was learnt of sections that go on is kept: browsers stop
        naming mid and rid in their packets once the first report came back.
        """
        self._by_mid = {section.mid: section for section in sections}
        self._signalled = {
            ssrc: section for section in self._by_mid.values() for ssrc in section.ssrcs
        }
        self._routes = {
            ssrc: route._replace(section=section)
            for ssrc, route in self._routes.items()
            if (section := self._by_mid.get(route.section.mid)) is not None
            and section.rids == route.section.rids
        }

    def known(self, ssrc: int) -> Route[S] | None:
        """The route of an SSRC that was learnt before."""
        return self._routes.get(ssrc)

    def learn(self, ssrc: int, *, payload_type: int, labels: Labels) -> Route[S] | None:
        """The route of a new SSRC; None when its packet does not say enough."""
        section = self._find_section(ssrc, payload_type, labels.mid)
        if section is None or len(self._routes) >= MAX_ROUTES:
            return None
        is_repair = payload_type == section.rtx_payload_type
        if not is_repair and payload_type != section.media_payload_type:
            return None
        layer = _find_layer(section, labels.repaired_rid if is_repair else labels.rid)
        if layer is None:
            return None
        route = Route(section, layer, is_repair)
        self._routes[ssrc] = route
        return route

    def _find_section(self, ssrc: int, payload_type: int, mid: str | None) -> S | None:
        if mid is not None:
            return self._by_mid.get(mid)
        if ssrc in self._signalled:
            return self._signalled[ssrc]
        found = [
            section
            for section in self._by_mid.values()
            if payload_type in {section.media_payload_type, section.rtx_payload_type}
        ]
        return found[0] if len(found) == 1 else None


def _find_layer(section: Section, rid: str | None) -> int | None:
    """A section with one encoding needs no rid; with several each packet must name one."""
    if not section.rids:
        return 0
    return section.rids.index(rid) if rid in section.rids else None
