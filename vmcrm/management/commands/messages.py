"""`manage.py messages`: brings the catalogues up to date with the source, or checks them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vmcrm.message_extraction import Message, collect_django_messages, collect_javascript_messages
from vmcrm.translations import find_gaps

MOST_LINES = 40


class Command(BaseCommand):
    help = "Writes every new text into the catalogues and takes out what is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Change nothing; fail when a text is missing, untranslated, fuzzy or left over.",
        )

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        wanted = {
            "django.po": collect_django_messages(settings.BASE_DIR),
            "djangojs.po": collect_javascript_messages(settings.BASE_DIR),
        }
        lines = []
        for folder in sorted(settings.LOCALE_PATHS[0].glob("*/LC_MESSAGES")):
            for name, messages in wanted.items():
                lines += self._update(folder / name, messages, write=not check)
        if check:
            lines += find_gaps(settings.LOCALE_PATHS[0])
        for line in lines[:MOST_LINES]:
            self.stdout.write(line)
        if check and lines:
            raise CommandError(f"{len(lines)} texts want a translator. Start with: make messages")

    def _update(self, path: Path, wanted: set[Message], *, write: bool) -> list[str]:
        catalogue = polib.pofile(str(path), wrapwidth=100)
        known = {_message_of(entry): entry for entry in catalogue}
        added = sorted(wanted - known.keys())
        gone = sorted(known.keys() - wanted)
        if write and (added or gone):
            for message in gone:
                catalogue.remove(known[message])
            catalogue.extend(
                _entry_for(message, plurals=_plural_count(catalogue)) for message in added
            )
            catalogue.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
            catalogue.save(str(path))
        place = f"{path.parent.parent.name}/{path.name}"
        return [f"{place}: new: {message.text}" for message in added] + [
            f"{place}: gone: {message.text}" for message in gone
        ]


def _message_of(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural, entry.msgctxt or "")


def _plural_count(catalogue: polib.POFile) -> int:
    """`nplurals` of the catalogue's header; Chinese has one form."""
    header = catalogue.metadata.get("Plural-Forms", "nplurals=1;")
    return int(header.split("nplurals=")[1].split(";")[0])


def _entry_for(message: Message, *, plurals: int) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgctxt=message.context or None)
    if "%" in message.text:
        entry.flags.append("python-format")
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = dict.fromkeys(range(plurals), "")
    return entry
