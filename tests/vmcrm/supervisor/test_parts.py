"""The processes of a system, as they are told to start."""

from vmcrm.supervisor.parts import find_free_ports, make_parts


def relays(settings, ports, **changed):
    for name, value in changed.items():
        setattr(settings, name, value)
    parts = make_parts({"SHARED": "yes"}, relay_ports=ports, tls_files=None)
    return [part for part in parts if "media_relay" in part.command]


def test_single_relay_keeps_its_plain_name_and_ports(settings):
    [relay] = relays(settings, [7001], RELAY_UDP_PORT=5000, RELAY_RECORDINGS_DIR="/data/rec")

    assert relay.name == "relay"
    assert relay.environment == {
        "SHARED": "yes",
        "VMCRM_RELAY_NAME": "relay-1",
        "VMCRM_RELAY_SIGN_OF_LIFE": str(settings.HOME / "run" / "relay.alive"),
        "VMCRM_RELAY_CONTROL_PORT": "7001",
        "VMCRM_RELAY_UDP_PORT": "5000",
        "VMCRM_RELAY_TCP_PORT": "0",
        "VMCRM_RELAY_RECORDINGS_DIR": "/data/rec",
    }


def test_several_relays_share_neither_port_nor_folder(settings):
    one, two = relays(
        settings,
        [7001, 7005],
        RELAY_UDP_PORT=5000,
        RELAY_TCP_PORT=5000,
        RELAY_RECORDINGS_DIR="/data/rec",
    )

    assert (one.name, two.name) == ("relay", "relay-2")
    own = {key for key in one.environment if one.environment[key] != two.environment[key]}
    assert own == {key for key in one.environment if key.startswith("VMCRM_RELAY_")}
    assert two.environment["VMCRM_RELAY_UDP_PORT"] == "5001"
    assert two.environment["VMCRM_RELAY_TCP_PORT"] == "5001"


def test_several_relays_with_any_udp_port_take_any_each(settings):
    parts = relays(settings, [7001, 7002], RELAY_UDP_PORT=0, RELAY_TCP_PORT=-1)

    assert [part.environment["VMCRM_RELAY_UDP_PORT"] for part in parts] == ["0", "0"]
    assert [part.environment["VMCRM_RELAY_TCP_PORT"] for part in parts] == ["-1", "-1"]


def test_silence_is_excused_where_no_sign_can_be_left(settings, tmp_path):
    settings.HOME = tmp_path
    parts = make_parts({}, relay_ports=[7001], tls_files=None)
    (tmp_path / "run").write_text("in the way of the folder")

    assert {part.name: part.is_excused() for part in parts} == {part.name: True for part in parts}


def test_silence_of_web_and_relay_is_not_excused_where_signs_can_be_left(settings, tmp_path):
    settings.HOME = tmp_path
    (tmp_path / "run").mkdir()
    parts = make_parts({}, relay_ports=[7001], tls_files=None)

    assert [part.is_excused() for part in parts if part.name in {"web", "relay"}] == [False, False]


def test_free_ports_are_different():
    assert len(set(find_free_ports(20))) == 20
