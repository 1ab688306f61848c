"""From the type of a field to the function that reads it and refuses everything else."""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from sys import float_info
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from media_relay.errors import ProtocolError
from media_relay.protocol.vocabulary import Chars

MAX_INTEGER = 2**53 - 1  # what JavaScript can count to
M = TypeVar("M")
Reader = Callable[[Any, str], Any]


def object_reader(kind: type[M]) -> Callable[[Any, str], M]:
    """The reader of a dataclass with exactly its fields.

    It takes a value of JSON and a path for the sentence of the ProtocolError that it may raise.
    Raises KeyError, so at import, for a field whose type it does not know.
    """
    hints = get_type_hints(kind, include_extras=True)
    readers = {field.name: _reader_for(hints[field.name]) for field in fields(kind)}  # type: ignore[arg-type]
    return lambda value, path: _read_object(kind, readers, value, path)


def _read_object(kind: type[M], readers: dict[str, Reader], body: Any, path: str) -> M:
    if not isinstance(body, dict):
        raise _bad_field(path, "an object")
    unknown = body.keys() - readers.keys()
    if unknown:
        raise ProtocolError("unknown_field", f"{path} has no field {min(unknown)!r}.")
    missing = readers.keys() - body.keys()
    if missing:
        raise ProtocolError("missing_field", f"{path} lacks the field {min(missing)!r}.")
    return kind(**{name: read(body[name], f"{path}.{name}") for name, read in readers.items()})


def _reader_for(annotation: Any) -> Reader:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _text_reader(arguments[1])
    if origin is Literal:
        return _choice_reader(arguments)
    if origin is tuple:
        return _list_reader(_reader_for(arguments[0]))
    if origin is Mapping:
        return _mapping_reader(_reader_for(arguments[0]), _reader_for(arguments[1]))
    if origin in {Union, types.UnionType}:
        return _optional_reader(_reader_for(arguments[0]))
    if is_dataclass(annotation):
        return object_reader(annotation)  # type: ignore[arg-type]
    return {int: _read_integer, float: _read_number, bool: _read_truth}[annotation]


def _text_reader(limits: Chars) -> Reader:
    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or not limits.least <= len(value) <= limits.most:
            raise _bad_field(path, f"a text of {limits.least} to {limits.most} characters")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise _bad_field(path, "a text without lone surrogates") from None
        return value

    return read


def _read_integer(value: Any, path: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise _bad_field(path, "a whole number from 0")
    return value


def _read_number(value: Any, path: str) -> float:
    # Compared, not converted: an integer of four hundred digits has no float.
    if type(value) not in {int, float} or not 0 <= value <= float_info.max:
        raise _bad_field(path, "a finite number from 0")
    return float(value)


def _read_truth(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _bad_field(path, "true or false")
    return value


def _choice_reader(words: tuple[str, ...]) -> Reader:
    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise _bad_field(path, f"one of {', '.join(words)}")
        return value

    return read


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _bad_field(path, "a list")
        return tuple(read_item(item, f"{path}[{index}]") for index, item in enumerate(value))

    return read


def _mapping_reader(read_key: Reader, read_value: Reader) -> Reader:
    def read(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _bad_field(path, "an object")
        return {read_key(key, f"{path} key"): read_value(item, path) for key, item in value.items()}

    return read


def _optional_reader(read_value: Reader) -> Reader:
    return lambda value, path: None if value is None else read_value(value, path)


def _bad_field(path: str, wanted: str) -> ProtocolError:
    return ProtocolError("bad_field", f"{path} must be {wanted}.")
