"""Which codecs the relay forwards, and how it picks one of those that a browser offers."""

import re
from dataclasses import dataclass

from media_relay.sdp.description import Format, MediaSection


@dataclass(frozen=True)
class Codec:
    """A codec in the one form in which the relay receives and offers it.

    Payload types are those of the relay's own offers: the same in every section of a bundle must
    mean the same (RFC 9143 section 9.1), hence one form per codec.
    """

    name: str
    kind: str
    clock_rate: int
    channels: int
    payload_type: int
    rtx_payload_type: int | None
    fmtp: str
    feedback: tuple[str, ...]

    @property
    def rtpmap(self) -> str:
        """RFC 8866 section 6.6: channels are written for audio only."""
        name = self.name if self.kind == "video" else self.name.lower()
        channels = f"/{self.channels}" if self.kind == "audio" else ""
        return f"{name}/{self.clock_rate}{channels}"


_BASELINE = re.compile(r"42([0-9a-fA-F]{2})[0-9a-fA-F]{2}")
_MAIN_PROFILES = {"VP9": ("profile-id", "0"), "AV1": ("profile", "0"), "H265": ("profile-id", "1")}
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")

OPUS = Codec(
    name="OPUS",
    kind="audio",
    clock_rate=48_000,
    channels=2,
    payload_type=111,
    rtx_payload_type=None,
    fmtp="minptime=10;useinbandfec=1;usedtx=1",
    feedback=(),
)
VP8 = Codec(
    name="VP8",
    kind="video",
    clock_rate=90_000,
    channels=1,
    payload_type=96,
    rtx_payload_type=97,
    fmtp="",
    feedback=_VIDEO_FEEDBACK,
)
H264 = Codec(
    name="H264",
    kind="video",
    clock_rate=90_000,
    channels=1,
    payload_type=102,
    rtx_payload_type=103,
    fmtp="level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    feedback=_VIDEO_FEEDBACK,
)
VP9 = Codec(
    name="VP9",
    kind="video",
    clock_rate=90_000,
    channels=1,
    payload_type=98,
    rtx_payload_type=99,
    fmtp="profile-id=0",
    feedback=_VIDEO_FEEDBACK,
)
AV1 = Codec(
    name="AV1",
    kind="video",
    clock_rate=90_000,
    channels=1,
    payload_type=100,
    rtx_payload_type=101,
    fmtp="level-idx=5;profile=0;tier=0",
    feedback=_VIDEO_FEEDBACK,
)
H265 = Codec(
    name="H265",
    kind="video",
    clock_rate=90_000,
    channels=1,
    payload_type=104,
    rtx_payload_type=105,
    fmtp="level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST",
    feedback=_VIDEO_FEEDBACK,
)
CODECS = (OPUS, VP8, H264, VP9, AV1, H265)
# Every browser receives the others (RFC 7742 section 5); these go only where every viewer does.
OPTIONAL = frozenset({VP9, AV1, H265})


@dataclass(frozen=True)
class ChosenCodec:
    """A codec with the payload types and parameters of one peer's section."""

    codec: Codec
    payload_type: int
    rtx_payload_type: int | None
    feedback: frozenset[str]
    profile_level_id: str = ""


def choose_codec(
    section: MediaSection,
    preferred: Codec | None = None,
    refused: frozenset[Codec] = frozenset(),
) -> ChosenCodec | None:
    """The room's codec when the browser can, else the browser's first that the relay can.

    Never one that some viewer has `refused`.
    """
    usable = [
        (entry, codec)
        for entry in section.formats
        for codec in CODECS
        if codec.kind == section.kind and codec not in refused and _is_same(entry, codec)
    ]
    if not usable:
        return None
    entry, codec = next((pair for pair in usable if pair[1] is preferred), usable[0])
    return ChosenCodec(
        codec=codec,
        payload_type=entry.payload_type,
        rtx_payload_type=_rtx_of(section, entry),
        feedback=entry.feedback,
        profile_level_id=entry.parameters.get("profile-level-id", ""),
    )


def _is_same(entry: Format, codec: Codec) -> bool:
    if (entry.name, entry.clock_rate) != (codec.name, codec.clock_rate):
        return False
    if codec is H264:
        return _is_constrained_baseline(entry.parameters)
    # The main profiles: 8 bits (AV1: or 10), 4:2:0. They are what an absent parameter means.
    name, main = _MAIN_PROFILES.get(codec.name, ("", ""))
    return entry.parameters.get(name, main) == main


def _is_constrained_baseline(parameters: dict[str, str]) -> bool:
    """RFC 6184 section 8.1: profile 42 with constraint_set1, in packetization mode 1."""
    match = _BASELINE.fullmatch(parameters.get("profile-level-id", "42e01f"))
    if match is None or parameters.get("packetization-mode") != "1":
        return False
    return int(match[1], 16) & 0x40 != 0


def _rtx_of(section: MediaSection, media: Format) -> int | None:
    """The payload type of RFC 4588 retransmissions of `media`."""
    for entry in section.formats:
        if entry.name == "RTX" and entry.parameters.get("apt") == str(media.payload_type):
            return entry.payload_type
    return None
