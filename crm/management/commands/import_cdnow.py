"""`manage.py import_cdnow`: 2,357 real, anonymous customers of 1997/98 with their purchases."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.models import User
from crm.selectors.purchases import features_of_source
from crm.services import cdnow

_COLUMNS = ("key", "recency_days", "frequency", "monetary_amount")


class Command(BaseCommand):
    help = (
        "Brings in the CDNOW customers of 1997/98 (real, anonymous) with their purchases in USD, "
        "so that there is something to analyse. Running it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--owner", metavar="EMAIL", help="The colleague who owns the contacts.")
        parser.add_argument("--remove", action="store_true", help="Take everything out again.")
        parser.add_argument(
            "--features",
            metavar="FILE",
            type=Path,
            help="Write one row per customer (recency, frequency, amount), as "
            "`analyse segments --csv FILE` reads it.",
        )

    def handle(
        self,
        *_args: Any,
        owner: str | None,
        remove: bool,
        features: Path | None,
        **_options: Any,
    ) -> None:
        if remove:
            if owner or features:
                raise CommandError("--remove goes with no other option.")
            self.stdout.write(f"Removed {cdnow.remove_customers()} contacts.")
            return
        count = cdnow.import_customers(owner=_find_owner(owner))
        self.stdout.write(f"New: {count.contacts} contacts, {count.purchases} purchases.")
        if features is not None:
            self._write_features(features)

    def _write_features(self, path: Path) -> None:
        rows = features_of_source(source=cdnow.SOURCE)
        try:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(_COLUMNS)
                writer.writerows([getattr(row, name) for name in _COLUMNS] for row in rows)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error
        self.stdout.write(f"Wrote {len(rows)} customers to {path}.")


def _find_owner(email: str | None) -> User | None:
    if email is None:
        return None
    owner = User.objects.filter(email=email.strip().lower(), is_staff=True).first()
    if owner is None:
        raise CommandError(f"No colleague has the address {email}.")
    return owner
