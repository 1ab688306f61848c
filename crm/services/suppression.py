"""Putting addresses on the list of those we do not write to, and taking them off."""

from crm.models import Suppression
from crm.selectors.suppression import digest_address


def suppress(*, address: str, reason: str, purpose: str = "") -> None:
    """Never write to the (normalised) address again: for one purpose, or at all (empty)."""
    Suppression.objects.get_or_create(
        digest=digest_address(address), purpose=purpose, defaults={"reason": reason}
    )


def lift_unsubscription(*, address: str, purpose: str) -> None:
    """The person asked for this purpose again. Bounces, complaints and blocks stay."""
    Suppression.objects.filter(
        digest=digest_address(address),
        purpose=purpose,
        reason=Suppression.Reason.UNSUBSCRIBED,
    ).delete()
