"""One strict reader and one writer for all messages."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from media_relay.errors import ProtocolError
from media_relay.protocol.catalogue import MESSAGES
from media_relay.protocol.envelope import Message
from media_relay.protocol.field_readers import object_reader
from media_relay.protocol.strict_json import parse_object

VERSION = 1
READERS = {kind: object_reader(kind) for kind in MESSAGES.values()}


def encode(message: Message) -> str:
    """The message as one line of JSON, keys in the order of its dataclass."""
    body = {"v": VERSION, "type": message.TYPE, **_plain_fields(message)}
    return json.dumps(body, allow_nan=False, separators=(",", ":"))


def decode(text: str) -> Message:
    """The message in `text`. Raises ProtocolError whose code names the first rule broken."""
    body = parse_object(text)
    version = body.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise ProtocolError("bad_version", f"The message must carry v: {VERSION}.")
    name = body.pop("type", None)
    kind = MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError("unknown_type", "There is no message of this type.")
    return READERS[kind](body, kind.TYPE)


def read_request_id(text: str) -> str | None:
    """The id of a message that `decode` refused, so that its sender can be told which one."""
    try:
        value = parse_object(text).get("id")
    except ProtocolError:
        return None
    return value if isinstance(value, str) and 1 <= len(value) <= 128 else None


def _plain_fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
