"""What every test gets: no outside services, and the people of tests/people.py."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from pytest_django import DjangoDbBlocker

from crm.selectors import organisation
from tests import consent_guard
from tests.browser_driver import CHROMIUM, FIREFOX
from tests.node_tool import find_wheel
from tests.people import (
    administrator,
    attendee_account,
    auditor,
    manager,
    marketer,
    north,
    north_field,
    owner,
    south,
    stranger,
    teammate,
)
from tests.processes import migrated_home, site_home

__all__ = [
    "administrator",
    "attendee_account",
    "auditor",
    "manager",
    "marketer",
    "migrated_home",
    "north",
    "north_field",
    "owner",
    "site_home",
    "south",
    "stranger",
    "teammate",
]

# Unit tests talk to no server: cache and channel layer live in the process, tasks that are
# published wait in memory. Tests marked `process` start real servers instead.
_IN_PROCESS = {
    "CELERY_BROKER_URL": "memory://localhost",
    "CACHES": {
        alias: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
        for alias in ("default", "server")
    },
    "CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
}


# How long an example takes tells of the machine and what else runs there, not of the code: a test
# that hangs is ended by pytest's timeout. What a failure prints repeats it anywhere. The rest stays
# hypothesis's own: chance here, the same examples each time on CI.
property_settings.register_profile(
    "vmcrm", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
property_settings.load_profile("vmcrm")

# Playwright's own Node wants a library that a bare Debian lacks; the one of our locks does not.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(find_wheel() / "bin" / "node"))

# The marker of tests that drive a browser -> its program, which is also Debian's package.
BROWSERS = {"browser": CHROMIUM, "firefox": FIREFOX}
MISSING = [program for program in BROWSERS.values() if shutil.which(program) is None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser the rest can still be run."""
    for item in items:
        for marker, program in BROWSERS.items():
            if program in MISSING and item.get_closest_marker(marker) is not None:
                reason = (
                    f"{program} is missing (apt-get install {program}): its tests are left out."
                )
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A person may go without the browser tests, CI may not."""
    if os.environ.get("CI") == "true" and MISSING and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _no_outside_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # An empty folder: ServeStatic warns about one that is missing, as before the first start.
    with override_settings(**_IN_PROCESS, STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    cache.clear()
    organisation.forget()


@pytest.fixture(autouse=True)
def _nobody_is_reading() -> Iterator[None]:
    """A page asked for in Chinese, or in Shanghai, leaves both behind in this thread."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file instead of memory: sockets use the database from several threads, and SQLite in
    memory answers the second one with "table is locked" instead of waiting."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        database["TEST"]["NAME"] = tmp_path_factory.mktemp("database") / "test.sqlite3"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """On SQLite, transactional tests empty tables row by row, which the guard of the consent
    events forbids. `database_guard` puts it back."""
    with django_db_blocker.unblock():
        consent_guard.take_away()


@pytest.fixture
def database_guard(db: None) -> Iterator[None]:
    """The guard of the consent events as a real system has it."""
    consent_guard.put_back()
    yield
    consent_guard.take_away()
