"""Three layers on their way to one viewer: switches, losses, disorder, and numbers that wrap."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from media_relay.forwarding.forwarder import Forwarder
from media_relay.forwarding.layers import SILENT_S, TOP, LayerSet
from media_relay.forwarding.rtcp import SenderReport
from media_relay.forwarding.rtp import RtpHeader, read_header
from media_relay.forwarding.source import SourceStream
from media_relay.forwarding.vp8 import Vp8Payload, read_vp8
from tests.media_relay.packets import rtp, vp8

FRAME_S = 1 / 30
FRAME_TICKS = 3_000


@dataclass(frozen=True)
class Seen:
    """One packet as the viewer got it."""

    header: RtpHeader
    vp8: Vp8Payload
    tag: bytes  # layer and frame, as the camera wrote them
    data: bytes


@dataclass
class Screen:
    """A viewer that writes down every packet."""

    packets: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forwarder = Forwarder(
            send=self.take, payload_type=96, rtx_payload_type=None, clock_rate=90_000, now=0.0
        )

    def take(self, head: bytes, packet: bytes, start: int) -> bool:
        self.packets.append(head + packet[start:])
        return True

    def seen(self) -> list[Seen]:
        return [read(packet) for packet in self.packets]

    def layers(self) -> str:
        """The layers of the frames in the order in which they came, without repetitions."""
        names = [entry.tag[:1].decode() for entry in self.seen()]
        return "".join(
            name for name, before in zip(names, ["", *names], strict=False) if name != before
        )


def read(packet: bytes) -> Seen:
    header = read_header(packet)
    assert header is not None
    found = read_vp8(packet, header.payload_start, header.payload_end)
    return Seen(header, found, packet[-8:], packet)


class Camera:
    """A browser's three layers, each with its own random-looking beginnings near a wrap."""

    def __init__(self) -> None:
        self.layers = LayerSet(("l", "m", "h"), needs_key_frame=True)
        self.frame = 0
        self.ticks = 0
        self.now = 0.0
        self._sequences = [65_500, 65_530, 10]
        self._timestamps = [2**32 - 9_000, 12_345, 2**32 - 50_000]
        self._pictures = [0x7FF0, 0x7FFE, 40]
        self._tl0 = [250, 255, 3]

    def start(self, *indexes: int) -> None:
        for index in indexes:
            stream = SourceStream(
                ssrc=100 + index, codec="VP8", clock_rate=90_000, extension_ids={}
            )
            self.layers.replace_stream(self.layers.layers[index], stream, self.now)

    def report(self, *indexes: int) -> None:
        """Sender reports that tie the layers together."""
        for index in indexes:
            stream = self.layers.layers[index].stream
            assert stream is not None
            timestamp = self._timestamps[index] + self.ticks
            ntp = (1_000 << 32) + (self.ticks << 32) // 90_000
            stream.accept_sender_report(SenderReport(100 + index, ntp, timestamp), self.now)

    def shoot(
        self, *indexes: int, is_key: bool = False, packets: int = 2, lost: tuple[int, ...] = ()
    ) -> list[tuple[int, bytes]]:
        """The packets of one frame in these layers; `lost` ones are returned, not delivered."""
        kept_back = []
        for index in indexes:
            for part in range(packets):
                packet = self._packet(index, part, packets, is_key=is_key)
                if part in lost:
                    kept_back.append((index, packet))
                else:
                    self.deliver(index, packet)
        self.frame += 1
        self.wait(1)
        return kept_back

    def wait(self, frames: int) -> None:
        """Let time pass in which nothing is sent."""
        self.ticks += frames * FRAME_TICKS
        self.now += frames * FRAME_S
        self.layers.tick(self.now)

    def pad(self, index: int) -> None:
        """A packet of nothing but padding."""
        self.deliver(index, rtp(sequence=self._take(index), payload=b"", padding=9))

    def deliver(self, index: int, packet: bytes) -> None:
        layer = self.layers.layers[index]
        header = read_header(packet)
        assert header is not None
        assert layer.stream is not None
        stored = layer.stream.receive(packet, header, self.now)
        if stored is not None:
            self.layers.accept(layer, stored, self.now)

    def _packet(self, index: int, part: int, packets: int, *, is_key: bool) -> bytes:
        is_start = part == 0
        payload = vp8(
            self._pictures[index] + self.frame,
            self._tl0[index] + self.frame,
            is_key=is_key and is_start,
            is_start=is_start,
        )
        return rtp(
            sequence=self._take(index),
            timestamp=self._timestamps[index] + self.ticks,
            ssrc=100 + index,
            marker=part == packets - 1,
            payload=payload + b"%s%06d%d" % (b"lmh"[index : index + 1], self.frame, part),
        )

    def _take(self, index: int) -> int:
        self._sequences[index] += 1
        return self._sequences[index] - 1


def is_of_same_frame(before: Seen, after: Seen) -> bool:
    """A frame shown once more, to a viewer that comes back, counts as another one."""
    return before.tag[:-1] == after.tag[:-1] and after.tag > before.tag


