"""`manage.py relays`: what an operator sees, and how one relay is drained before it is stopped."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from meetings.management.commands.relays import look
from tests.fake_relay import running_relay


async def test_relays_lists_each_with_its_load_and_those_that_do_not_answer(settings: Any) -> None:
    async with running_relay() as busy, running_relay() as gone:
        busy.strangers = 12
        settings.RELAY_URLS, settings.RELAY_SECRET = [busy.url, gone.url], busy.secret
        await gone.stop()

        heading, first, second = await look(drain=None)

    assert heading.split() == [
        "address",
        "name",
        "rooms",
        "people",
        "packets/s",
        "lag",
        "ms",
        "state",
    ]
    assert first.split() == [busy.url, "fake", "0", "12", "0.0", "0.0", "takes", "rooms"]
    assert second.split() == [gone.url, "does", "not", "answer"]


async def test_relays_drain_takes_the_named_one_out(settings: Any) -> None:
    async with running_relay() as one, running_relay() as other:
        settings.RELAY_URLS, settings.RELAY_SECRET = [one.url, other.url], one.secret

        lines = await look(drain=other.url)

    assert [relay.is_draining for relay in (one, other)] == [False, True]
    assert [line.endswith("draining") for line in lines] == [False, False, True]


def test_relays_drain_of_an_unknown_address_is_refused_with_those_that_are_known(
    settings: Any,
) -> None:
    settings.RELAY_URLS = ["ws://127.0.0.1:9/control"]

    with pytest.raises(CommandError, match=r"ws://127\.0\.0\.1:9/control"):
        call_command("relays", drain="ws://elsewhere/control")
