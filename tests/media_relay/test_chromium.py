"""Real Chromium through a real relay: frames are decoded and sound has energy."""

import asyncio
import contextlib
import json
import statistics
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from media_relay import protocol
from tests.media_relay.faults import bad_path, inject
from tests.media_relay.relay_process import ControlClient, control_client, eventually, running_relay

pytestmark = [pytest.mark.browser, pytest.mark.process]

CHROMIUM = "/usr/bin/chromium"
SCRIPT = (Path(__file__).parent / "chromium_page.js").read_text(encoding="utf-8")
ROOM = "room-1"
FLAGS = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=30",
    "--autoplay-policy=no-user-gesture-required",
]


@dataclass
class CallPage:
    """The page, the control client behind it, and what the offers said."""

    page: Page
    client: ControlClient
    media: tuple[str, int]  # where the relay takes datagrams
    media_tcp: tuple[str, int]
    rewrite_answer: Callable[[str], str] = str
    rewrite_offer: Callable[[str], str] = str
    tracks: dict[str, protocol.TrackInfo] = field(default_factory=dict)  # by source

    async def publish(self, sdp: str, sources: dict[str, protocol.Source]) -> str:
        answer = await self.client.do(
            protocol.PublishOffer, room=ROOM, participant="ann", sdp=sdp, sources=sources
        )
        assert isinstance(answer, protocol.PublishAnswer)
        return self.rewrite_answer(answer.sdp)

    async def answer(self, generation: int, sdp: str) -> None:
        await self.client.do(
            protocol.SubscribeAnswer,
            room=ROOM,
            participant="ben",
            generation=generation,
            sdp=sdp,
        )

    async def carry_offers(self) -> None:
        seen = 0
        while True:
            offer = await self.client.wait_for(
                protocol.SubscribeOffer,
                lambda event, seen=seen: event.generation > seen,
                limit_s=3600,
            )
            seen = offer.generation
            self.tracks = {track.source: track for track in offer.tracks}
            sdp = self.rewrite_offer(offer.sdp)
            await self.page.evaluate("([g, sdp]) => takeOffer(g, sdp)", [seen, sdp])

    async def carry_wanted_layers(self) -> None:
        """As the room page does: encode only what is watched."""
        seen = 0
        while True:
            wanted = await self.client.wait_for(
                protocol.LayersWanted, lambda event, seen=seen: event.seq > seen, limit_s=3600
            )
            seen = wanted.seq
            await self.page.evaluate(
                "([source, layers]) => takeLayers(source, layers)",
                [wanted.source, list(wanted.layers)],
            )

    async def look(self, height: int) -> None:
        """The camera's tile has this height now; 0: it is hidden."""
        tile = protocol.ViewTile(
            participant="ann",
            source="camera",
            width=height * 16 // 9,
            height=height,
            is_stage=True,
        )
        await self.client.do(
            protocol.SetView, room=ROOM, participant="ben", tiles=(tile,) if height else ()
        )

    async def is_width(self, width: int) -> bool:
        return bool((await self.received("camera")).get("frameWidth") == width)

    async def until_width(self, width: int) -> None:
        # On a busy machine a browser sees queues where there are none, and trials take their time.
        await eventually(lambda: self.is_width(width), f"a picture {width} wide", limit_s=45)

    async def distance_ms(self) -> float:
        """By how much the picture is ahead of the sound, on the speaker's clock."""
        samples = []
        while len(samples) < 11:
            received = await self.page.evaluate("receivedByMid()")
            sound, picture = (
                received[self.tracks[source].mid]["playing"] for source in ("microphone", "camera")
            )
            if sound and picture:
                samples.append(picture - sound)
            await asyncio.sleep(0.1)
        return statistics.median(samples)

    async def received(self, source: str) -> dict[str, Any]:
        received = await self.page.evaluate("receivedByMid()")
        track = self.tracks.get(source)
        return received.get(track.mid, {}) if track is not None else {}

    async def until_played(self) -> None:
        """The picture reaches the screen and the sound has energy."""

        async def played() -> bool:
            before = await self.page.evaluate("playedByMid()")
            after = await self.page.evaluate("playedByMid()")
            picture, sound = (self.tracks[source].mid for source in ("camera", "microphone"))
            frames = [played[picture]["frames"] for played in (before, after)]
            return frames[1] > frames[0] and after[sound]["level"] > 0.001

        await eventually(played, "a picture that moves and sound that is heard")

    async def more_frames(self, source: str, count: int = 30) -> None:
        before = (await self.received(source)).get("framesDecoded", 0)

        async def decoded() -> bool:
            return (await self.received(source)).get("framesDecoded", 0) >= before + count

        await eventually(decoded, f"decoding {count} more frames of {source}")


