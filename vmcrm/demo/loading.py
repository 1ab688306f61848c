"""Loading the demo company: each part in turn, and a note of every row that it made."""

from random import Random

from django.db import transaction
from django.utils import timezone

from vmcrm.demo import figures, ledger, markets, meetings, money, people, team


def load_demo(*, seed: int) -> None:
    """One transaction: a start that is killed leaves all of it or nothing."""
    random, now = Random(seed), timezone.now()  # noqa: S311 - repeatable on purpose
    with transaction.atomic():
        before = ledger.take_stock()
        users = team.create_team()
        known_markets = markets.create_markets(random, now.date())
        contacts = people.create_people(random, now, users, known_markets)
        money.create_money(random, now.date(), contacts)
        meetings.create_meetings(random, now, users, contacts, known_markets)
        figures.create_figures(now.date(), users)
        ledger.note_what_is_new(before)
