"""Reading descriptions: what counts is found, what is broken is BadSdp and nothing else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_relay.errors import BadSdp
from media_relay.sdp.codecs import AV1, H264, OPUS, VP8, Codec, choose_codec
from media_relay.sdp.description import AUDIO_LEVEL, MID, Fingerprint
from media_relay.sdp.parse import MAX_CHARS, parse_description
from tests.media_relay.offers import CHROMIUM_OFFER, FIREFOX_OFFER


def test_parse_chromium_simulcast_offer() -> None:
    offer = parse_description(CHROMIUM_OFFER)

    audio, video, data = offer.media
    assert (offer.bundle, offer.ice_ufrag, offer.setup) == (("0", "1", "2"), "abcd", "actpass")
    assert offer.fingerprints == (Fingerprint("sha-256", ":".join(["A1"] * 32)),)
    assert (audio.kind, audio.mid, audio.direction, audio.ssrcs) == (
        "audio",
        "0",
        "sendonly",
        (1001,),
    )
    assert audio.extensions == {AUDIO_LEVEL: 1, MID: 4}
    assert video.rids == ("l", "m", "h")
    assert [entry.payload_type for entry in video.formats] == [96, 97, 102, 103, 98, 99]
    assert video.formats[0].feedback == {"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
    assert (data.kind, data.protocol, data.formats) == ("application", "UDP/DTLS/SCTP", ())


def test_parse_firefox_offer_counts_bundle_only_sections_as_offered() -> None:
    offer = parse_description(FIREFOX_OFFER)

    audio, video = offer.media
    assert (offer.bundle, offer.ice_ufrag, offer.setup) == (("0", "1"), "0f9ae9fa", "actpass")
    assert (audio.is_alive, audio.is_sending, audio.is_bundle_only) == (True, True, False)
    assert (video.is_alive, video.is_sending, video.is_bundle_only) == (True, True, True)
    assert (video.rids, video.ssrcs, video.rtx_of) == (("l", "m", "h"), (2001, 2002), {2001: 2002})


@pytest.mark.parametrize(
    ("old", "new", "is_alive"),
    [
        ("a=bundle-only\r\n", "", False),  # port 0 alone is a refusal
        ("BUNDLE 0 1", "BUNDLE 0", False),  # it means nothing outside the bundle
        ("m=video 0", "m=video 9", True),
        ("a=rtcp-mux\r\na=rtcp-rsize\r\n", "", True),  # the bundle's first section said it
    ],
)
def test_parse_section_without_a_port_lives_in_its_bundle_alone(
    old: str, new: str, *, is_alive: bool
) -> None:
    assert old in FIREFOX_OFFER

    video = parse_description(FIREFOX_OFFER.replace(old, new)).media[1]

    assert (video.is_alive, video.is_sending, video.has_rtcp_mux) == (is_alive, is_alive, True)


def test_parse_simulcast_takes_the_first_alternatives_and_three_layers() -> None:
    text = CHROMIUM_OFFER.replace(
        "a=rid:h send\r\na=simulcast:send l;m;h",
        "a=rid:h send\r\na=rid:x send\r\na=rid:r recv\r\na=simulcast:recv r send ~l;m,h;h;x",
    )

    video = parse_description(text).media[1]

    assert video.rids == ("l", "m", "h")


def test_parse_single_encoding_with_a_name_is_no_simulcast() -> None:
    text = CHROMIUM_OFFER.replace("a=simulcast:send l;m;h", "a=simulcast:send l")

    assert parse_description(text).media[1].rids == ()


def test_parse_session_level_transport_is_inherited() -> None:
    lines = [
        line for line in CHROMIUM_OFFER.splitlines() if "ice-" not in line and "finger" not in line
    ]
    shared = ["a=ice-ufrag:wxyz", "a=fingerprint:SHA-256 " + ":".join(["b2"] * 32)]
    at = lines.index("t=0 0") + 1

    with pytest.raises(BadSdp):
        parse_description("\n".join(lines[:at] + shared + lines[at:]))
    shared[1] = shared[1].replace("SHA", "sha")
    offer = parse_description("\n".join(lines[:at] + shared + lines[at:]))

    assert offer.ice_ufrag == "wxyz"
    assert offer.fingerprints == (Fingerprint("sha-256", ":".join(["B2"] * 32)),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("a=mid:1", "a=mid:0"),
        ("a=mid:1", "a=mid:two words"),
        ("a=mid:1\r\n", ""),
        ("m=video 9", "m=video nine"),
        ("a=simulcast:send l;m;h", "a=simulcast:send l;m;x"),
        ("a=simulcast:send l;m;h", "a=simulcast:send l;;h"),
        ("VP8/90000", "VP8/fast"),
        ("SAVPF 96 97", "SAVPF 72 97"),
        ("SAVPF 96 97", "SAVPF 300 97"),
        ("a=ssrc:1001", "a=ssrc:99999999999"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a"),
        ("A1:A1", "G1"),
        ("a=extmap:4 urn", "a=extmap:four urn"),
        ("a=extmap:2 http", "a=extmap:http"),
        ("a=rtpmap:98 VP9/90000", "a=rtpmap:98"),
        ("a=ssrc:1001 cname:x", "a=ssrc-group:FID 1001"),
    ],
)
def test_parse_small_damage_is_bad_sdp(old: str, new: str) -> None:
    assert old in CHROMIUM_OFFER

    with pytest.raises(BadSdp):
        parse_description(CHROMIUM_OFFER.replace(old, new))


@pytest.mark.parametrize(
    "text", ["", "v=0", "v=0\r\ns=-", "m=audio 9 X 1", "v=0\n" + "a=x\n" * MAX_CHARS]
)
def test_parse_no_description_is_bad_sdp(text: str) -> None:
    with pytest.raises(BadSdp):
        parse_description(text)


def test_parse_too_many_sections_is_bad_sdp() -> None:
    sections = "".join(f"m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:{index}\n" for index in range(200))

    with pytest.raises(BadSdp):
        parse_description("v=0\n" + sections)


def test_choose_codec_takes_the_browsers_first_unless_the_room_has_one() -> None:
    audio, video, data = parse_description(CHROMIUM_OFFER).media
    constrained = CHROMIUM_OFFER.replace("42001f", "42e01f")
    with_h264 = parse_description(constrained).media[1]
    h264_first = parse_description(
        constrained.replace("SAVPF 96 97 102 103", "SAVPF 102 103 96 97")
    ).media[1]

    opus = choose_codec(audio)
    assert opus is not None
    assert (opus.codec, opus.payload_type, opus.rtx_payload_type) == (OPUS, 111, None)
    vp8 = choose_codec(with_h264)
    assert vp8 is not None
    assert (vp8.codec, vp8.payload_type, vp8.rtx_payload_type) == (VP8, 96, 97)
    wished = choose_codec(with_h264, H264)
    assert wished is not None
    assert (wished.codec, wished.payload_type, wished.rtx_payload_type) == (H264, 102, 103)
    first = choose_codec(h264_first)
    assert first is not None
    assert first.codec is H264
    unconstrained = choose_codec(video, H264)
    assert unconstrained is not None
    assert unconstrained.codec is VP8  # 42001f is the full baseline profile
    assert choose_codec(data) is None


OPTIONAL_SECTION = """v=0
m=video 9 UDP/TLS/RTP/SAVPF 45 46 98 100 49 96
a=mid:0
a=rtpmap:45 AV1/90000
a=fmtp:45 level-idx=5;profile=1;tier=0
a=rtpmap:46 AV1/90000
a=fmtp:46 level-idx=5;profile=0;tier=0
a=rtpmap:98 VP9/90000
a=fmtp:98 profile-id=2
a=rtpmap:100 VP9/90000
a=rtpmap:49 H265/90000
a=fmtp:49 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST
a=rtpmap:96 VP8/90000
"""


def test_choose_codec_takes_main_profiles_and_nothing_that_is_refused() -> None:
    [section] = parse_description(OPTIONAL_SECTION).media
    refused: frozenset[Codec] = frozenset()
    chosen = []

    for _ in range(4):
        found = choose_codec(section, AV1, refused)
        assert found is not None
        chosen.append((found.codec.name, found.payload_type))
        refused |= {found.codec}

    assert chosen == [("AV1", 46), ("VP9", 100), ("H265", 49), ("VP8", 96)]
    assert choose_codec(section, AV1, refused) is None


@given(st.text(max_size=300))
def test_parse_any_text_is_read_or_bad_sdp(text: str) -> None:
    with contextlib.suppress(BadSdp):
        parse_description("v=0\n" + text)


@given(st.data())
def test_parse_mutated_offer_is_read_or_bad_sdp(data: st.DataObject) -> None:
    lines = CHROMIUM_OFFER.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        position = data.draw(st.integers(0, len(line)))
        kept = data.draw(st.integers(0, len(line) - position))
        lines[at] = line[:position] + data.draw(st.text(max_size=6)) + line[position + kept :]

    with contextlib.suppress(BadSdp):
        for section in parse_description("\r\n".join(lines)).media:
            choose_codec(section)
