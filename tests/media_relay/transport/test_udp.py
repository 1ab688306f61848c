"""Datagrams in and out, batched and one by one, over real sockets."""

import asyncio
import errno
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from media_relay.stats import Stats
from media_relay.transport import mmsg
from media_relay.transport.mmsg import Address, SocketName
from media_relay.transport.outbox import OutBatch, Outlet
from media_relay.transport.segments import MAX_SEGMENTS, find_starts
from media_relay.transport.srtp import OutboundSrtp, PacketBuffer
from media_relay.transport.turn import Turn
from media_relay.transport.udp import MAX_WAITING_SENDS, UdpSocket
from tests.media_relay.relay_process import eventually

KINDS = [True, False] if mmsg.is_supported() else [False]
batched_only = pytest.mark.skipif(not mmsg.is_supported(), reason="No sendmmsg on this platform.")
HEAD = bytes((0x80, 96)) + bytes(10)


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(2)
        yield opened


def outlet_to(batch: OutBatch, address: Address) -> Outlet:
    policy = Policy(
        key=bytes(44),
        ssrc_type=Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    )
    name = SocketName()
    name.set(address)
    return Outlet(OutboundSrtp(Session(policy)), name, batch)


def packet(sequence: int, size: int) -> tuple[bytes, bytes]:
    return HEAD[:2] + sequence.to_bytes(2, "big") + HEAD[4:], bytes((sequence & 0xFF,)) * size


