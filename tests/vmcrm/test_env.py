"""Readers of the environment: defaults, values, and refusals that name the variable."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from vmcrm import env


def test_reader_without_a_value_gives_the_default(monkeypatch):
    monkeypatch.delenv("VMCRM_X", raising=False)

    assert env.read_int("X", 7, least=1, most=9) == 7
    assert env.read_bool("X", default=True) is True
    assert env.read_list("X", ["a"]) == ["a"]
    assert env.read_zone("X", "Asia/Shanghai") == "Asia/Shanghai"


def test_list_is_cut_at_commas_and_blanks_fall(monkeypatch):
    monkeypatch.setenv("VMCRM_X", " a, b ,,c ")

    assert env.read_list("X") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.read_int("X", 1, least=1, most=65535), "70000"),
        (lambda: env.read_int("X", 1, least=1, most=65535), "eight"),
        (lambda: env.read_bool("X", default=False), "perhaps"),
        (lambda: env.read_url("X", "http://a", schemes=("http",)), "ftp://host"),
        (lambda: env.read_url("X", "http://a", schemes=("http",)), "localhost:8000"),
        (lambda: env.read_zone("X", "UTC"), "Mars/Olympus"),
        (lambda: env.read_networks("X"), "proxy.example"),
    ],
    ids=["too large", "no number", "no bool", "wrong scheme", "no scheme", "no zone", "no address"],
)
def test_reader_with_an_unusable_value_names_variable_and_value(monkeypatch, read, value):
    monkeypatch.setenv("VMCRM_X", value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        read()

    assert "VMCRM_X" in str(refusal.value)
    assert value in str(refusal.value)


def test_redis_url_of_another_service_is_refused(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "amqp://localhost")

    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        env.read_redis_url("redis://localhost")


def test_switch_of_an_earlier_version_is_refused_with_what_replaces_it(monkeypatch):
    monkeypatch.setenv("VMCRM_OLD", "1")
    with pytest.raises(ImproperlyConfigured, match="VMCRM_OLD is replaced by VMCRM_NEW: say how"):
        env.refuse_replaced("OLD", by="NEW", how="say how")

    monkeypatch.setenv("VMCRM_OLD", "0")
    env.refuse_replaced("OLD", by="NEW", how="say how")
