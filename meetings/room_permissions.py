"""Who may do what in the live room, on one page: roles to permissions, actions to permissions."""

from typing import Final, get_args

from meetings.room_protocol import (
    Admit,
    ClientMessage,
    Deny,
    EndMeeting,
    Mute,
    Permission,
    PublishOffer,
    Remove,
    Role,
    SendChat,
    SetSource,
    Source,
    StartRecording,
    StopRecording,
)

SOURCE_PERMISSIONS: Final[dict[Source, Permission]] = {
    "microphone": "publish_microphone",
    "camera": "publish_camera",
    "screen": "publish_screen",
    "screen_audio": "publish_screen",
}
ON_STAGE: Final[tuple[Permission, ...]] = (
    "publish_microphone",
    "publish_camera",
    "publish_screen",
    "chat",
)
ROLE_PERMISSIONS: Final[dict[str, tuple[Permission, ...]]] = {
    "host": get_args(Permission),
    "co_host": get_args(Permission),
    "presenter": ON_STAGE,
    "attendee": ("chat",),
}
ACTION_PERMISSIONS: Final[dict[str, Permission]] = {
    SendChat.type: "chat",
    Admit.type: "admit",
    Deny.type: "admit",
    Mute.type: "mute",
    Remove.type: "remove",
    EndMeeting.type: "end",
    StartRecording.type: "record",
    StopRecording.type: "record",
}
"""What is not listed is open to every admitted seat, or depends on the source it names."""

KINDS_WITHOUT_NAMES: Final = frozenset({"launch", "research"})
"""Meetings of many strangers: there attendees do not learn of one another."""


def permissions_of(role: str) -> tuple[Permission, ...]:
    """The words a page is told, and the only ones the server acts on."""
    return ROLE_PERMISSIONS[role]


def publishable_sources(role: str) -> tuple[Source, ...]:
    """What the relay is told that this role may publish."""
    allowed = permissions_of(role)
    return tuple(source for source, word in SOURCE_PERMISSIONS.items() if word in allowed)


def may_send(role: str, message: ClientMessage) -> bool:
    """Whether an admitted seat of this role may send the message."""
    sources: tuple[Source, ...] = ()
    if isinstance(message, PublishOffer):
        sources = tuple(message.sources.values())
    elif isinstance(message, SetSource) and message.enabled:
        sources = (message.source,)
    needed = {SOURCE_PERMISSIONS[source] for source in sources}
    if (word := ACTION_PERMISSIONS.get(message.type)) is not None:
        needed.add(word)
    if isinstance(message, PublishOffer) and not publishable_sources(role):
        return False
    return needed <= set(permissions_of(role))


def may_moderate(role: Role | str, target_role: Role | str) -> bool:
    """Whether one seat may mute or remove another: a co-host has no power over the host."""
    if target_role == "host":
        return False
    return role in {"host", "co_host"}


def can_see_figures(role: str) -> bool:
    """Whether this role learns how well the others are connected, and how long they talked."""
    return role in {"host", "co_host"}


def can_see_attendees(role: str, kind: str) -> bool:
    """Whether this role learns who the other attendees of a meeting of this kind are."""
    return role != "attendee" or kind not in KINDS_WITHOUT_NAMES
