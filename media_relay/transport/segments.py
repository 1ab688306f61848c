"""Which packets leave as one message: UDP_SEGMENT cuts a message into datagrams of one size.

All of them go to one address and have the same size; the last one may be shorter (udp(7)). Pure.
"""

from collections.abc import Sequence

MAX_SEGMENTS = 40  # 40 x 1500 bytes fit into the 64 KiB of one message; the kernel allows 64


def find_starts(names: Sequence[int], lengths: Sequence[int]) -> list[int]:
    """The first packet of each message, for packets in sending order.

    `names` says by equal numbers which packets go to the same address, `lengths` how long each is.
    A shorter packet ends its message. (When it began one by itself, that message stays short.)
    """
    return [
        at
        for at in range(len(names))
        if at % MAX_SEGMENTS == 0
        or names[at] != names[at - 1]
        or lengths[at] > lengths[at - 1]
        or (at > 1 and lengths[at - 1] < lengths[at - 2])
    ]
