"""`manage.py seed_demo`: a fictional company to look around in."""

from argparse import ArgumentParser
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from crm.models import User
from vmcrm.demo import figures, markets, meetings, money, people, team

DEFAULT_SEED = 20261123


class Command(BaseCommand):
    help = "Fills an empty system with a fictional company, its customers, money and meetings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seed", type=int, default=DEFAULT_SEED, help="Same number, same data."
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing when there are accounts already."
        )

    def handle(self, *_args: Any, seed: int, if_empty: bool, **_options: Any) -> None:
        if User.objects.exists():
            if if_empty:
                return
            raise CommandError("There are accounts already; demo data goes into an empty system.")
        random, now = Random(seed), timezone.now()  # noqa: S311 - repeatable on purpose
        # One transaction: a start that is killed leaves all of it or nothing.
        with transaction.atomic():
            users = team.create_team()
            known_markets = markets.create_markets(random, now.date())
            contacts = people.create_people(random, now, users, known_markets)
            money.create_money(random, now.date(), contacts)
            meetings.create_meetings(random, now, users, contacts, known_markets)
            figures.create_figures(now.date(), users)
        self.stdout.write("Demo data loaded: everything in it is invented.")
