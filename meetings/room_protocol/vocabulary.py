"""The words and forms that several messages share."""

from typing import Annotated, ClassVar, Final, Literal, Protocol, TypeAlias

from meetings.strict_json import Pattern, Range

Source: TypeAlias = Literal["microphone", "camera", "screen", "screen_audio"]
Role: TypeAlias = Literal["host", "co_host", "presenter", "attendee"]
UUID_FORM: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MESSAGE_ID_FORM: Final = r"[A-Za-z0-9_-]{1,64}"
MessageId: TypeAlias = Annotated[str, Pattern(MESSAGE_ID_FORM)]
SeatId: TypeAlias = Annotated[str, Pattern(UUID_FORM)]
Sequence: TypeAlias = Annotated[int, Range(0, 2**53 - 1)]


class Typed(Protocol):
    """Any message: a dataclass that knows its name on the wire."""

    type: ClassVar[str]
