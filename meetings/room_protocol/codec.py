"""One strict reader for each direction, and one writer."""

import re
from typing import Any, Final

from django.utils.translation import gettext as _

from meetings.room_protocol.catalogue import (
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    ClientMessage,
    ServerMessage,
)
from meetings.room_protocol.vocabulary import MESSAGE_ID_FORM, Typed
from meetings.strict_json import (
    BAD_MESSAGE,
    ProtocolError,
    dump,
    parse_object,
    read_fields,
    write_fields,
)

VERSION: Final = 1
MAX_BYTES: Final = 65_536
"""Of one message from a page, in UTF-8."""
MAX_SERVER_BYTES: Final = 1_048_576
"""Of one message to a page: a snapshot with a full roster is the longest."""


def encode(message: Typed) -> str:
    """The message as one line of JSON."""
    return dump({"v": VERSION, **write_fields(message)})


def decode(text: str) -> ClientMessage:
    """One message of a page. Raises ProtocolError."""
    return _decode(text, CLIENT_MESSAGES, MAX_BYTES)  # type: ignore[no-any-return]


def decode_server(text: str) -> ServerMessage:
    """One message of the server, for clients in Python. Raises ProtocolError."""
    return _decode(text, SERVER_MESSAGES, MAX_SERVER_BYTES)  # type: ignore[no-any-return]


def _decode(text: str, catalogue: dict[str, Any], max_bytes: int) -> Any:
    fields = parse_object(text, max_bytes=max_bytes)
    message_id = _legible_id(fields)
    version, name = fields.pop("v", None), fields.pop("type", None)
    if type(version) is not int or version != VERSION:
        sentence = _("This page and the server speak different versions. Please reload the page.")
        raise ProtocolError(BAD_MESSAGE, sentence, message_id)
    if not isinstance(name, str) or name not in catalogue:
        raise ProtocolError(BAD_MESSAGE, _("This kind of message is not known."), message_id)
    try:
        return read_fields(catalogue[name], fields)
    except ProtocolError as error:
        raise ProtocolError(error.code, error.sentence, message_id) from error


def _legible_id(fields: dict[str, Any]) -> str | None:
    message_id = fields.get("id")
    if isinstance(message_id, str) and re.fullmatch(MESSAGE_ID_FORM, message_id):
        return message_id
    return None
