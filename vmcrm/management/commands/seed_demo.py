"""`manage.py seed_demo`: a fictional company to look around in, and the way back."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from crm.models import User
from vmcrm.demo import ledger, team
from vmcrm.demo.loading import load_demo
from vmcrm.demo.removal import Removal, plan_removal, remove

DEFAULT_SEED = 20261123


class Command(BaseCommand):
    help = (
        "Fills an empty system with a fictional company, its customers, money and meetings; "
        "--remove takes all of it away again and keeps what you entered yourself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--seed", type=int, default=DEFAULT_SEED, help="Same number, same data."
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing when there are accounts already."
        )
        parser.add_argument("--remove", action="store_true", help="Remove the demo company.")
        parser.add_argument(
            "--dry-run", action="store_true", help="With --remove: only say what it would touch."
        )
        parser.add_argument(
            "--with-attached",
            action="store_true",
            help="With --remove: remove also your own records that hang on demo records.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["remove"]:
            self._remove(with_attached=options["with_attached"], is_trial=options["dry_run"])
        elif options["dry_run"] or options["with_attached"]:
            raise CommandError("--dry-run and --with-attached belong to --remove.")
        elif not User.objects.exists():
            self._seed(options["seed"])
        elif not options["if_empty"]:
            raise CommandError("There are accounts already; demo data goes into an empty system.")

    def _seed(self, seed: int) -> None:
        load_demo(seed=seed)
        self.stdout.write("Demo data loaded: everything in it is invented.")
        self.stdout.write("It goes without a trace with: manage.py seed_demo --remove")

    def _remove(self, *, with_attached: bool, is_trial: bool) -> None:
        # Looking and removing in one transaction: nobody adds anything in between.
        with transaction.atomic():
            plan = plan_removal(with_attached=with_attached)
            self._describe(plan, is_trial=is_trial)
            if is_trial or not plan.rows:
                return
            if plan.attached:
                raise CommandError(
                    "Nothing was removed: your own records above hang on the demo. Give them a "
                    "contact, host or product of yours, delete them, or let them go with the demo: "
                    "manage.py seed_demo --remove --with-attached"
                )
            remove(plan)
        self.stdout.write("The demo company is gone. What you entered yourself is still there.")
        if not User.objects.exists():
            self.stdout.write("No account is left. Set up your own system: make run DEMO=0")

    def _describe(self, plan: Removal, *, is_trial: bool) -> None:
        if not plan.rows:
            self.stdout.write(self._say_why_there_is_nothing())
            return
        verb = "Would remove" if is_trial else "Removing"
        self.stdout.write(f"{verb} {plan.row_count} rows of the demo company:")
        for model, keys in sorted(plan.rows.items(), key=lambda item: item[0]._meta.label):
            if keys:
                self.stdout.write(f"  {len(keys):>6}  {model._meta.verbose_name_plural}")
        for (model, name), count in plan.mentions.items():
            self.stdout.write(
                f"Keeping {count} {model._meta.verbose_name_plural} of yours; "
                f"“{name}” named a demo record and becomes empty."
            )
        for model, keys in plan.attached.items():
            self.stdout.write(f"Yours, but hanging on the demo: {model._meta.verbose_name_plural}")
            for row in ledger.every_row(model).filter(pk__in=sorted(keys)[:5]):
                self.stdout.write(f"  {row} (number {row.pk})")
            if len(keys) > 5:
                self.stdout.write(f"  and {len(keys) - 5} more")

    def _say_why_there_is_nothing(self) -> str:
        if User.objects.filter(email__in=[person.address for person in team.COLLEAGUES]).exists():
            return (
                "This demo company was loaded by a version that did not note its rows. Start anew "
                "in an empty folder: VMCRM_HOME=another make run DEMO=0"
            )
        return "There is no demo data."
