"""Leases on rows: who holds one works on the row, and loses it when its process dies.

Any model with `lease_token` (text) and `lease_until` (time or null) can be leased. The holder
renews every second; a lease that was not renewed for its duration is free for the next.
"""

import logging
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import DatabaseError, connection, models
from django.db.models import Q
from django.utils import timezone

logger = logging.getLogger(__name__)

DURATION_S = 4.0
RENEWAL_S = 1.0


@dataclass(frozen=True)
class HeldLease:
    """A lease being renewed. `lost` is set as soon as the row may belong to somebody else."""

    token: str
    lost: threading.Event = field(default_factory=threading.Event)


def claim(
    model: type[models.Model],
    pk: Any,
    *,
    duration_s: float = DURATION_S,
    where: Q | None = None,
    values: Mapping[str, Any] | None = None,
) -> str | None:
    """Take the lease if it is free and `where` holds, setting `values` in the same statement.

    Gives the token, or None when somebody else holds the lease or `where` does not hold.
    """
    now = timezone.now()
    token = secrets.token_hex(16)
    is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    claimed = model._default_manager.filter(is_free, where or Q(), pk=pk).update(
        lease_token=token, lease_until=now + timedelta(seconds=duration_s), **(values or {})
    )
    return token if claimed else None


def renew(
    model: type[models.Model], pk: Any, token: str, *, duration_s: float = DURATION_S
) -> bool:
    """Prolong the lease; False when it belongs to somebody else by now."""
    until = timezone.now() + timedelta(seconds=duration_s)
    held = model._default_manager.filter(pk=pk, lease_token=token)
    return bool(held.update(lease_until=until))


def release(model: type[models.Model], pk: Any, token: str) -> None:
    """Give the lease back; nothing happens when it was lost."""
    model._default_manager.filter(pk=pk, lease_token=token).update(lease_token="", lease_until=None)


@contextmanager
def hold(
    model: type[models.Model],
    pk: Any,
    token: str,
    *,
    duration_s: float = DURATION_S,
    renewal_s: float = RENEWAL_S,
) -> Iterator[HeldLease]:
    """Renew the lease in a thread while the block runs. Does not release it at the end."""
    lease = HeldLease(token)
    is_over = threading.Event()

    def keep() -> None:
        renewed_at = monotonic()
        while not is_over.wait(renewal_s):
            try:
                is_held = renew(model, pk, token, duration_s=duration_s)
            except DatabaseError as error:  # busy or restarting: the lease may still run
                logger.warning("The lease on %s %s was not renewed: %s", model.__name__, pk, error)
                is_held = monotonic() - renewed_at < duration_s
            else:
                renewed_at = monotonic()
            finally:
                connection.close()
            if not is_held:
                lease.lost.set()
                return

    keeper = threading.Thread(target=keep, name=f"lease {model.__name__} {pk}", daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        is_over.set()
        keeper.join()
