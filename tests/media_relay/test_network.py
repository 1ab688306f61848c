"""Which addresses a relay has that was told none."""

import socket

import pytest

from media_relay.network import LOOPBACK, find_own_address, find_own_addresses


def test_own_addresses_are_loopback_and_the_one_in_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = find_own_address()
    in_network = find_own_addresses()

    def without_route(*_arguments: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", without_route)

    assert in_network == tuple(dict.fromkeys((LOOPBACK, here)))
    assert find_own_addresses() == (LOOPBACK,)
