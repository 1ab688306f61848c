"""Sending one mail of the outbox: claim, check consent, compose, hand over, note the outcome.

Every step is a conditional update under a lease, so that two workers can never both send. Until
the server has agreed to take the content nothing was handed over, and whatever goes wrong is tried
again. Where the worker dies or the line breaks after that, the mail may have been sent: it becomes
`unknown` and people decide, unless the backend writes the same mail twice without harm.
"""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation

from crm.extensions import mail_composers
from crm.mail_server import MailCutOff
from crm.models import Delivery
from crm.selectors import organisation
from crm.selectors.consent import may_send
from crm.selectors.suppression import is_suppressed
from crm.services import activities, contact_points, leases
from crm.services.errors import MailNotNeeded
from crm.services.mail_layout import build_mime
from crm.services.stored_mail import StoredMail

logger = logging.getLogger(__name__)

BACK_OFF_S = (30, 120, 600, 1800, 3600, 7200, 14400, 28800)
_MAIL_SENT = "mail_sent"
_State, _Reason = Delivery.State, Delivery.Reason


@dataclass(frozen=True)
class _Outcome:
    """What to write on the row when work on it ends."""

    state: str
    reason: str = ""
    error: str = ""
    retry_in: timedelta | None = None


class _NotOurs(Exception):
    """The lease was lost: another worker has the mail."""


class _NotOpened(Exception):
    """No line to the server; the cause says why."""


def send(*, delivery_id: int) -> str | None:
    """Work on one delivery; gives its new state, or None when it was not ours to send.

    Harmless when repeated: only a due row without a living worker is taken.
    """
    token = _claim(delivery_id)
    if token is None:
        return None
    with leases.hold(Delivery, delivery_id, token) as lease:
        delivery = Delivery.objects.select_related("contact_point", "mailing__created_by").get(
            pk=delivery_id
        )
        outcome = _work_on(delivery, lease)
    return _finish(delivery, token, outcome) if outcome else None


def _claim(delivery_id: int) -> str | None:
    now = timezone.now()
    is_waiting = Q(state__in=(_State.QUEUED, _State.DEFERRED)) & (
        Q(not_before__isnull=True) | Q(not_before__lte=now)
    )
    return leases.claim(
        Delivery,
        delivery_id,
        where=is_waiting | Q(state=_State.CLAIMED),
        values={"state": _State.CLAIMED, "attempts": F("attempts") + 1},
    )


def _work_on(delivery: Delivery, lease: leases.HeldLease) -> _Outcome | None:
    backend = get_connection()
    if delivery.handed_over_at and not _is_repeatable(backend):
        return _Outcome(_State.UNKNOWN, _Reason.WORKER_LOST)
    if not _is_allowed(delivery):
        return _Outcome(_State.SUPPRESSED, _Reason.NOT_ALLOWED)
    if delivery.read_mime() is None:
        refusal = _compose(delivery)
        if refusal is not None:
            return refusal
    return _hand_over(delivery, backend, lease)


def _is_allowed(delivery: Delivery) -> bool:
    """Consent and suppression as they are now, not as they were when the mail was enqueued."""
    if delivery.contact_point is None:
        return not is_suppressed(delivery.address, delivery.consent_purpose)
    return may_send(delivery.contact_point, delivery.consent_purpose)


def _compose(delivery: Delivery) -> _Outcome | None:
    """Write the mail and store it; an outcome when there is nothing to send."""
    kind = mail_composers.get(delivery.composer)
    if kind is None:
        return _Outcome(
            _State.FAILED, _Reason.COMPOSING, f"Nothing composes {delivery.composer!r}."
        )
    try:
        with _in_receivers_terms(delivery):
            mail = kind.compose(delivery)
            mime = build_mime(delivery, mail)
    except MailNotNeeded as refusal:
        return _Outcome(_State.SUPPRESSED, _Reason.NOT_NEEDED, str(refusal))
    except Exception as error:
        logger.exception("Delivery %s could not be composed.", delivery.pk)
        return _defer_or_fail(delivery, _Reason.COMPOSING, f"{type(error).__name__}: {error}")
    delivery.keep_mime(mime)
    delivery.subject = " ".join(mail.subject.split())[:400]
    return None


@contextmanager
def _in_receivers_terms(delivery: Delivery) -> Iterator[None]:
    zone = ZoneInfo(delivery.time_zone or organisation.current().time_zone)
    with translation.override(delivery.language), timezone.override(zone):
        yield


def _hand_over(
    delivery: Delivery, backend: BaseEmailBackend, lease: leases.HeldLease
) -> _Outcome | None:
    def note() -> None:
        # From here on the mail may be with the server even if we never hear of it.
        if lease.lost.is_set() or not _note_handover(delivery, lease.token):
            raise _NotOurs

    try:
        _open(backend)
        if not getattr(backend, "tells_when_content_goes", False):
            note()
        backend.send_messages([StoredMail(delivery, before_content=note)])
    except _NotOurs:
        return None
    except Exception as error:  # noqa: BLE001 - judged, and logged when it is no usual one
        return _judge(delivery, error, is_repeatable=_is_repeatable(backend))
    finally:
        _close(backend)
    return _Outcome(_State.SENT)


def _open(backend: BaseEmailBackend) -> None:
    try:
        backend.open()
    except (OSError, smtplib.SMTPException) as error:
        raise _NotOpened from error


def _is_repeatable(backend: BaseEmailBackend) -> bool:
    return bool(getattr(backend, "is_idempotent", False))


