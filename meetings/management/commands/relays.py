"""`manage.py relays`: how busy each relay is; `--drain URL` lets one take no new rooms."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from media_relay import protocol
from meetings.relay_client import RelayLink, RelayRefused, RelayUnavailable

ROW = "{url:<42} {name:<12} {rooms:>5} {people:>6} {packets:>9} {lag:>7}  {state}"


class Command(BaseCommand):
    help = "Shows how busy each media relay is, or lets one of them take no new rooms."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--drain",
            metavar="URL",
            help="The relay that takes no new rooms from now on, until it is started anew. Its "
            "calls go on; they move to another relay when it is stopped with SIGTERM.",
        )

    def handle(self, *_args: Any, drain: str | None, **_options: Any) -> None:
        if drain is not None and drain not in settings.RELAY_URLS:
            known = ", ".join(settings.RELAY_URLS)
            raise CommandError(f"{drain} is none of the relays in VMCRM_RELAY_URLS: {known}")
        for line in asyncio.run(look(drain)):
            self.stdout.write(line)


async def look(drain: str | None) -> list[str]:
    """A heading and one line for each relay, after draining the one that is named."""
    links = {
        url: RelayLink(url, settings.RELAY_SECRET, on_goodbye=lambda: None)
        for url in settings.RELAY_URLS
    }
    try:
        rows = await asyncio.gather(
            *(_describe(link, url, is_drained=url == drain) for url, link in links.items())
        )
    finally:
        await asyncio.gather(*(link.aclose() for link in links.values()))
    heading = {"url": "address", "name": "name", "rooms": "rooms", "people": "people"}
    return [ROW.format(**heading, packets="packets/s", lag="lag ms", state="state"), *rows]


async def _describe(link: RelayLink, url: str, *, is_drained: bool) -> str:
    try:
        if is_drained:
            await link.ask(protocol.Drain(id="drain"))
        report = await link.ask(protocol.Status(id="status"))
    except (RelayUnavailable, RelayRefused):
        report = None
    if not isinstance(report, protocol.StatusReport):
        return ROW.format(
            url=url, name="", rooms="", people="", packets="", lag="", state="does not answer"
        )
    return ROW.format(
        url=url,
        name=report.relay,
        rooms=report.rooms,
        people=report.participants,
        packets=report.packets_per_s,
        lag=report.loop_lag_ms,
        state="draining" if report.is_draining else "takes rooms",
    )