@contextlib.asynccontextmanager
async def call_page(
    rtc_configuration: Mapping[str, Any] | None = None, **relay_options: str
) -> AsyncIterator[CallPage]:
    async with (
        running_relay(**relay_options) as relay,
        control_client(relay) as client,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.route(
            "http://localhost/", lambda route: route.fulfill(body="", content_type="text/html")
        )
        await page.goto("http://localhost/")
        call = CallPage(page, client, relay.media, relay.media_tcp or ("", 0))
        await page.expose_function("relayPublish", call.publish)
        await page.expose_function("relayAnswer", call.answer)
        configuration = json.dumps(rtc_configuration or {})
        await page.add_script_tag(content=f"const rtcConfiguration = {configuration};\n{SCRIPT}")
        await client.do(protocol.OpenRoom, room=ROOM)
        for name, sources in (("ann", protocol.SOURCES), ("ben", ())):
            await client.do(protocol.JoinRoom, room=ROOM, participant=name, may_publish=sources)
        offers = asyncio.create_task(call.carry_offers())
        try:
            yield call
        finally:
            offers.cancel()
            await asyncio.gather(offers, return_exceptions=True)
            await browser.close()


async def start_call(call: CallPage, **options: Any) -> None:
    await call.page.evaluate("(options) => publishDevices(options)", options)
    await call.client.do(protocol.Subscribe, room=ROOM, participant="ben")
    await call.more_frames("camera")


async def test_chromium_vp8_and_opus_are_decoded_and_heard() -> None:
    async with call_page() as call:
        await start_call(call)

        async def is_heard() -> bool:
            return bool((await call.received("microphone")).get("totalAudioEnergy", 0) > 0)

        await eventually(is_heard, "hearing the microphone")
        figures = await call.page.evaluate("publishStats()")
        assert sorted(figures["codecs"]) == ["audio/opus", "video/VP8"]
        assert figures["dtlsRole"] == "client"
        # Newer versions of Chromium leave the prefix out.
        assert figures["srtpCipher"].removeprefix("SRTP_") == "AEAD_AES_256_GCM"
        assert (await call.received("camera"))["packetsLost"] == 0


async def test_chromium_transport_feedback_raises_the_bandwidth_estimate() -> None:
    async with call_page() as call:
        await start_call(call)

        async def is_estimated() -> bool:
            figures = await call.page.evaluate("publishStats()")
            return bool(1_000_000 < figures["availableOutgoingBitrate"] <= 5_000_000)

        await eventually(is_estimated, "an estimate above 1 Mbps and within the cap")


async def test_chromium_h264_preferred_is_decoded() -> None:
    async with call_page() as call:
        await start_call(call, mimeType="video/H264")

        figures = await call.page.evaluate("publishStats()")
        assert "video/H264" in figures["codecs"]


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_chromium_three_layers_are_taken_and_the_largest_is_shown(codec: str) -> None:
    async with call_page() as call:
        await start_call(call, mimeType=codec, simulcast=True)

        async def are_sent() -> bool:
            layers = await call.page.evaluate("sentLayers()")
            return all(layers[rid]["framesSent"] > 30 for rid in "lmh")

        async def is_largest_shown() -> bool:
            return bool((await call.received("camera"))["frameWidth"] == 1280)

        await eventually(are_sent, "three layers being sent")
        await eventually(is_largest_shown, "the largest layer")
        report = await call.client.do(protocol.Status)
        assert isinstance(report, protocol.StatusReport)
        assert report.drops.get("unrouted", 0) == 0
        assert report.counters["faults"] == 0
        assert (await call.received("camera"))["packetsLost"] == 0


async def test_chromium_tile_that_grows_and_shrinks_is_suited_and_stays_in_step_with_sound() -> (
    None
):
    async with call_page() as call:
        await call.look(180)
        await start_call(call, simulcast=True)
        distances = {}

        sizes = ((180, 320), (720, 1280), (360, 640), (720, 1280), (180, 320))
        for step, (height, width) in enumerate(sizes):
            await call.look(height)
            await call.until_width(width)
            await call.more_frames("camera", 30)
            distances[step, width] = await call.distance_ms()

        received = await call.received("camera")
        assert received["packetsLost"] == 0
        assert received["pliCount"] == 0  # to the viewer it was one unbroken stream
        # Two frames and the sound's own buffer; an unmapped clock would be off by seconds.
        assert {case: ms for case, ms in distances.items() if abs(ms) > 120} == {}


async def test_chromium_ten_percent_loss_both_ways_still_plays() -> None:
    async with call_page(**{"allow-faults": ""}) as call:
        await start_call(call, simulcast=True)
        await call.until_width(1280)
        before = await call.received("camera")
        heard = (await call.received("microphone"))["totalAudioEnergy"]

        lossy = bad_path(loss_percent=10)
        await inject(call.client, incoming=lossy, outgoing=lossy)
        await call.more_frames("camera", 200)

        after = await call.received("camera")
        assert after["repaired"] > before["repaired"]
        assert after["frameWidth"] > 0
        assert (await call.received("microphone"))["totalAudioEnergy"] > heard


async def test_chromium_narrow_network_gets_a_smaller_picture_and_then_the_large_one_again() -> (
    None
):
    async with call_page(**{"allow-faults": ""}) as call:
        await start_call(call, simulcast=True)
        await call.until_width(1280)

        await inject(call.client, participant="ben", room=ROOM, outgoing=bad_path(cap_bps=500_000))

        async def is_smaller() -> bool:
            return bool(0 < (await call.received("camera"))["frameWidth"] < 1280)

        await eventually(is_smaller, "a smaller picture")
        await call.more_frames("camera", 60)
        await inject(call.client)
        await eventually(
            lambda: call.is_width(1280), "the large picture on a good network", limit_s=40
        )


async def test_chromium_encodes_only_what_is_watched() -> None:
    async with call_page() as call:
        carrying = asyncio.create_task(call.carry_wanted_layers())
        try:
            await call.look(180)
            await start_call(call, simulcast=True)

            async def active(wanted: str) -> bool:
                layers = await call.page.evaluate("sentLayers()")
                return {rid for rid, layer in layers.items() if layer["active"]} == set(wanted)

            await eventually(lambda: active("l"), "only the smallest layer")
            await call.look(720)
            await eventually(lambda: active("lh"), "the smallest and the largest layer")
            await call.until_width(1280)
            await call.look(0)
            await eventually(lambda: active(""), "no layer at all")
            await call.look(360)
            await call.until_width(640)
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)