def _note_handover(delivery: Delivery, token: str) -> bool:
    ours = Delivery.objects.filter(pk=delivery.pk, lease_token=token, state=_State.CLAIMED)
    now = timezone.now()
    if not ours.update(handed_over_at=now, mime=delivery.mime, subject=delivery.subject):
        return False
    delivery.handed_over_at = now
    return True


def _close(backend: BaseEmailBackend) -> None:
    try:
        backend.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("The mail server did not say goodbye properly: %s", error)


def _judge(delivery: Delivery, error: Exception, *, is_repeatable: bool) -> _Outcome:
    """The server's answer tells for sure. Without one the mail is still with us, unless its whole
    content went out and a second copy would be one too many: then only people can tell."""
    if isinstance(error, _NotOpened):
        return _judge_closed_door(delivery, error.__cause__)
    answer = _server_answer(error)
    if answer is not None:
        return _judge_answer(delivery, *answer)
    if not isinstance(error, OSError):  # smtplib's own errors are among them
        logger.error("Delivery %s broke off.", delivery.pk, exc_info=error)
    if delivery.handed_over_at and not is_repeatable and not isinstance(error, MailCutOff):
        return _Outcome(_State.UNKNOWN, _Reason.CONNECTION_BROKE, _words_of(error))
    return _defer_or_fail(delivery, _reason_of(error), _words_of(error))


def _judge_closed_door(delivery: Delivery, error: BaseException | None) -> _Outcome:
    """No line, no TLS, no login: another time, whatever the server says, it is not the mail."""
    answer = _server_answer(error)
    if answer is not None:
        return _defer_or_fail(delivery, _Reason.SERVER_ANSWER, f"{answer[0]} {answer[1]}")
    return _defer_or_fail(delivery, _Reason.UNREACHABLE, str(error))


def _judge_answer(delivery: Delivery, code: int, sentence: str) -> _Outcome:
    said = f"{code} {sentence}"
    if not 500 <= code < 600:
        return _defer_or_fail(delivery, _Reason.SERVER_ANSWER, said)
    if "5.1.1" in sentence:
        contact_points.note_unknown_mailbox(address=delivery.address)
    return _Outcome(_State.FAILED, _Reason.SERVER_ANSWER, said)


def _reason_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return _Reason.CONNECTION_BROKE
    if isinstance(error, smtplib.SMTPException):
        return _Reason.SERVER_ANSWER
    return _Reason.UNREACHABLE


def _words_of(error: Exception) -> str:
    return str(error) or type(error).__name__


def _server_answer(error: BaseException | None) -> tuple[int, str] | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return code, _decode(said)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return error.smtp_code, _decode(error.smtp_error)
    return None


def _decode(said: Any) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())


def _defer_or_fail(delivery: Delivery, reason: str, error: str) -> _Outcome:
    """Again later, each time waiting longer; after the last try the mail has failed."""
    tries = delivery.attempts
    if tries > len(BACK_OFF_S):
        return _Outcome(_State.FAILED, reason, error)
    return _Outcome(_State.DEFERRED, reason, error, timedelta(seconds=BACK_OFF_S[tries - 1]))


def _finish(delivery: Delivery, token: str, outcome: _Outcome) -> str | None:
    """Write the outcome if the row is still ours. That a mail was sent is true in any case."""
    now = timezone.now()
    rows = Delivery.objects.filter(pk=delivery.pk)
    if outcome.state == _State.SENT:
        rows = rows.filter(state__in=(_State.CLAIMED, _State.UNKNOWN))
    else:
        rows = rows.filter(lease_token=token, state=_State.CLAIMED)
    again_at = now + outcome.retry_in if outcome.retry_in else None
    if outcome.state in {_State.SENT, _State.SUPPRESSED}:
        _forget_one_time_words(delivery)
    with transaction.atomic():
        written = rows.update(
            state=outcome.state,
            reason=outcome.reason,
            error=outcome.error[:2000],
            sent_at=now if outcome.state == _State.SENT else None,
            # Unknown keeps it as a trace; a definite answer of the server clears it.
            handed_over_at=delivery.handed_over_at if outcome.state == _State.UNKNOWN else None,
            not_before=again_at or delivery.not_before,
            wake_at=again_at or now,
            mime=delivery.mime,
            parameters=delivery.parameters,
            subject=delivery.subject,
            lease_token="",
            lease_until=None,
        )
        if written and outcome.state == _State.SENT:
            _record_on_timeline(delivery)
    return outcome.state if written else None


def _forget_one_time_words(delivery: Delivery) -> None:
    """A key to an account is of no use to anybody but its receiver once it is on its way."""
    kind = mail_composers.get(delivery.composer)
    if kind is not None and kind.is_one_time:
        delivery.parameters = {}
        delivery.mime = delivery.mime if delivery.is_demo else None


def _record_on_timeline(delivery: Delivery) -> None:
    if delivery.contact_point is None:
        return
    mail_kind = mail_composers.get(delivery.composer)
    kind = mail_kind.activity if mail_kind else _MAIL_SENT
    mailing = delivery.mailing
    data = {"delivery": str(delivery.public_id)}
    if mailing and mailing.created_by:
        data["by"] = mailing.created_by.get_full_name()
    activities.record(
        contact_point=delivery.contact_point,
        kind=kind,
        occurred_at=timezone.now(),
        subject_ref=delivery.subject_ref,
        subject_title=mailing.title if mailing and kind != _MAIL_SENT else delivery.subject,
        data=data,
        key=f"delivery:{delivery.pk}",
    )
