"""What the relay writes, read back by aiortc and by ourselves."""

import pytest
from aiortc.sdp import SessionDescription

from media_relay.sdp.codecs import AV1, H265, OPUS, VP8, VP9, Codec, choose_codec
from media_relay.sdp.description import (
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
    Fingerprint,
)
from media_relay.sdp.parse import parse_description
from media_relay.sdp.write import (
    AnsweredSection,
    OfferedSection,
    TransportLines,
    write_publish_answer,
    write_subscribe_offer,
)
from tests.media_relay.offers import CHROMIUM_OFFER

TRANSPORT = TransportLines(
    ufrag="ufrag123",
    password="password-of-the-relay-0123",
    fingerprint=Fingerprint("sha-256", ":".join(["C3"] * 32)),
    setup="passive",
    candidates=[("127.0.0.1", 5_000), ("10.0.0.1", 5_000)],
).lines()


def answer_to_chromium(*, takes_layers: bool = True) -> str:
    sections = [
        AnsweredSection(
            offered=section,
            chosen=chosen,
            is_accepted=chosen is not None,
            rids=section.rids if takes_layers else (),
        )
        for section in parse_description(CHROMIUM_OFFER).media
        for chosen in [choose_codec(section)]
    ]
    return write_publish_answer(sections, TRANSPORT, session_id=7, version=2)


def test_publish_answer_keeps_the_browsers_numbers() -> None:
    answer = parse_description(answer_to_chromium())

    audio, video, data = answer.media
    assert (answer.bundle, answer.setup) == (("0", "1"), "passive")
    assert [section.direction for section in (audio, video)] == ["recvonly", "recvonly"]
    assert [entry.payload_type for entry in video.formats] == [96, 97]
    assert (audio.extensions[MID], audio.extensions[AUDIO_LEVEL]) == (4, 1)
    assert video.extensions[TRANSPORT_CC] == 3
    assert "transport-cc" in video.formats[0].feedback
    assert (data.port, data.first_format) == (0, "webrtc-datachannel")


def test_publish_answer_takes_the_layers_and_what_tells_them_apart() -> None:
    lines = answer_to_chromium().splitlines()

    assert [line for line in lines if line.startswith("a=rid")] == [
        "a=rid:l recv",
        "a=rid:m recv",
        "a=rid:h recv",
    ]
    assert lines.count("a=simulcast:recv l;m;h") == 1
    assert lines.count(f"a=extmap:10 {RTP_STREAM_ID}") == 1
    assert lines.count(f"a=extmap:11 {REPAIRED_RTP_STREAM_ID}") == 1


def test_publish_answer_without_layers_is_silent_about_them() -> None:
    text = answer_to_chromium(takes_layers=False)

    assert "simulcast" not in text
    assert "a=rid" not in text
    assert "rtp-stream-id" not in text


def test_publish_answer_names_the_relays_addresses_and_nobody_elses() -> None:
    text = answer_to_chromium()

    candidates = [line for line in text.splitlines() if line.startswith("a=candidate")]
    assert {line.split()[4] for line in candidates} == {"127.0.0.1", "10.0.0.1"}
    priorities = [int(line.split()[3]) for line in candidates[:2]]
    assert priorities[0] > priorities[1]
    assert "a=ice-lite" in text.splitlines()


def offered(mid: str, *, is_active: bool, video: Codec = VP8) -> OfferedSection:
    return OfferedSection(
        mid=mid,
        codec=video if is_active else OPUS,
        is_active=is_active,
        stream_id="person-1",
        track_id="track-1",
        cname="person-1",
        ssrc=11,
        rtx_ssrc=12,
    )


def test_subscribe_offer_is_understood_by_aiortc() -> None:
    text = write_subscribe_offer(
        [offered("0", is_active=True), offered("1", is_active=False)],
        TRANSPORT,
        session_id=7,
        version=1,
    )

    video, audio = SessionDescription.parse(text).media
    assert (video.direction, video.rtp.muxId, video.msid) == ("sendonly", "0", "person-1 track-1")
    assert [entry.ssrc for entry in video.ssrc] == [11, 12]
    assert [str(group) for group in video.ssrc_group] == ["FID 11 12"]
    assert [codec.mimeType for codec in video.rtp.codecs] == ["video/VP8", "video/rtx"]
    assert (audio.direction, audio.ssrc) == ("inactive", [])
    assert video.ice.iceLite
    assert "sdes:mid" not in text


@pytest.mark.parametrize("codec", [VP9, AV1, H265])
def test_subscribe_offer_of_what_only_some_decode_lists_vp8_beside_it(codec: Codec) -> None:
    section = offered("0", is_active=True, video=codec)

    text = write_subscribe_offer([section], TRANSPORT, session_id=7, version=1)

    [video] = parse_description(text).media
    assert [(entry.payload_type, entry.name) for entry in video.formats] == [
        (codec.payload_type, codec.name),
        (codec.rtx_payload_type, "RTX"),
        (96, "VP8"),
        (97, "RTX"),
    ]
    [read_by_aiortc] = SessionDescription.parse(text).media
    assert len(read_by_aiortc.rtp.codecs) == 4


def test_transport_lines_name_tcp_below_every_udp_candidate() -> None:
    lines = TransportLines(
        ufrag="u",
        password="p",
        fingerprint=Fingerprint("sha-256", "C3"),
        setup="passive",
        candidates=[("127.0.0.1", 5_000), ("10.0.0.1", 5_000)],
        tcp_candidates=[("127.0.0.1", 5_001)],
    ).lines()

    assert [line for line in lines if "candidate" in line] == [
        "a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host",
        "a=candidate:2 1 udp 2130706175 10.0.0.1 5000 typ host",
        "a=candidate:101 1 tcp 1671430143 127.0.0.1 5001 typ host tcptype passive",
        "a=end-of-candidates",
    ]
