"""Which packets leave as one message: UDP_SEGMENT cuts a message into datagrams of one size.

All of them go to one address and have the same size; the last one may be shorter (udp(7)). Pure.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MAX_SEGMENTS = 40  # 40 x 1500 bytes fit into the 64 KiB of one message; the kernel allows 64


def find_starts(
    names: npt.NDArray[np.uint64], lengths: npt.NDArray[np.int32]
) -> npt.NDArray[np.intp]:
    """The first packet of each message, for packets in sending order.

    `names` says by equal numbers which packets go to the same address, `lengths` how long each is.
    """
    is_start = np.ones(len(lengths), np.bool_)
    later, earlier = lengths[1:], lengths[:-1]
    is_start[1:] = (names[1:] != names[:-1]) | (later > earlier)
    # A shorter packet ends its message. (When it began one by itself, that message stays short.)
    is_start[2:] |= earlier[1:] < earlier[:-1]
    is_start[::MAX_SEGMENTS] = True
    return np.flatnonzero(is_start)


def find_few_starts(names: Sequence[int], lengths: Sequence[int]) -> list[int]:
    """As `find_starts`; for a few packets a plain loop costs a fraction of numpy's calls."""
    return [
        at
        for at in range(len(names))
        if at % MAX_SEGMENTS == 0
        or names[at] != names[at - 1]
        or lengths[at] > lengths[at - 1]
        or (at > 1 and lengths[at - 1] < lengths[at - 2])
    ]
