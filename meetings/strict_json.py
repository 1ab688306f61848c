"""Reads JSON from strangers into frozen dataclasses and refuses everything that was not agreed.

Knows nothing of any message; `room_protocol` holds those.
"""

import dataclasses
import functools
import json
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from django.utils.translation import gettext as _

Message = TypeVar("Message")

MAX_DEPTH = 8

BAD_TEXT = "bad_text"
"""Not readable as one small JSON object: size, depth, duplicate keys, surrogates, NaN."""

BAD_MESSAGE = "bad_message"
"""Readable, but no message of the protocol."""


class ProtocolError(Exception):
    """A text that breaks the protocol: a stable code, a sentence, the request's id if legible."""

    def __init__(self, code: str, sentence: str, message_id: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.message_id = message_id


@dataclasses.dataclass(frozen=True)
class Length:
    """How many characters (of a text) or entries (of a list or mapping) are allowed."""

    least: int
    most: int


@dataclasses.dataclass(frozen=True)
class Pattern:
    """The form a text has from its first to its last character."""

    expression: str


@dataclasses.dataclass(frozen=True)
class Range:
    """The least and the greatest whole number allowed."""

    least: int
    most: int


def parse_object(text: str, *, max_bytes: int) -> dict[str, Any]:
    """The one JSON object in `text`. Raises ProtocolError(BAD_TEXT)."""
    if len(text) > max_bytes or len(_encode_utf8(text)) > max_bytes:
        raise ProtocolError(BAD_TEXT, _("The message is too large."))
    try:
        value = json.loads(
            text, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ProtocolError(BAD_TEXT, _("The message is nested too deeply.")) from error
    except ValueError as error:
        raise ProtocolError(BAD_TEXT, _("The message is not valid JSON.")) from error
    if not isinstance(value, dict):
        raise ProtocolError(BAD_TEXT, _("The message must be a JSON object."))
    _refuse_depth_and_surrogates(value, MAX_DEPTH)
    return value


def read_fields(cls: type[Message], value: Mapping[str, Any]) -> Message:
    """An instance of the dataclass `cls` from exactly its fields. Raises ProtocolError."""
    return _read_record(cls, value, cls.__name__)


def write_fields(message: object) -> dict[str, Any]:
    """The dataclass as plain JSON values, its `type` first when it has one.

    Fields that may be absent and hold None are left out.
    """
    cls: Any = type(message)
    values = {name: getattr(message, name) for name in _fields(cls)}
    kept = {n: v for n, v in values.items() if v is not None or n not in _optional_fields(cls)}
    name = getattr(cls, "type", None)
    head = {"type": name} if isinstance(name, str) else {}
    return head | {key: _write(value) for key, value in kept.items()}


def dump(value: Mapping[str, Any]) -> str:
    """Compact JSON; NaN is refused here as well: we send what we accept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _encode_utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError(BAD_TEXT, _("The message holds half a character.")) from error


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ProtocolError(BAD_TEXT, _("The message names a field twice."))
    return value


def _refuse_constant(_name: str) -> None:
    raise ProtocolError(BAD_TEXT, _("The message holds something that is not a number."))


def _refuse_depth_and_surrogates(value: object, depth_left: int) -> None:
    if isinstance(value, str):
        _encode_utf8(value)
        return
    if not isinstance(value, (dict, list)):
        return
    if depth_left == 0:
        raise ProtocolError(BAD_TEXT, _("The message is nested too deeply."))
    children = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    for child in children:
        _refuse_depth_and_surrogates(child, depth_left - 1)


@functools.cache
def _fields(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


@functools.cache
def _optional_fields(cls: Any) -> frozenset[str]:
    fields = dataclasses.fields(cls)
    return frozenset(f.name for f in fields if f.default is not dataclasses.MISSING)


def _read_record(cls: Any, value: object, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise _bad(path)
    known = _fields(cls)
    if unknown := value.keys() - known.keys():
        sentence = _("The field “%(field)s” is not known.")
        raise ProtocolError(BAD_MESSAGE, sentence % {"field": f"{path}.{min(unknown)}"[:80]})
    if missing := known.keys() - value.keys() - _optional_fields(cls):
        sentence = _("The field “%(field)s” is missing.")
        raise ProtocolError(BAD_MESSAGE, sentence % {"field": f"{path}.{min(missing)}"})
    return cls(**{name: _read(known[name], value[name], f"{path}.{name}") for name in value})


def _read(kind: Any, value: Any, path: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        read = _read(arguments[0], value, path)
        for rule in arguments[1:]:
            _apply(rule, read, path)
        return read
    if origin in {Union, types.UnionType}:
        if types.NoneType in arguments:
            return None if value is None else _read(arguments[0], value, path)
        return _read_tagged(arguments, value, path)
    if origin is Literal:
        return _check(isinstance(value, str) and value in arguments, value, path)
    if origin is tuple:
        _check(isinstance(value, list), value, path)
        return tuple(_read(arguments[0], each, f"{path}[{n}]") for n, each in enumerate(value))
    if origin is dict:
        _check(isinstance(value, dict), value, path)
        return {
            _read(arguments[0], key, path): _read(arguments[1], each, path)
            for key, each in value.items()
        }
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, value, path)
    return _check(type(value) is kind, value, path)


def _read_tagged(classes: tuple[Any, ...], value: Any, path: str) -> Any:
    """One of several dataclasses, told apart by the field `type`."""
    if not isinstance(value, dict):
        raise _bad(path)
    fields = dict(value)
    name = fields.pop("type", None)
    for cls in classes:
        if cls.type == name:
            return _read_record(cls, fields, path)
    raise _bad(f"{path}.type")


def _apply(rule: object, value: Any, path: str) -> None:
    if isinstance(rule, Length):
        _check(rule.least <= len(value) <= rule.most, value, path)
    elif isinstance(rule, Range):
        _check(rule.least <= value <= rule.most, value, path)
    elif isinstance(rule, Pattern):
        _check(re.fullmatch(rule.expression, value) is not None, value, path)


def _check(is_right: bool, value: Any, path: str) -> Any:
    if not is_right:
        raise _bad(path)
    return value


def _bad(path: str) -> ProtocolError:
    sentence = _("The field “%(field)s” does not hold what it should.")
    return ProtocolError(BAD_MESSAGE, sentence % {"field": path[:80]})


def _write(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return write_fields(value)
    if isinstance(value, tuple):
        return [_write(each) for each in value]
    if isinstance(value, dict):
        return {key: _write(each) for key, each in value.items()}
    return value
