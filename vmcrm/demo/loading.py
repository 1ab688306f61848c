"""Loading the demo company: each part in turn, and a note of every row that was made."""

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


def keep_a_door_open() -> None:
    """The open houses last a working day; who starts the demonstration later finds others."""
    now = timezone.now()
    hosts = meetings.find_hosts_without_open_house(now)
    if not hosts:
        return
    with transaction.atomic():
        before = ledger.take_stock()
        for host in hosts:
            meetings.hold_open_house(now, host)
        ledger.note_what_is_new(before)
