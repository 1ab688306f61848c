"""Each system check: silent where all is well, one id where it is not."""

from ipaddress import ip_network

import pytest

from vmcrm import checks

SAFE = {
    "BASE_URL": "https://meet.example.com",
    "IS_HTTPS": True,
    "ALLOWED_HOSTS": ["meet.example.com"],
    "TRUSTED_PROXIES": [ip_network("127.0.0.1")],
    "DEBUG": False,
    "SECRET_KEY": "s" * 43,
    "RELAY_SECRET": "r" * 43,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "DEFAULT_FROM_EMAIL": "vmcrm <meet@example.com>",
    "REDIS_URL": "unix:///run/valkey.sock",
}
ALL = (*checks.ALWAYS, *checks.DEPLOYMENT_CHECKS)


@pytest.fixture
def safe(settings):
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def found_ids() -> list[str]:
    return [message.id for check in ALL for message in check(None)]


def test_safe_settings_raise_nothing(safe):
    assert found_ids() == []


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        ({"ALLOWED_HOSTS": ["other.example.com"]}, ["vmcrm.E001"]),
        ({"BASE_URL": "http://meet.example.com", "IS_HTTPS": False}, ["vmcrm.E002"]),
        ({"TRUSTED_PROXIES": []}, ["vmcrm.W001"]),
        ({"DEBUG": True}, ["vmcrm.E003"]),
        ({"SECRET_KEY": "short"}, ["vmcrm.E004"]),
        ({"SECRET_KEY": "short", "RELAY_SECRET": "short"}, ["vmcrm.E004", "vmcrm.E004"]),
        ({"EMAIL_BACKEND": "crm.mail_folder.MailFolderBackend"}, ["vmcrm.W002"]),
        ({"DEFAULT_FROM_EMAIL": "vmcrm <no-reply@localhost>"}, ["vmcrm.W003"]),
        ({"REDIS_URL": "redis://10.0.0.7:6379/0"}, ["vmcrm.W004"]),
        (
            {"RELAY_PROCESSES": 4_096, "RELAY_URLS": ["ws://a"] * 4_096},
            ["vmcrm.W005", "vmcrm.W006"],
        ),
    ],
)
def test_unsafe_setting_is_named(safe, change, ids):
    for name, value in change.items():
        setattr(safe, name, value)

    assert found_ids() == ids


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"])
def test_plain_http_on_this_machine_is_fine(safe, url):
    safe.BASE_URL, safe.IS_HTTPS = url, False
    safe.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

    assert found_ids() == []


@pytest.mark.parametrize("pattern", [".example.com", "*", "meet.example.com"])
def test_base_url_may_match_a_pattern_of_the_allowed_hosts(safe, pattern):
    safe.ALLOWED_HOSTS = [pattern]

    assert checks.check_base_url(None) == []


def test_every_message_says_what_to_do(safe):
    safe.ALLOWED_HOSTS, safe.DEBUG, safe.SECRET_KEY = ["x.example"], True, "short"

    assert all(message.hint for check in ALL for message in check(None))