def assert_unbroken(screen: Screen) -> None:
    """Numbers go on by one, frames by one picture, and time only forwards."""
    seen = screen.seen()
    for before, after in pairwise(seen):
        is_same_frame = is_of_same_frame(before, after)
        step = 0 if is_same_frame else 1
        assert (after.header.sequence - before.header.sequence) & 0xFFFF == 1
        assert (after.vp8.picture_id - before.vp8.picture_id) & 0x7FFF == step
        assert (after.vp8.tl0 - before.vp8.tl0) & 0xFF == step
        ticks = (after.header.timestamp - before.header.timestamp) & 0xFFFFFFFF
        assert ticks == 0 if is_same_frame else 0 < ticks < 2**31


def test_viewer_gets_the_best_layer_and_starts_at_its_key_frame() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.layers.add(screen.forwarder, 0.0)

    camera.shoot(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.shoot(0, 1, 2)

    assert [entry.tag[:7] for entry in screen.seen()[::2]] == [b"h000001", b"h000002"]
    assert_unbroken(screen)


def test_first_layer_that_comes_is_shown_until_a_better_one_has_a_key_frame() -> None:
    camera, screen = Camera(), Screen()
    camera.layers.add(screen.forwarder, 0.0)
    camera.start(0)
    camera.shoot(0, is_key=True)

    camera.start(2)
    camera.shoot(0, 2)
    camera.shoot(0, 2, is_key=True)

    assert screen.layers() == "lh"
    assert_unbroken(screen)


def test_wanted_layer_comes_at_its_key_frame_up_and_down() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.report(0, 1, 2)
    camera.layers.add(screen.forwarder, camera.now, wanted=0)

    for wanted in (2, 1, 0, TOP, 0):
        camera.shoot(0, 1, 2)
        camera.layers.want(screen.forwarder, wanted, camera.now)
        assert camera.layers.is_waited_for
        camera.shoot(0, 1, 2)
        camera.shoot(0, 1, 2, is_key=True)
        assert not camera.layers.is_waited_for

    assert screen.layers() == "lhmlhl"
    assert_unbroken(screen)
    ticks = {
        (after.header.timestamp - before.header.timestamp) & 0xFFFFFFFF
        for before, after in pairwise(screen.seen())
    }
    # The sender reports tell the layers' clocks exactly. One tick: a frame that was shown small
    # already comes once more in the larger layer.
    assert ticks == {0, 1, FRAME_TICKS}


def test_changed_mind_before_the_key_frame_keeps_the_layer() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.layers.add(screen.forwarder, camera.now, wanted=1)

    camera.layers.want(screen.forwarder, 2, camera.now)
    camera.layers.want(screen.forwarder, 1, camera.now)
    camera.shoot(0, 1, 2, is_key=True)

    assert screen.layers() == "m"


def test_joiner_is_served_from_the_last_key_frame() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.shoot(0, 1, 2)

    camera.layers.add(screen.forwarder, camera.now)

    assert [entry.tag[:7] for entry in screen.seen()[::2]] == [b"h000000", b"h000001"]
    assert not camera.layers.is_waited_for
    assert_unbroken(screen)


def test_viewer_that_does_not_catch_up_begins_with_the_next_key_frame() -> None:
    """A recorder: what was sent before it was announced is not for it."""
    camera, screen = Camera(), Screen()
    camera.start(2)
    camera.shoot(2, is_key=True)
    camera.shoot(2)

    camera.layers.add(screen.forwarder, camera.now, catches_up=False)
    camera.shoot(2)
    before, is_waited_for = len(screen.packets), camera.layers.is_waited_for
    camera.shoot(2, is_key=True)

    assert (before, is_waited_for) == (0, True)
    assert screen.layers() == "h"


def test_layer_that_falls_silent_is_left_for_one_that_sends() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.layers.add(screen.forwarder, camera.now)

    for _ in range(int(SILENT_S / FRAME_S) + 2):
        camera.shoot(0, 1)
    assert camera.layers.is_waited_for
    camera.shoot(0, 1, is_key=True)
    camera.shoot(0, 1, 2, is_key=True)  # it is back, and so is the viewer
    camera.shoot(0, 1, 2)

    assert screen.layers() == "hmh"
    assert_unbroken(screen)


def test_only_layer_that_stands_still_is_not_left() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0)
    camera.shoot(0, is_key=True)
    camera.layers.add(screen.forwarder, camera.now)

    camera.wait(150)
    camera.shoot(0)

    assert not camera.layers.is_waited_for
    assert_unbroken(screen)


def test_nothing_wanted_nothing_sent() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.layers.add(screen.forwarder, camera.now, wanted=None)
    camera.shoot(0, 1, 2, is_key=True)
    assert camera.layers.needed == frozenset()

    camera.layers.want(screen.forwarder, 1, camera.now)

    assert screen.layers() == "m"
    assert camera.layers.needed == {0, 1}


def test_needed_layer_stays_until_its_viewers_have_moved() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.layers.add(screen.forwarder, camera.now)

    camera.layers.want(screen.forwarder, 1, camera.now)
    assert camera.layers.needed == {0, 1, 2}
    camera.shoot(0, 1, 2, is_key=True)

    assert camera.layers.needed == {0, 1}


