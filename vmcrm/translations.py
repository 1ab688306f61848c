"""Compiles the message catalogues with polib, so that no machine needs GNU gettext for it."""

from pathlib import Path

import polib


def compile_catalogues(locale_folder: Path) -> list[Path]:
    """Writes a `.mo` beside each `.po` that is newer; returns the files written.

    Fuzzy and untranslated entries are left out, so that the English text is shown instead.
    """
    written = []
    for source in sorted(locale_folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
            continue
        draft = target.with_suffix(".draft")
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.chmod(0o644)  # part of the program, not of the data that others must not read
        draft.replace(target)
        written.append(target)
    return written


def find_gaps(locale_folder: Path) -> list[str]:
    """One line for each entry that is not translated or marked fuzzy: `file: text`."""
    gaps: list[str] = []
    for source in sorted(locale_folder.glob("*/LC_MESSAGES/*.po")):
        catalogue = polib.pofile(str(source))
        entries = [*catalogue.untranslated_entries(), *catalogue.fuzzy_entries()]
        place = f"{source.parent.parent.name}/{source.name}"
        gaps.extend(f"{place}: {entry.msgid}" for entry in entries)
    return gaps


if __name__ == "__main__":
    compile_catalogues(Path("locale"))
