"""Chromium with VP9 and AV1: shown, switched, recorded, and given up for somebody who needs VP8."""

import asyncio
from pathlib import Path

import av
import pytest

from media_relay import protocol
from tests.media_relay.peers import Peer
from tests.media_relay.relay_process import eventually
from tests.media_relay.test_chromium import ROOM, CallPage, call_page, start_call

pytestmark = [pytest.mark.browser, pytest.mark.process]

CODECS = ["video/VP9", "video/AV1"]


async def codec_sent(call: CallPage) -> set[str]:
    figures = await call.page.evaluate("publishStats()")
    return {name for name in figures["codecs"] if name and name.startswith("video/")}


def play(file: Path) -> tuple[str, list[tuple[int, int]]]:
    """The name of the decoder, and the size of each picture."""
    with av.open(str(file)) as container:
        [stream] = container.streams.video
        sizes = [(frame.width, frame.height) for frame in container.decode(stream)]
        return stream.codec_context.name, sizes


@pytest.mark.parametrize("codec", CODECS)
async def test_chromium_layers_of_modern_codecs_are_switched_without_a_break(codec: str) -> None:
    async with call_page() as call:
        await call.look(180)
        await start_call(call, mimeType=codec, simulcast=True)

        for height, width in ((180, 320), (720, 1280), (360, 640), (720, 1280), (180, 320)):
            await call.look(height)
            await call.until_width(width)
            await call.more_frames("camera", 20)

        received = await call.received("camera")
        assert await codec_sent(call) == {codec}
        assert received["packetsLost"] == 0
        assert received["pliCount"] == 0  # to the viewer it was one unbroken stream


@pytest.mark.parametrize("codec", CODECS)
async def test_chromium_single_encoding_of_modern_codecs_is_decoded(codec: str) -> None:
    async with call_page() as call:
        await start_call(call, mimeType=codec)

        await call.more_frames("camera", 60)

        assert await codec_sent(call) == {codec}
        report = await call.client.do(protocol.Status)
        assert isinstance(report, protocol.StatusReport)
        assert report.counters["key_frames_in"] >= 1
        assert report.counters["faults"] == 0


@pytest.mark.parametrize(("codec", "decoder"), [("video/VP9", "vp9"), ("video/AV1", "av1")])
async def test_chromium_pictures_in_modern_codecs_are_recorded(
    tmp_path: Path, codec: str, decoder: str
) -> None:
    options = {"recordings-dir": str(tmp_path), "disk-reserve-mb": "0"}
    async with call_page(**options) as call:
        await start_call(call, mimeType=codec, simulcast=True)
        await call.page.evaluate("shareScreen()")  # in the codec of the room
        await call.until_width(1280)
        await call.more_frames("screen", 10)
        await call.client.do(
            protocol.StartRecording,
            room=ROOM,
            recording="recording-1",
            revision=1,
            tracks={"ann": ("camera", "screen")},
        )
        await call.more_frames("camera", 120)
        await call.client.do(protocol.StopRecording, room=ROOM, recording="recording-1")
        files = {}
        for source in ("camera", "screen"):
            ready = await call.client.wait_for(
                protocol.RecordingFileReady,
                lambda event, source=source: event.file.source == source,
            )
            files[source] = ready.file

    for source, file in files.items():
        name, sizes = play(tmp_path / f"{file.file}.webm")
        assert decoder in name
        assert len(sizes) > (60 if source == "camera" else 5)
        assert (file.codec, file.gaps) == (codec.removeprefix("video/"), ())
        if source == "camera":
            assert set(sizes) == {(1280, 720)}


async def test_chromium_goes_back_to_vp8_for_somebody_who_decodes_nothing_else() -> None:
    async with call_page() as call:
        await start_call(call, mimeType="video/VP9", simulcast=True)
        assert await codec_sent(call) == {"video/VP9"}
        cid = Peer("cid", call.client, ROOM)
        await cid.join()
        await cid.watch()

        wanted = await call.client.wait_for(protocol.OfferWanted)
        assert wanted.participant == "ann"
        before = call.tracks["camera"]
        await call.page.evaluate("negotiate()")

        async def is_offered_anew() -> bool:
            track = call.tracks.get("camera")
            return track is not None and track.publication != before.publication

        await eventually(is_offered_anew, "the camera under another codec")
        await asyncio.gather(
            call.more_frames("camera", 60),
            cid.frames_of(call.tracks["camera"].publication, at_least=20),
        )
        assert await codec_sent(call) == {"video/VP8"}
        await cid.close()
