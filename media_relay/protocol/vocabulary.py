"""The words and limits that several messages share."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

MAX_SDP_CHARS = 131_072
Source = Literal["microphone", "camera", "screen", "screen_audio"]
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True)
class Chars:
    """How many characters a text may have."""

    least: int
    most: int


Name = Annotated[str, Chars(1, 128)]
Text = Annotated[str, Chars(0, 2000)]
Sdp = Annotated[str, Chars(1, MAX_SDP_CHARS)]
