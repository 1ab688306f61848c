"""The control protocol against its golden files, and what files cannot hold."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_relay import protocol
from media_relay.errors import ProtocolError

GOLDEN = Path(__file__).parents[1] / "protocol" / "messages" / "relay"
CASES = [json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*.json"))]
GOOD = [case for case in CASES if case["valid"]]
BAD = [case for case in CASES if not case["valid"]]


def text_of(case: dict[str, Any]) -> str:
    return case["text"] if "text" in case else json.dumps(case["message"])


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_decode_good_message_gives_the_same_message_back(case: dict[str, Any]) -> None:
    message = protocol.decode(text_of(case))

    assert type(message) is protocol.MESSAGES[case["message"]["type"]]
    assert json.loads(protocol.encode(message)) == case["message"]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["name"])
def test_decode_bad_message_is_refused_by_name(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        protocol.decode(text_of(case))

    assert refused.value.code == case["error"]


def test_golden_files_show_every_message() -> None:
    shown = {case["message"]["type"] for case in GOOD}

    assert shown == set(protocol.MESSAGES)


def test_decode_message_over_the_limit_is_too_large() -> None:
    text = protocol.encode(protocol.OpenRoom(id="1", room="r" * protocol.MAX_MESSAGE_BYTES))

    with pytest.raises(ProtocolError) as refused:
        protocol.decode(text)

    assert refused.value.code == "too_large"


def test_decode_limit_counts_bytes_not_characters() -> None:
    text = json.dumps({"v": 1, "type": "open_room", "id": "会" * 400_000}, ensure_ascii=False)

    with pytest.raises(ProtocolError) as refused:
        protocol.decode(text)

    assert refused.value.code == "too_large"


def test_decode_hundred_thousand_levels_is_too_deep() -> None:
    with pytest.raises(ProtocolError) as refused:
        protocol.decode('{"v":' + "[" * 100_000 + "]" * 100_000 + "}")

    assert refused.value.code == "too_deep"


def test_read_request_id_of_a_refused_message_finds_it() -> None:
    assert protocol.read_request_id('{"v":1,"type":"nonsense","id":"17"}') == "17"
    assert protocol.read_request_id('{"v":1,"type":"nonsense","id":17}') is None
    assert protocol.read_request_id("not JSON") is None


@given(st.text())
def test_decode_any_text_raises_nothing_but_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(protocol.MESSAGES)), st.data())
def test_decode_any_field_values_raise_nothing_but_protocol_error(
    name: str, data: st.DataObject
) -> None:
    fields = [field.name for field in dataclasses.fields(protocol.MESSAGES[name])]
    body = {field: data.draw(JSON_VALUES) for field in fields}

    try:
        message = protocol.decode(json.dumps({"v": 1, "type": name, **body}))
    except ProtocolError:
        return

    assert protocol.decode(protocol.encode(message)) == message
