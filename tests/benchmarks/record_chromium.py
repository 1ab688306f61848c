"""`python -m tests.benchmarks.record_chromium`: how Chromium sends its 720p camera.

A real Chromium publishes through a real relay; what it sends is read off the loopback interface,
which takes Linux and root. The RTP header is not encrypted: it gives size, time and the ends of
frames.
"""

import asyncio
import json
import socket
import time

from tests.benchmarks.traffic import TRACE
from tests.media_relay.test_chromium import call_page, start_call

WARM_UP_S = 8.0  # the estimate has risen and the picture has its full size
RECORD_S = 4.0
ETHERNET, IP, UDP, TAG = 14, 20, 8, 16


def record(seconds: float) -> list[tuple[float, int, bool]]:
    """The largest video stream that goes to the relay: time, payload bytes, end of frame."""
    streams: dict[tuple[int, bytes], list[tuple[float, int, bool]]] = {}
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as tap:
        tap.bind(("lo", 0))
        tap.settimeout(0.5)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frame, sender = tap.recvfrom(65_536)
            data = frame[ETHERNET + IP + UDP :]
            # Loopback shows each packet twice: once as it leaves.
            if sender[2] != socket.PACKET_OUTGOING or frame[23] != 17 or len(data) < 200:
                continue
            if data[0] >> 6 != 2 or 192 <= data[1] < 224:
                continue
            header = 12 + 4 * (data[0] & 15)
            if data[0] & 0x10:
                header += 4 + 4 * int.from_bytes(data[header + 2 : header + 4], "big")
            port = int.from_bytes(frame[ETHERNET + IP + 2 : ETHERNET + IP + 4], "big")
            packet = time.monotonic(), len(data) - header - TAG, data[1] >= 0x80
            streams.setdefault((port, data[8:12]), []).append(packet)
    # The relay sends the same picture on to the page, in messages of several packets: not these.
    sent = [packets for packets in streams.values() if max(size for _, size, _ in packets) < 1300]
    return max(sent, key=lambda packets: sum(size for _, size, _ in packets))


async def main() -> None:
    async with call_page() as call:
        await start_call(call, simulcast=True)
        await asyncio.sleep(WARM_UP_S)
        packets = await asyncio.to_thread(record, RECORD_S)
    first = next(index for index, packet in enumerate(packets) if packet[2]) + 1
    last = max(index for index, packet in enumerate(packets) if packet[2])
    start = packets[first][0]
    rows = [[round(at - start, 5), size, ends] for at, size, ends in packets[first : last + 1]]
    TRACE.write_text(json.dumps({"packets": rows}) + "\n", encoding="utf-8")
    rate = sum(size for _, size, _ in rows) * 8 / rows[-1][0]
    print(f"{len(rows)} packets, {rate / 1e6:.2f} Mbit/s, {sum(r[2] for r in rows)} frames")


if __name__ == "__main__":
    asyncio.run(main())
