"""One JSON object from a text, or the first rule that the text breaks."""

import json
from typing import Any, NoReturn

from media_relay.errors import ProtocolError

MAX_MESSAGE_BYTES = 1_048_576
MAX_DEPTH = 6


def parse_object(text: str) -> dict[str, Any]:
    """The one JSON object in `text`. Raises ProtocolError; its code names the first rule broken."""
    # A character takes at least one byte: the length refuses most before anything is copied.
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode("utf-8", "replace")) > MAX_MESSAGE_BYTES:
        raise ProtocolError("too_large", f"A message has at most {MAX_MESSAGE_BYTES} bytes.")
    try:
        body = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise ProtocolError("bad_json", "The message is not JSON.") from error
    if not isinstance(body, dict):
        raise ProtocolError("bad_json", "The message must be one JSON object.")
    _check_depth(body, MAX_DEPTH)
    return body


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ProtocolError("duplicate_key", "An object names a key twice.")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ProtocolError("bad_number", f"{name} is not a JSON number.")


def _too_deep() -> ProtocolError:
    return ProtocolError("too_deep", f"A message is nested at most {MAX_DEPTH} levels deep.")


def _check_depth(value: Any, levels_left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if levels_left == 0:
        raise _too_deep()
    for item in value.values() if isinstance(value, dict) else value:
        _check_depth(item, levels_left - 1)
