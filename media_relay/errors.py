"""The named refusals of the relay. `code` is for programs, the sentence for people."""

from typing import Literal

ErrorCode = Literal[
    "unknown_room",
    "unknown_participant",
    "not_permitted",
    "bad_sdp",
    "too_many",
    "stale_generation",
    "draining",
    "cannot_record",
    "recording_off",
    "disk_low",
    "unknown_file",
    "bad_message",
    "internal",
]


class ProtocolError(Exception):
    """A text is not a message of the control protocol; `code` names the broken rule."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Refusal(Exception):
    """A well-formed request cannot be done; `code` is what the error answer carries."""

    code: ErrorCode = "internal"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnknownRoom(Refusal):
    """The room was never opened, or is closed."""

    code = "unknown_room"


class UnknownParticipant(Refusal):
    """The participant has not joined the room, or has left it."""

    code = "unknown_participant"


class NotPermitted(Refusal):
    """The participant may not publish this source."""

    code = "not_permitted"


class BadSdp(Refusal):
    """The description cannot be read or cannot be answered."""

    code = "bad_sdp"


class TooMany(Refusal):
    """A limit of the relay is reached: rooms, participants, tracks."""

    code = "too_many"


class StaleGeneration(Refusal):
    """The answer belongs to an offer that is no longer the outstanding one."""

    code = "stale_generation"


class Draining(Refusal):
    """The relay takes no new rooms because it is about to stop."""

    code = "draining"


class CannotRecord(Refusal):
    """The recording was stopped, or the room is being recorded under another name."""

    code = "cannot_record"


class RecordingOff(Refusal):
    """The relay has no folder for recordings."""

    code = "recording_off"


class DiskLow(Refusal):
    """Less than the reserve of the disk is free."""

    code = "disk_low"


class UnknownFile(Refusal):
    """No finished recording has this name."""

    code = "unknown_file"
