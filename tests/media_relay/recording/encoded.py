"""Frames encoded by aiortc as packets of a source, and recorders to feed them to."""

import fractions
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.rtp import read_header
from media_relay.forwarding.source import SourceStream
from media_relay.protocol import RecordedFile
from media_relay.recording.disk import DiskWriter
from media_relay.recording.frames import make_assembler
from media_relay.recording.track import Desk, TrackRecorder
from media_relay.stats import Stats
from tests.media_relay import modern_codecs
from tests.media_relay.packets import rtp

SIZE = (128, 96)
RATE = 30
CLOCK_RATES = {
    **dict.fromkeys(("VP8", "VP9", "AV1", "H264", "H265"), 90_000),
    "OPUS": 48_000,
}
DRAFT = RecordedFile(
    file="-",
    recording="recording-1",
    room="room-1",
    participant="ann",
    source="camera",
    codec="VP8",
    media_type="",
    state="recording",
    ended="",
    started_at=0.0,
    duration_s=0.0,
    bytes=0,
    sha256="",
    gaps=(),
    clock=(),
)


def payloads(codec: str, frames: int, key_every: int = 3000) -> list[tuple[int, list[bytes]]]:
    """For each frame its RTP timestamp and the payloads that carry it."""
    if codec in modern_codecs.ENCODERS:
        pictures = (_picture(number).reformat(format="yuv420p") for number in range(frames))
        return list(modern_codecs.encode(codec, pictures, SIZE, key_every))
    kind = "audio" if codec == "OPUS" else "video"
    rate = CLOCK_RATES[codec]
    encoder = get_encoder(
        RTCRtpCodecParameters(
            mimeType=f"{kind}/{codec}", clockRate=rate, channels=2 if kind == "audio" else None
        )
    )
    made = _sound if kind == "audio" else _picture
    encoded = []
    for number in range(frames):
        force = number % key_every == 0
        packets, timestamp = encoder.encode(made(number), force_keyframe=force)
        encoded.append((timestamp, packets))
    return encoded


def new_stream(codec: str = "VP8") -> SourceStream:
    return SourceStream(ssrc=1, codec=codec, clock_rate=CLOCK_RATES[codec], extension_ids={})


def packets_of(
    codec: str,
    frames: int,
    *,
    offset: int = 0,
    key_every: int = 3000,
    source: SourceStream | None = None,
) -> list[StoredPacket]:
    """The packets as a source keeps them, times shifted by `offset`."""
    source = source or new_stream(codec)
    stored = []
    sequence = 100
    for timestamp, parts in payloads(codec, frames, key_every):
        for index, payload in enumerate(parts):
            raw = rtp(
                sequence=sequence,
                timestamp=timestamp + offset,
                marker=index == len(parts) - 1,
                payload=payload,
            )
            header = read_header(raw)
            assert header is not None
            packet = source.receive(raw, header, sequence / 1000)
            assert packet is not None
            stored.append(packet)
            sequence += 1
    return stored


def recorder(
    folder: Path, disk: DiskWriter, codec: str = "VP8", stats: Stats | None = None
) -> TrackRecorder:
    assembler = make_assembler(codec)
    assert assembler is not None
    return TrackRecorder(
        draft=DRAFT,
        clock_rate=CLOCK_RATES[codec],
        assembler=assembler,
        desk=Desk(folder, disk, lambda now: 1_796_000_000 + now, stats or Stats()),
    )


def record(folder: Path, packets: Iterable[StoredPacket], codec: str = "VP8") -> TrackRecorder:
    """Packets in the order given, each at its own time; all on the disk when it returns."""
    disk = DiskWriter(folder, 0)
    track = recorder(folder, disk, codec)
    kept = list(packets)
    track.switch(new_stream(codec), kept[0], 0.0)
    for packet in kept:
        now = (packet.timestamp - kept[0].timestamp) / CLOCK_RATES[codec]
        track.forward(packet, now)
        track.tick(now)
    track.finish()
    disk.close()
    if track.file is not None:
        track.file.close()  # and with it the lock
    return track


def frame_times_s(path: Path) -> list[float]:
    """What PyAV decodes; raises where the file cannot be read."""
    with av.open(str(path)) as container:
        return [round(float(frame.time), 3) for frame in container.decode()]


def _picture(number: int) -> av.VideoFrame:
    image = np.full((SIZE[1], SIZE[0], 3), 40 + number * 5 % 160, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    frame.pts = number * 90_000 // RATE
    frame.time_base = fractions.Fraction(1, 90_000)
    return frame


def _sound(number: int) -> av.AudioFrame:
    times = (np.arange(960) + number * 960) / 48_000
    wave = (np.sin(2 * np.pi * 440 * times) * 12_000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
    frame.pts, frame.sample_rate = number * 960, 48_000
    frame.time_base = fractions.Fraction(1, 48_000)
    return frame