async def test_chromium_screen_share_comes_goes_and_comes_again() -> None:
    async with call_page() as call:
        await start_call(call)

        await call.page.evaluate("shareScreen()")
        await call.more_frames("screen", 10)
        first = call.tracks["screen"]
        await call.page.evaluate("stopScreen()")
        await call.client.wait_for(
            protocol.PublicationEnded, lambda event: event.publication == first.publication
        )
        await call.more_frames("camera")
        await call.page.evaluate("shareScreen()")

        async def is_offered_again() -> bool:
            again = call.tracks.get("screen")
            return again is not None and again.publication != first.publication

        await eventually(is_offered_again, "the second screen share")
        assert call.tracks["screen"].mid == first.mid
        await call.more_frames("screen", 10)


async def test_chromium_who_comes_back_is_seen_and_heard_again() -> None:
    """In the sections that were used before: decoding is not enough, it must reach the screen."""
    async with call_page() as call:
        await start_call(call)
        await call.until_played()
        first = dict(call.tracks)
        await call.page.evaluate("stopDevices()")
        for track in first.values():
            await call.client.wait_for(
                protocol.PublicationEnded,
                lambda event, ended=track.publication: event.publication == ended,
            )

        await call.page.evaluate("publishDevices({})")

        async def is_offered_again() -> bool:
            return all(
                source in call.tracks and call.tracks[source].publication != track.publication
                for source, track in first.items()
            )

        await eventually(is_offered_again, "the tracks of the one who came back")
        assert {track.mid for track in call.tracks.values()} == {
            track.mid for track in first.values()
        }
        await call.until_played()


async def test_chromium_ice_restart_keeps_the_picture() -> None:
    async with call_page() as call:
        await start_call(call)

        await call.page.evaluate("restartIce()")

        await call.more_frames("camera", 60)
        report = await call.client.do(protocol.Status)
        assert isinstance(report, protocol.StatusReport)
        assert report.counters["ice_restarts"] == 1
        assert report.counters["address_changes"] >= 1  # the browser comes from a new port
        assert report.counters["handshakes"] == 2
        # Freezes are not counted: on a busy machine the decoder alone causes them.
        assert (await call.received("camera"))["packetsLost"] == 0
