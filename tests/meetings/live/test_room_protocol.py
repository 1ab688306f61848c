"""Every golden file of the room, read as the server reads it; the browser's tests read the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from meetings import room_protocol

GOLDEN = Path(__file__).parents[2] / "protocol" / "messages" / "room"
CASES = {path.stem: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*.json"))}
VALID = [name for name, case in CASES.items() if case["valid"]]
BAD = [name for name, case in CASES.items() if not case["valid"]]


def decode(case: dict[str, Any]) -> Any:
    text = case["text"] if "text" in case else json.dumps(case["message"])
    if case["direction"] == "client":
        return room_protocol.decode(text)
    return room_protocol.decode_server(text)


@pytest.mark.parametrize("name", VALID)
def test_golden_message_valid_survives_the_round_trip(name: str) -> None:
    case = CASES[name]

    message = decode(case)

    assert json.loads(room_protocol.encode(message)) == case["message"]


@pytest.mark.parametrize("name", BAD)
def test_golden_message_bad_is_refused_with_its_code(name: str) -> None:
    case = CASES[name]

    with pytest.raises(room_protocol.ProtocolError) as caught:
        decode(case)

    assert caught.value.code == case["error"]
    assert caught.value.sentence


def test_golden_files_name_every_message_of_both_directions() -> None:
    seen = {
        (case["direction"], CASES[name]["message"]["type"])
        for name, case in CASES.items()
        if case["valid"]
    }

    assert seen == {("client", name) for name in room_protocol.CLIENT_MESSAGES} | {
        ("server", name) for name in room_protocol.SERVER_MESSAGES
    }


def test_decode_message_at_the_size_limit_is_read_and_one_more_byte_refused() -> None:
    head, tail = '{"v":1,"type":"ping","id":"1"', "}"
    blanks = " " * (room_protocol.MAX_BYTES - len(head) - len(tail))

    assert room_protocol.decode(head + blanks + tail) == room_protocol.Ping(id="1")
    with pytest.raises(room_protocol.ProtocolError, match="too large"):
        room_protocol.decode(head + blanks + " " + tail)


def test_decode_size_limit_counts_bytes_and_not_characters() -> None:
    text = '{"v":1,"type":"ping","id":"1","x":"' + "会" * 30_000 + '"}'

    with pytest.raises(room_protocol.ProtocolError, match="too large"):
        room_protocol.decode(text)


def test_decode_bad_field_keeps_the_legible_id_for_the_answer() -> None:
    with pytest.raises(room_protocol.ProtocolError) as caught:
        room_protocol.decode('{"v":1,"type":"fetch","id":"7","after_seq":"many"}')

    assert caught.value.message_id == "7"
