"""Write the relay's two kinds of description: the publish answer and the subscribe offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from media_relay.sdp.codecs import OPTIONAL, VP8, ChosenCodec, Codec
from media_relay.sdp.description import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
    VIDEO_CONTENT_TYPE,
    VIDEO_ORIENTATION,
    Fingerprint,
    MediaSection,
)

# What the relay reads from publishers; the ids are those of the browser's offer. Asking for a
# video without its mid would leave a stream that has no a=ssrc line without a place.
WANTED_EXTENSIONS = {
    "audio": (MID, AUDIO_LEVEL),
    "video": (MID, ABS_SEND_TIME, TRANSPORT_CC, VIDEO_ORIENTATION, VIDEO_CONTENT_TYPE),
}
# Without the first a browser refuses an answer with simulcast; without the second the
# retransmissions of a layer cannot be told from those of another.
SIMULCAST_EXTENSIONS = (RTP_STREAM_ID, REPAIRED_RTP_STREAM_ID)
# What viewers get, under the ids of the relay's own offers. The mid is not offered: every section
# has its a=ssrc line, and a mid that is offered but absent from the packets shows no frame.
FORWARDED_EXTENSIONS = {AUDIO_LEVEL: 1, VIDEO_ORIENTATION: 2, VIDEO_CONTENT_TYPE: 3}
# Written by the relay: from it the viewer's browser estimates what its network carries (REMB).
SEND_TIME_ID = 4
_FORWARDED_BY_KIND = {
    "audio": (AUDIO_LEVEL,),
    "video": (VIDEO_ORIENTATION, VIDEO_CONTENT_TYPE),
}
_ANSWERED_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")


@dataclass(frozen=True)
class TransportLines:
    """ICE and DTLS as the relay signals them; the same in each section of a bundle."""

    ufrag: str
    password: str
    fingerprint: Fingerprint
    setup: str
    candidates: Sequence[tuple[str, int]]
    tcp_candidates: Sequence[tuple[str, int]] = ()

    def lines(self) -> list[str]:
        return [
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            f"a=fingerprint:{self.fingerprint.algorithm} {self.fingerprint.value}",
            f"a=setup:{self.setup}",
            *(
                f"a=candidate:{index} 1 udp {_priority(index)} {ip} {port} typ host"
                for index, (ip, port) in enumerate(self.candidates, start=1)
            ),
            *(
                f"a=candidate:{100 + index} 1 tcp {_tcp_priority(index)} {ip} {port}"
                " typ host tcptype passive"
                for index, (ip, port) in enumerate(self.tcp_candidates, start=1)
            ),
            "a=end-of-candidates",
        ]


@dataclass(frozen=True)
class AnsweredSection:
    """How one offered section is answered; without a codec it is refused."""

    offered: MediaSection
    chosen: ChosenCodec | None
    is_accepted: bool = False
    rids: tuple[str, ...] = ()  # the encodings that are taken; empty: the one there is


@dataclass(frozen=True)
class OfferedSection:
    """One section of a subscribe offer; an idle one waits for its next track."""

    mid: str
    codec: Codec
    is_active: bool
    stream_id: str
    track_id: str
    cname: str
    ssrc: int
    rtx_ssrc: int


def write_publish_answer(
    sections: Sequence[AnsweredSection],
    transport: Sequence[str],
    *,
    session_id: int,
    version: int,
) -> str:
    """The answer to a browser's offer, section by section in its order (RFC 3264 section 6)."""
    bundled = [entry.offered.mid for entry in sections if entry.chosen is not None]
    lines = _session_lines(bundled, session_id, version)
    for entry in sections:
        lines += _answer_section(entry, transport)
    return _join(lines)


def write_subscribe_offer(
    sections: Sequence[OfferedSection],
    transport: Sequence[str],
    *,
    session_id: int,
    version: int,
) -> str:
    """The relay's offer of all slots of a viewer, idle ones included."""
    lines = _session_lines([entry.mid for entry in sections], session_id, version)
    for entry in sections:
        lines += _offer_section(entry, transport)
    return _join(lines)


def _session_lines(bundled: Sequence[str], session_id: int, version: int) -> list[str]:
    return [
        "v=0",
        f"o=- {session_id} {version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        *([f"a=group:BUNDLE {' '.join(bundled)}"] if bundled else []),
        "a=msid-semantic: WMS *",
    ]