@pytest.mark.parametrize("is_batched", KINDS)
async def test_listen_each_datagram_arrives_with_its_sender(
    peer: socket.socket, is_batched: bool
) -> None:
    stats = Stats()
    udp = UdpSocket("127.0.0.1", 0, stats, is_batched=is_batched)
    seen: list[tuple[bytes, Address]] = []
    udp.listen(lambda buffer, length, sender, _: seen.append((bytes(buffer.view[:length]), sender)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        sent = [(bytes((number,)) * (number + 1), number % 2) for number in range(150)]
        for data, who in sent:
            (other if who else peer).sendto(data, ("127.0.0.1", udp.port))
        peer.sendto(b"", ("127.0.0.1", udp.port))
        peer.sendto(bytes(1501), ("127.0.0.1", udp.port))

        async def have_come() -> bool:
            return stats.drops["oversized"] == 1

        await eventually(have_come, "all datagrams")
        names = peer.getsockname(), other.getsockname()
    udp.close()

    assert seen == [(data, names[who]) for data, who in sent]
    assert stats.drops == {"empty": 1, "oversized": 1}


@pytest.mark.parametrize(
    "address",
    [("192.0.2.7", 4711), ("2001:db8::7", 65535, 3, 0), ("fe80::1%lo", 9, 0, 1)],
)
def test_name_packed_and_read_again_is_the_same_address(address: Address) -> None:
    assert mmsg.unpack_name(mmsg.pack_name(address)) == address


@batched_only
@pytest.mark.parametrize("can_segment", [True, False])
async def test_flush_packets_of_many_sizes_arrive_in_order(
    peer: socket.socket, can_segment: bool
) -> None:
    udp = UdpSocket("127.0.0.1", 0, Stats())
    batch = udp.batch
    assert batch is not None
    batch.can_segment = batch.can_segment and can_segment
    outlet = outlet_to(batch, peer.getsockname())
    sizes = [1100] * 7 + [900, 900, 20, 1400, 1400, 1399]

    for sequence, size in enumerate(sizes):
        assert batch.append(outlet, *packet(sequence, size), 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    received = [peer.recv(2048) for _ in sizes]
    udp.close()

    assert [len(data) for data in received] == [12 + size + 16 for size in sizes]
    assert [data[3] for data in received] == list(range(len(sizes)))


class Kernel:
    """Takes what the test says: numbers of messages, or minus an errno."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []

    def send(self, _fd: int, _messages: int, count: int) -> int:
        self.asked.append(count)
        return self.answers.pop(0)


def batch_of(kernel: Kernel, kept: list[bytes], stats: Stats) -> OutBatch:
    return OutBatch(
        -1,
        name_length=16,
        send=kernel.send,
        keep=lambda data, _name: kept.append(data),
        turn=Turn(stats),
        stats=stats,
        can_segment=True,
    )


@batched_only
async def test_flush_what_the_kernel_does_not_take_is_kept_in_order() -> None:
    kernel, kept, stats = Kernel(1, -errno.EINTR, -errno.EAGAIN), [], Stats()
    batch = batch_of(kernel, kept, stats)
    outlets = [outlet_to(batch, ("127.0.0.1", 1000 + number)) for number in range(4)]

    for number, outlet in enumerate(outlets):
        batch.append(outlet, *packet(number, 100), 0)
    batch.flush()

    assert kernel.asked == [4, 3, 3]
    assert [data[3] for data in kept] == [1, 2, 3]
    assert not stats.drops


@batched_only
async def test_flush_message_refused_for_its_segments_goes_packet_by_packet() -> None:
    kernel, kept, stats = Kernel(-errno.EIO, 1), [], Stats()
    batch = batch_of(kernel, kept, stats)
    first, second = (outlet_to(batch, ("127.0.0.1", port)) for port in (1000, 1001))

    for number in range(3):
        batch.append(first, *packet(number, 100), 0)
    batch.append(second, *packet(3, 100), 0)
    batch.flush()

    assert kernel.asked == [2, 1]
    assert [data[3] for data in kept] == [0, 1, 2]
    assert not batch.can_segment
    assert stats.drops == {"segments_refused": 1}


@batched_only
@pytest.mark.parametrize("left_out", [0, 1, 3])
async def test_flush_what_was_left_out_is_neither_sent_nor_kept(left_out: int) -> None:
    kernel, kept, stats = Kernel(-errno.EAGAIN), [], Stats()
    batch = batch_of(kernel, kept, stats)
    first = outlet_to(batch, ("127.0.0.1", 1000))

    for number in range(4):
        batch.append(first, *packet(number, 100), 0)
    batch.leave_out(left_out)
    batch.flush()

    assert [data[3] for data in kept] == [number for number in range(4) if number != left_out]


@batched_only
async def test_flush_run_is_one_message_until_it_is_too_long_for_the_kernel() -> None:
    kernel, kept, stats = Kernel(1, -errno.EAGAIN), [], Stats()
    batch = batch_of(kernel, kept, stats)
    outlets = [outlet_to(batch, ("127.0.0.1", port)) for port in (1000, 1001)]
    for number in range(MAX_SEGMENTS + 10):
        batch.append(outlets[number >= 25], *packet(number, 100), 0)

    batch.flush()

    assert kernel.asked == [3, 2], "one message for each address, and a cut at MAX_SEGMENTS"
    assert [data[3] for data in kept] == list(range(25, MAX_SEGMENTS + 10))


@batched_only
async def test_flush_single_packet_refused_is_counted_and_the_rest_goes() -> None:
    kernel, kept, stats = Kernel(-errno.ENETUNREACH, 1), [], Stats()
    batch = batch_of(kernel, kept, stats)

    for number in range(2):
        outlet = outlet_to(batch, ("127.0.0.1", 1000 + number))
        batch.append(outlet, *packet(number, 100), 0)
    batch.flush()

    assert kernel.asked == [2, 1]
    assert (kept, stats.drops) == ([], {"send_refused": 1})


@pytest.mark.parametrize("is_batched", KINDS)
async def test_send_queue_is_bounded_and_the_newest_is_dropped(
    peer: socket.socket, is_batched: bool
) -> None:
    stats = Stats()
    udp = UdpSocket("127.0.0.1", 0, stats, is_batched=is_batched)
    for number in range(MAX_WAITING_SENDS + 3):
        udp._wait(number.to_bytes(2, "big"), peer.getsockname())

    assert udp.waiting == MAX_WAITING_SENDS
    assert stats.drops == {"send_queue_full": 3}
    await asyncio.sleep(0.05)
    assert udp.waiting == 0
    assert peer.recv(10) == b"\x00\x00"
    udp.close()


RUNS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from([40, 41, 900, 1100])), min_size=1)


@given(RUNS)
def test_find_starts_every_message_can_be_cut_by_the_kernel(
    packets: list[tuple[int, int]],
) -> None:
    starts = find_starts(*zip(*packets, strict=True))

    assert starts[0] == 0
    for start, end in zip(starts, [*starts[1:], len(packets)], strict=True):
        message = packets[start:end]
        assert 1 <= len(message) <= MAX_SEGMENTS
        assert len({name for name, _ in message}) == 1
        assert {length for _, length in message[:-1]} <= {message[0][1]}
        assert message[-1][1] <= message[0][1]


def test_find_starts_equal_packets_and_a_shorter_last_one_are_one_message() -> None:
    assert find_starts([1, 1, 1, 2, 2], [900, 900, 40, 900, 900]) == [0, 3]


def test_packet_buffer_address_is_where_c_writes() -> None:
    buffer = PacketBuffer(4)

    buffer.pointer[2] = b"x"

    assert (bytes(buffer.data), mmsg.read_name(buffer.address, 3)) == (b"\0\0x\0", b"\0\0x")
