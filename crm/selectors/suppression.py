"""Addresses we do not write to, known by a keyed hash only."""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q

from crm.models import Suppression


def digest_address(normalised: str) -> str:
    """The hash under which an address is kept: it cannot be turned back without the key."""
    key = settings.SUPPRESSION_KEY.encode()
    return hmac.new(key, normalised.encode(), hashlib.sha256).hexdigest()


def is_suppressed(normalised: str, purpose: str) -> bool:
    """Whether mail for this purpose, or any mail, to the address is ruled out."""
    return Suppression.objects.filter(
        Q(purpose="") | Q(purpose=purpose), digest=digest_address(normalised)
    ).exists()


def find_suppressed(addresses: Iterable[str], purpose: str) -> set[str]:
    """Those of the (normalised) addresses that must not be written to, in one query.

    Suppressed addresses are few beside the customers, so their hashes are read whole.
    """
    digests = set(
        Suppression.objects.filter(Q(purpose="") | Q(purpose=purpose)).values_list(
            "digest", flat=True
        )
    )
    if not digests:
        return set()
    return {address for address in addresses if digest_address(address) in digests}
