"""Asks a relay that was started with `--allow-faults` for a bad network."""

from typing import Any

from media_relay import protocol
from tests.media_relay.relay_process import ControlClient

GOOD_PATH = protocol.PathFault(loss_percent=0, delay_ms=0, cap_bps=0)
CALM: dict[str, Any] = {
    "room": None,
    "participant": None,
    "seed": 1,
    "incoming": GOOD_PATH,
    "outgoing": GOOD_PATH,
    "is_cut": False,
    "answers_stun": True,
    "answers_control": True,
}


def bad_path(**wrong: float) -> protocol.PathFault:
    """A path with something wrong: `loss_percent`, `delay_ms`, `cap_bps`."""
    return protocol.PathFault(**{"loss_percent": 0, "delay_ms": 0, "cap_bps": 0} | wrong)  # type: ignore[arg-type]


async def inject(client: ControlClient, **wrong: Any) -> None:
    """Exactly these things are wrong from now on; nothing named: a good network again."""
    await client.do(protocol.InjectFault, **CALM | wrong)
