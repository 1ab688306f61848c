"""Which media section a packet belongs to (RFC 9143 section 9.2)."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class Section(Protocol):
    """What routing needs to know of a media section."""

    @property
    def mid(self) -> str: ...
    @property
    def payload_types(self) -> tuple[int, ...]: ...
    @property
    def ssrcs(self) -> tuple[int, ...]: ...


S = TypeVar("S", bound=Section)


class SectionRouter(Generic[S]):
    """Learns SSRCs from the description, from mid extensions and from unique payload types."""

    def __init__(self, sections: Iterable[S]) -> None:
        self._by_mid = {section.mid: section for section in sections}
        self._by_ssrc = {
            ssrc: section for section in self._by_mid.values() for ssrc in section.ssrcs
        }

    def known(self, ssrc: int) -> S | None:
        """The section of an SSRC that was routed before or was signalled."""
        return self._by_ssrc.get(ssrc)

    def learn(self, ssrc: int, *, mid: str | None, payload_type: int) -> S | None:
        """The section of a new SSRC: by mid, else the only one with this payload type."""
        section = self._by_mid.get(mid) if mid is not None else self._only_one(payload_type)
        if section is not None:
            self._by_ssrc[ssrc] = section
        return section

    def _only_one(self, payload_type: int) -> S | None:
        found = [
            section for section in self._by_mid.values() if payload_type in section.payload_types
        ]
        return found[0] if len(found) == 1 else None