def test_pause_stops_and_goes_on_at_a_key_frame() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.layers.add(screen.forwarder, camera.now)

    camera.layers.pause(True, camera.now)
    camera.shoot(0, 1, 2)
    assert len(screen.packets) == 2
    camera.layers.pause(False, camera.now)
    camera.shoot(0, 1, 2, is_key=True)

    assert screen.seen()[-1].tag[:7] == b"h000002"


def test_stream_of_a_new_connection_goes_on_at_its_key_frame() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)
    camera.layers.add(screen.forwarder, camera.now)

    camera.layers = camera.layers.successor(("l", "m", "h"), camera.now)
    camera.start(0, 1, 2)
    camera.shoot(0, 1, 2)
    camera.shoot(0, 1, 2, is_key=True)

    assert screen.seen()[-1].tag[:7] == b"h000002"


def test_late_padding_leaves_no_hole() -> None:
    camera, screen = Camera(), Screen()
    camera.start(0)
    camera.layers.add(screen.forwarder, camera.now)
    camera.shoot(0, is_key=True)
    late = rtp(sequence=camera._take(0), payload=b"", padding=9)
    camera.shoot(0)

    camera.deliver(0, late)

    numbers = sorted(entry.header.sequence for entry in screen.seen())
    assert numbers == list(range(numbers[0], numbers[0] + 5))


STEPS = st.one_of(
    st.tuples(st.just("frame"), st.booleans(), st.integers(1, 3)),
    st.tuples(st.just("want"), st.sampled_from([None, 0, 1, 2, TOP]), st.just(0)),
    st.tuples(st.just("pad"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("report"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
)


@settings(max_examples=150)
@given(st.lists(STEPS, min_size=1, max_size=60))
def test_any_switching_without_loss_is_one_unbroken_stream(
    steps: list[tuple[str, object, int]],
) -> None:
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.layers.add(screen.forwarder, camera.now)
    for kind, value, packets in steps:
        play(camera, screen, kind, value, packets)

    seen = screen.seen()
    for before, after in pairwise(seen):
        assert (after.header.sequence - before.header.sequence) & 0xFFFF == 1
        is_same_frame = is_of_same_frame(before, after)
        ticks = (after.header.timestamp - before.header.timestamp) & 0xFFFFFFFF
        assert ticks == 0 if is_same_frame else 0 < ticks < 2**31
        if not is_same_frame:
            assert (after.vp8.picture_id - before.vp8.picture_id) & 0x7FFF == 1
            assert (after.vp8.tl0 - before.vp8.tl0) & 0xFF == 1
            if before.tag[:1] != after.tag[:1]:
                assert after.vp8.is_key_frame_start


def play(camera: Camera, screen: Screen, kind: str, value: object, packets: int) -> None:
    if kind == "frame":
        camera.shoot(0, 1, 2, is_key=bool(value), packets=packets)
    elif kind == "want":
        assert value is None or isinstance(value, int)
        camera.layers.want(screen.forwarder, value, camera.now)
    elif kind == "pad":
        assert isinstance(value, int)
        camera.pad(value)
    elif kind == "report":
        assert isinstance(value, int)
        camera.report(value)
    else:
        assert isinstance(value, int)
        camera.wait(value)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.booleans(),  # key frame
            st.sampled_from([None, None, 0, 1, 2]),  # change of mind
            st.sets(st.integers(0, 2)),  # parts lost on the way to the relay
            st.integers(0, 4),  # frames until they are repaired; 4: never
        ),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_any_loss_and_disorder_never_gives_one_number_two_contents(
    frames: list[tuple[bool, int | None, set[int], int]], chance: object
) -> None:
    """AES-GCM breaks when one number is used for two plaintexts, answers to NACKs included."""
    camera, screen = Camera(), Screen()
    camera.start(0, 1, 2)
    camera.layers.add(screen.forwarder, camera.now)
    repairs: list[tuple[int, int, bytes]] = []
    for is_key, wanted, lost, delay in frames:
        if wanted is not None:
            camera.layers.want(screen.forwarder, wanted, camera.now)
        kept = camera.shoot(0, 1, 2, is_key=is_key, packets=3, lost=tuple(lost))
        chance.shuffle(kept)  # type: ignore[attr-defined]
        repairs += [(camera.frame + delay, index, packet) for index, packet in kept if delay < 4]
        for due, index, packet in list(repairs):
            if due <= camera.frame:
                repairs.remove((due, index, packet))
                camera.deliver(index, packet)
                camera.deliver(index, packet)  # and once more, as bandwidth probes do
        numbers = {entry.header.sequence for entry in screen.seen()}
        asked = {number + step & 0xFFFF for number in numbers for step in (-1, 0, 1)}
        screen.forwarder.resend(sorted(asked), camera.now)

    contents: dict[int, bytes] = {}
    frames_seen: dict[int, int] = {}
    for entry in screen.seen():
        assert contents.setdefault(entry.header.sequence, entry.data) == entry.data
        timestamp = frames_seen.setdefault(entry.vp8.picture_id, entry.header.timestamp)
        assert timestamp == entry.header.timestamp
