"""Makes the folder ready before the parts start. Each step may be killed and is then done again."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from vmcrm.private_files import close_to_others
from vmcrm.translations import compile_catalogues


def make_folders(home: Path) -> None:
    """Data, logs, mail and secrets: for the owner only, also where they were not before."""
    for name in ("", "run", "log", "mail", "media", "secrets"):
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    close_to_others(home)


def migrate_database() -> bool:
    """Applies what is missing; says whether there was anything."""
    connection = connections[DEFAULT_DB_ALIAS]
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True


def compile_translations() -> bool:
    """Brings the compiled catalogues up to date; says whether there was anything."""
    return bool([path for folder in settings.LOCALE_PATHS for path in compile_catalogues(folder)])


def collect_static_files(home: Path) -> bool:
    """Collects and names the static files anew, but only when their sources have changed.

    Collecting takes seconds even when nothing changed, so a digest of names, sizes and times of
    the sources is kept; it is written last.
    """
    stamp = home / "run" / "static.sha256"
    digest = _digest_static_sources()
    is_current = stamp.exists() and stamp.read_text() == digest
    if is_current and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(digest)
    return True


def _digest_static_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            source = Path(storage.path(name)).stat()
            digest.update(f"{name}|{source.st_size}|{source.st_mtime_ns}\n".encode())
    return digest.hexdigest()