def _answer_section(entry: AnsweredSection, transport: Sequence[str]) -> list[str]:
    offered, chosen = entry.offered, entry.chosen
    if chosen is None:
        return [
            f"m={offered.kind} 0 {offered.protocol} {offered.first_format}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{offered.mid}",
            "a=inactive",
        ]
    codec = chosen.codec
    return [
        *_section_head(
            codec.kind,
            offered.mid,
            _payload_types(chosen),
        ),
        "a=recvonly" if entry.is_accepted else "a=inactive",
        *transport,
        *_codec_lines(
            codec,
            chosen.payload_type,
            chosen.rtx_payload_type,
            [word for word in _ANSWERED_FEEDBACK if word in chosen.feedback],
            chosen.profile_level_id,
        ),
        *(
            f"a=extmap:{offered.extensions[uri]} {uri}"
            for uri in WANTED_EXTENSIONS[codec.kind] + (SIMULCAST_EXTENSIONS if entry.rids else ())
            if uri in offered.extensions
        ),
        *(f"a=rid:{rid} recv" for rid in entry.rids),
        *([f"a=simulcast:recv {';'.join(entry.rids)}"] if entry.rids else []),
    ]


def _offer_section(entry: OfferedSection, transport: Sequence[str]) -> list[str]:
    codec = entry.codec
    # A viewer who cannot decode it answers with what stands beside it, and the section lives.
    listed = [codec, VP8] if codec in OPTIONAL else [codec]
    return [
        *_section_head(codec.kind, entry.mid, [*chain(*map(_payload_types, listed))]),
        "a=sendonly" if entry.is_active else "a=inactive",
        *transport,
        *(
            line
            for each in listed
            for line in _codec_lines(each, each.payload_type, each.rtx_payload_type, each.feedback)
        ),
        *(f"a=extmap:{FORWARDED_EXTENSIONS[uri]} {uri}" for uri in _FORWARDED_BY_KIND[codec.kind]),
        *([f"a=extmap:{SEND_TIME_ID} {ABS_SEND_TIME}"] if codec.kind == "video" else []),
        *(_source_lines(entry) if entry.is_active else []),
    ]


def _source_lines(entry: OfferedSection) -> list[str]:
    """RFC 5576 and RFC 8830: which SSRC carries which track of which stream."""
    lines = [f"a=msid:{entry.stream_id} {entry.track_id}"]
    ssrcs = [entry.ssrc]
    if entry.codec.rtx_payload_type is not None:
        lines.append(f"a=ssrc-group:FID {entry.ssrc} {entry.rtx_ssrc}")
        ssrcs.append(entry.rtx_ssrc)
    for ssrc in ssrcs:
        lines.append(f"a=ssrc:{ssrc} cname:{entry.cname}")
        lines.append(f"a=ssrc:{ssrc} msid:{entry.stream_id} {entry.track_id}")
    return lines


def _payload_types(codec: Codec | ChosenCodec) -> list[int]:
    rtx = [] if codec.rtx_payload_type is None else [codec.rtx_payload_type]
    return [codec.payload_type, *rtx]


def _section_head(kind: str, mid: str, payload_types: Sequence[int]) -> list[str]:
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payload_types))}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]


def _codec_lines(
    codec: Codec,
    payload_type: int,
    rtx_payload_type: int | None,
    feedback: Sequence[str],
    profile_level_id: str = "",
) -> list[str]:
    fmtp = codec.fmtp
    if profile_level_id:
        fmtp = ";".join(
            f"profile-level-id={profile_level_id}" if part.startswith("profile-level-id") else part
            for part in fmtp.split(";")
        )
    lines = [f"a=rtpmap:{payload_type} {codec.rtpmap}"]
    lines += [f"a=rtcp-fb:{payload_type} {word}" for word in feedback]
    lines += [f"a=fmtp:{payload_type} {fmtp}"] if fmtp else []
    if rtx_payload_type is not None:
        lines += [
            f"a=rtpmap:{rtx_payload_type} rtx/{codec.clock_rate}",
            f"a=fmtp:{rtx_payload_type} apt={payload_type}",
        ]
    return lines


def _priority(index: int) -> int:
    """RFC 8445 section 5.1.2.1: host preference 126, local preference by order, component 1."""
    return (126 << 24) + ((65_536 - index) << 8) + 255


def _tcp_priority(index: int) -> int:
    """RFC 6544 section 4.2: below every UDP candidate; passive is direction preference 4."""
    return (99 << 24) + (((4 << 13) + 8_192 - index) << 8) + 255


def _join(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
