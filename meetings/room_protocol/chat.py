"""Lines of chat."""

import dataclasses
from typing import Annotated, ClassVar, TypeAlias

from meetings.room_protocol.vocabulary import UUID_FORM, MessageId, SeatId, Sequence
from meetings.strict_json import Length, Pattern

ClientId: TypeAlias = Annotated[str, Pattern(UUID_FORM)]
ChatText: TypeAlias = Annotated[str, Length(1, 4_000)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SendChat:
    """A line for everybody. The same `client_id` again is the same line."""

    type: ClassVar[str] = "send_chat"
    id: MessageId
    client_id: ClientId
    text: ChatText


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChatLine:
    """A stored line. `display_name` is empty where the reader may not learn the name."""

    seq: Sequence
    seat: SeatId
    display_name: str
    text: str
    sent_at: str
    client_id: ClientId


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChatMessage(ChatLine):
    type: ClassVar[str] = "chat_message"
