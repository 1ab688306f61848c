"""`manage.py setup_link`: the first-run page's link, for systems that `up` does not start."""

from typing import Any

from django.core.management.base import BaseCommand

from vmcrm.setup_link import describe_first_run


class Command(BaseCommand):
    help = "Prints the link of the first-run page while there is no administrator."

    def handle(self, *_args: Any, **_options: Any) -> None:
        lines = describe_first_run()
        self.stdout.write("\n".join(lines[1:]) or "There is an administrator already.")
