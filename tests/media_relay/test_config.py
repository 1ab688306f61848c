"""Start options: command line over environment over defaults, refused by a sentence."""

from pathlib import Path

import pytest

from media_relay.config import BadConfig, Config, RecordingsPlace, read_config

SECRET = {"VMCRM_RELAY_SECRET": "sixteen characters"}


def test_read_config_defaults() -> None:
    assert read_config([], SECRET) == Config(
        name="relay-1",
        control_host="127.0.0.1",
        control_port=8765,
        udp_port=0,
        tcp_port=0,
        advertised_ips=(),
        secret="sixteen characters",
        grace_s=30.0,
        recordings=None,
    )


def test_read_config_option_beats_environment() -> None:
    environment = {**SECRET, "VMCRM_RELAY_UDP_PORT": "5000", "VMCRM_RELAY_CONTROL_PORT": "5001"}

    config = read_config(["--udp-port", "6000"], environment)

    assert (config.udp_port, config.control_port) == (6000, 5001)


def test_read_config_tcp_port_off() -> None:
    assert read_config(["--tcp-port", "-1"], SECRET).tcp_port is None
    assert read_config([], {**SECRET, "VMCRM_RELAY_TCP_PORT": "-1"}).tcp_port is None
    assert read_config(["--tcp-port", "443"], SECRET).tcp_port == 443


def test_read_config_place_of_recordings() -> None:
    environment = {**SECRET, "VMCRM_RELAY_RECORDINGS_DIR": "/srv/recordings"}

    config = read_config(["--disk-reserve-mb", "500"], environment)

    assert config.recordings == RecordingsPlace(Path("/srv/recordings"), 500_000_000)


def test_read_config_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a secret from a file\n")

    assert read_config(["--secret-file", str(file)], {}).secret == "a secret from a file"


def test_read_config_faults_only_with_both_keys() -> None:
    testing = {**SECRET, "VMCRM_RELAY_TESTING": "1"}

    assert not read_config([], testing).allow_faults
    assert read_config(["--allow-faults"], testing).allow_faults


def test_read_config_turn_addresses() -> None:
    environment = {**SECRET, "VMCRM_RELAY_TURN_IPS": "192.0.2.4, 2001:db8::4"}

    assert read_config([], environment).turn_ips == {"192.0.2.4", "2001:db8::4"}


def test_config_shown_hides_the_secret() -> None:
    assert "sixteen" not in repr(read_config([], SECRET))


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {}),
        ([], {"VMCRM_RELAY_SECRET": "short"}),
        (["--secret-file", "/nonexistent/secret"], {}),
        (["--udp-port", "70000"], SECRET),
        (["--tcp-port", "-2"], SECRET),
        (["--control-port", "http"], SECRET),
        (["--advertised-ips", "relay.example.com"], SECRET),
        (["--advertised-ips", "0.0.0.0"], SECRET),
        (["--advertised-ips", " , "], SECRET),
        (["--grace-s", "nan"], SECRET),
        (["--grace-s", "-1"], SECRET),
        (["--turn-ips", "turn.example.com"], SECRET),
        (["--allow-faults"], SECRET),
        (["--allow-faults"], {**SECRET, "VMCRM_RELAY_TESTING": "0"}),
    ],
)
def test_read_config_unusable_value_is_refused(
    arguments: list[str], environment: dict[str, str]
) -> None:
    with pytest.raises(BadConfig):
        read_config(arguments, environment)
