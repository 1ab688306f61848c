"""Signed tokens of links and cookies. They are never stored: the signature is the proof."""

from dataclasses import dataclass
from uuid import UUID

from django.core.signing import BadSignature, Signer

from meetings.models import Registration


@dataclass(frozen=True)
class LinkClaim:
    """What a personal link or a seat cookie says: which registration, under which version."""

    registration_id: UUID
    link_version: int


@dataclass(frozen=True)
class InvitationClaim:
    """What an invitation link says: which meeting, brought by which mail."""

    meeting_id: UUID
    delivery_id: int


def personal_token(registration: Registration) -> str:
    """The secret part of the personal link; void as soon as the link version rises."""
    return _sign("link", registration.public_id, registration.link_version)


def read_personal_token(token: str) -> LinkClaim | None:
    """The claim of a personal link, or None for anything we did not sign."""
    claim = _read("link", token)
    return LinkClaim(*claim) if claim else None


def seat_cookie_value(registration: Registration) -> str:
    """What the seat cookie holds. Another purpose than the link: one never passes for the other."""
    return _sign("seat", registration.public_id, registration.link_version)


def read_seat_cookie(value: str) -> LinkClaim | None:
    claim = _read("seat", value)
    return LinkClaim(*claim) if claim else None


def invitation_token(*, meeting_id: UUID, delivery_id: int) -> str:
    return _sign("invitation", meeting_id, delivery_id)


def read_invitation_token(token: str) -> InvitationClaim | None:
    claim = _read("invitation", token)
    return InvitationClaim(*claim) if claim else None


def _sign(purpose: str, public_id: UUID, number: int) -> str:
    return Signer(salt=f"meetings.{purpose}", sep=".").sign(f"{public_id.hex}.{number}")


def _read(purpose: str, token: str) -> tuple[UUID, int] | None:
    try:
        signed = Signer(salt=f"meetings.{purpose}", sep=".").unsign(token)
        hexadecimal, _dot, number = signed.partition(".")
        return UUID(hexadecimal), int(number)
    except (BadSignature, ValueError):
        return None
