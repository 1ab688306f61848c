"""A session description as data: the few facts of it that the relay uses."""

from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
VIDEO_CONTENT_TYPE = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"


@dataclass(frozen=True)
class Fingerprint:
    """A certificate's digest (RFC 8122 section 5)."""

    algorithm: str
    value: str


@dataclass(frozen=True)
class Format:
    """One payload type of a media section with its codec and parameters."""

    payload_type: int
    name: str  # in capitals: OPUS, VP8, H264, RTX
    clock_rate: int
    channels: int
    parameters: dict[str, str] = field(default_factory=dict)
    feedback: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MediaSection:
    """One m= section."""

    kind: str
    port: int
    is_bundle_only: bool  # takes the bundle's port, or none (RFC 9143 section 6)
    protocol: str
    first_format: str  # as written; a refused section repeats it
    mid: str
    direction: Direction
    formats: tuple[Format, ...]  # in the order of preference
    extensions: dict[str, int]
    ssrcs: tuple[int, ...]
    rtx_of: dict[int, int]  # SSRC of the media -> SSRC of its retransmissions (FID group)
    rids: tuple[str, ...]  # of a simulcast that is sent; empty where there is one encoding
    has_rtcp_mux: bool

    @property
    def is_alive(self) -> bool:
        """Neither refused nor over, which port 0 says of a section that is not bundle-only."""
        return self.port != 0 or self.is_bundle_only

    @property
    def is_sending(self) -> bool:
        return self.is_alive and self.direction in {"sendrecv", "sendonly"}

    @property
    def is_receiving(self) -> bool:
        return self.is_alive and self.direction in {"sendrecv", "recvonly"}


@dataclass(frozen=True)
class Description:
    """A whole offer or answer; transport facts are those of the bundle (RFC 9143)."""

    media: tuple[MediaSection, ...]
    bundle: tuple[str, ...]
    ice_ufrag: str
    fingerprints: tuple[Fingerprint, ...]
    setup: str

    def section(self, mid: str) -> MediaSection | None:
        """The section of this mid."""
        return next((section for section in self.media if section.mid == mid), None)
