"""Read a browser's description (RFC 8866, RFC 8829) within bounds; everything unknown is skipped.

Our own reader, because aiortc's knows neither rid nor simulcast and fails with five kinds of
exception on small damage. Here each failure is BadSdp.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

from media_relay.errors import BadSdp
from media_relay.sdp.description import (
    Description,
    Direction,
    Fingerprint,
    Format,
    MediaSection,
)

MAX_CHARS = 131_072
MAX_LINES = 8_000
MAX_SECTIONS = 128
MAX_FORMATS = 128
MAX_SSRCS = 32
MAX_LAYERS = 3  # further encodings of a simulcast are not answered
FORBIDDEN_PAYLOAD_TYPES = range(64, 96)  # they would look like RTCP (RFC 5761 section 4)

_MEDIA_LINE = re.compile(r"([a-z]{1,16}) (\d{1,5}) ([A-Za-z/]{1,32}) (.{1,2048})")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"(sha-\d{1,3}) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})")
_DIRECTIONS: dict[str, Direction] = {word: word for word in get_args(Direction)}


def parse_description(text: str) -> Description:
    """The description in `text`. Raises BadSdp for whatever is wrong with it."""
    if len(text) > MAX_CHARS:
        raise BadSdp(f"The description is longer than {MAX_CHARS} characters.")
    lines = text.splitlines()
    if len(lines) > MAX_LINES or not lines or lines[0] != "v=0":
        raise BadSdp("The description does not start with v=0 or has too many lines.")
    try:
        return _read(lines)
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise BadSdp("A line of the description cannot be read.") from error


@dataclass
class _Transport:
    """ICE and DTLS lines, which may stand at session or at media level."""

    ufrag: str = ""
    fingerprints: list[Fingerprint] = field(default_factory=list)
    setup: str = ""

    def take(self, name: str, value: str) -> None:
        if name == "ice-ufrag":
            if not _UFRAG.fullmatch(value):
                raise BadSdp("The ICE user fragment is malformed.")
            self.ufrag = value
        elif name == "setup":
            self.setup = value
        elif name == "fingerprint":
            match = _FINGERPRINT.fullmatch(value)
            if match is None:
                raise BadSdp("The fingerprint is malformed.")
            found = Fingerprint(algorithm=match[1].lower(), value=match[2].upper())
            if found not in self.fingerprints:
                self.fingerprints.append(found)


def _read(lines: list[str]) -> Description:
    session, groups = _split(lines)
    if not groups:
        raise BadSdp("The description has no media section.")
    if len(groups) > MAX_SECTIONS:
        raise BadSdp(f"The description has more than {MAX_SECTIONS} media sections.")
    shared = _Transport()
    bundle: tuple[str, ...] = ()
    for name, value in _attributes(session):
        shared.take(name, value)
        if name == "group" and value.startswith("BUNDLE"):
            bundle = tuple(value.split()[1:])
    media = tuple(_read_section(group, bundle) for group in groups)
    mids = [section.mid for section in media]
    if len(set(mids)) != len(mids):
        raise BadSdp("Two media sections have the same mid.")
    transport = _bundle_transport(shared, groups, media, bundle)
    return Description(
        media=media,
        bundle=bundle,
        ice_ufrag=transport.ufrag,
        fingerprints=tuple(transport.fingerprints),
        setup=transport.setup,
    )


def _split(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    session: list[str] = []
    groups: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            groups.append([line])
        elif groups:
            groups[-1].append(line)
        else:
            session.append(line)
    return session, groups


def _attributes(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            yield name, value.strip()


def _bundle_transport(
    shared: _Transport,
    groups: list[list[str]],
    media: tuple[MediaSection, ...],
    bundle: tuple[str, ...],
) -> _Transport:
    """The first section with a port of its own speaks for the bundle (RFC 9143 section 7.2)."""
    for group, section in zip(groups, media, strict=True):
        if section.port == 0 or (bundle and section.mid not in bundle):
            continue
        own = _Transport(shared.ufrag, list(shared.fingerprints), shared.setup)
        for name, value in _attributes(group):
            own.take(name, value)
        return own
    return shared


def _read_section(lines: list[str], bundle: tuple[str, ...]) -> MediaSection:
    match = _MEDIA_LINE.fullmatch(lines[0][2:].rstrip())
    if match is None:
        raise BadSdp("A media line is malformed.")
    attributes = list(_attributes(lines[1:]))
    names = {name for name, _ in attributes}
    kind = match[1]
    mid = next((value for name, value in attributes if name == "mid"), "")
    is_bundle_only = mid in bundle and "bundle-only" in names
    if not _TOKEN.fullmatch(mid):
        raise BadSdp("A media section has no usable mid.")
    direction: Direction = "sendrecv"
    for name, _ in attributes:
        if name in _DIRECTIONS:
            direction = _DIRECTIONS[name]
    return MediaSection(
        kind=kind,
        port=int(match[2]),
        is_bundle_only=is_bundle_only,
        protocol=match[3],
        first_format=_first_format(match[4]),
        mid=mid,
        direction=direction,
        formats=_read_formats(match[4], attributes) if kind in {"audio", "video"} else (),
        extensions=_read_extensions(attributes),
        ssrcs=_read_ssrcs(attributes),
        rtx_of=_read_rtx_groups(attributes),
        rids=_read_rids(attributes),
        # Nothing is bundled without it (RFC 9143 section 9.3), so that it may go without saying.
        has_rtcp_mux=is_bundle_only or "rtcp-mux" in names,
    )


def _first_format(listed: str) -> str:
    word = listed.split()[0]
    if not _TOKEN.fullmatch(word):
        raise BadSdp("A media line lists a malformed format.")
    return word


def _read_formats(listed: str, attributes: list[tuple[str, str]]) -> tuple[Format, ...]:
    payload_types = [int(word) for word in listed.split()]
    if len(payload_types) > MAX_FORMATS:
        raise BadSdp("A media section lists too many payload types.")
    for payload_type in payload_types:
        if not 0 <= payload_type <= 127 or payload_type in FORBIDDEN_PAYLOAD_TYPES:
            raise BadSdp("A payload type is out of range.")
    codecs: dict[int, tuple[str, int, int]] = {}
    parameters: dict[int, dict[str, str]] = {}
    feedback: dict[int, set[str]] = {}
    for name, value in attributes:
        number, _, rest = value.partition(" ")
        if name == "rtpmap":
            codecs[int(number)] = _read_codec(rest)
        elif name == "fmtp":
            parameters[int(number)] = _read_parameters(rest)
        elif name == "rtcp-fb":
            wanted = payload_types if number == "*" else [int(number)]
            for payload_type in wanted:
                feedback.setdefault(payload_type, set()).add(rest)
    return tuple(
        Format(
            payload_type,
            *codecs[payload_type],
            parameters=parameters.get(payload_type, {}),
            feedback=frozenset(feedback.get(payload_type, ())),
        )
        for payload_type in dict.fromkeys(payload_types)
        if payload_type in codecs
    )


def _read_codec(text: str) -> tuple[str, int, int]:
    name, clock_rate, *channels = text.split("/")
    return name.upper()[:32], int(clock_rate), int(channels[0]) if channels else 1


def _read_parameters(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def _read_extensions(attributes: list[tuple[str, str]]) -> dict[str, int]:
    extensions: dict[str, int] = {}
    for name, value in attributes:
        if name == "extmap":
            number, uri, *_ = value.split()
            identifier = int(number.partition("/")[0])
            if 1 <= identifier <= 255 and identifier != 15:
                extensions[uri] = identifier
    return extensions


def _read_ssrcs(attributes: list[tuple[str, str]]) -> tuple[int, ...]:
    found = dict.fromkeys(
        _read_ssrc(value.partition(" ")[0]) for name, value in attributes if name == "ssrc"
    )
    if len(found) > MAX_SSRCS:
        raise BadSdp("A media section names too many SSRCs.")
    return tuple(found)


def _read_rtx_groups(attributes: list[tuple[str, str]]) -> dict[int, int]:
    groups: dict[int, int] = {}
    for name, value in attributes:
        if name == "ssrc-group" and value.startswith("FID "):
            media, repair = value.split()[1:3]
            groups[_read_ssrc(media)] = _read_ssrc(repair)
    return groups


def _read_rids(attributes: list[tuple[str, str]]) -> tuple[str, ...]:
    """The encodings of a simulcast that is sent, in its order (RFC 8853 section 5.1).

    Of alternatives the first is taken; `~` (starts paused) makes no difference to the relay.
    """
    described = {
        words[0]
        for name, value in attributes
        if name == "rid" and len(words := value.split()) > 1 and words[1] == "send"
    }
    for name, value in attributes:
        words = value.split() if name == "simulcast" else []
        if "send" in words[:-1]:
            listed = words[words.index("send") + 1].split(";")
            rids = [entry.split(",")[0].removeprefix("~") for entry in listed]
            if not described.issuperset(rids) or not all(map(_RID.fullmatch, rids)):
                raise BadSdp("The simulcast names an encoding that is not described.")
            return tuple(dict.fromkeys(rids))[:MAX_LAYERS] if len(rids) > 1 else ()
    return ()


def _read_ssrc(text: str) -> int:
    ssrc = int(text)
    if not 0 <= ssrc < 2**32:
        raise BadSdp("An SSRC is out of range.")
    return ssrc
