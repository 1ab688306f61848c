"""One address of Redis or Valkey, in the spelling of each client."""

from pathlib import Path

from vmcrm.broker_urls import find_socket_path, spell_for_cache, spell_for_celery


def test_unix_socket_is_spelled_differently_for_cache_and_celery():
    url = "unix:///run/vmcrm/valkey.sock"

    assert spell_for_cache(url, 2) == "unix:///run/vmcrm/valkey.sock?db=2"
    assert spell_for_celery(url, 1) == "redis+socket:///run/vmcrm/valkey.sock?virtual_host=1"


def test_server_address_keeps_password_and_port():
    url = "rediss://user:word@host:6380/9"

    assert spell_for_cache(url, 2) == "rediss://user:word@host:6380/2"
    assert spell_for_celery(url, 0) == "rediss://user:word@host:6380/0"


def test_socket_path_in_a_short_folder_lies_in_it():
    assert find_socket_path(Path("/srv/vmcrm")) == Path("/srv/vmcrm/run/valkey.sock")


def test_socket_path_in_a_deep_folder_moves_where_the_kernel_takes_it():
    deep = Path("/srv") / ("x" * 100)

    path = find_socket_path(deep)

    assert len(str(path)) < 104
    assert path != find_socket_path(Path("/srv") / ("y" * 100))
