"""Mails about an account. The page seals what the mail needs; the worker writes and sends it.

So a page takes as long for an address that has an account as for one that has none: which of two
mails is written, and how long that takes, nobody waits for.
"""

import json
import uuid
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.utils import filter_users_by_email
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.serializers.json import DjangoJSONEncoder
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from crm.extensions import ComposedMail
from crm.models import Delivery, User
from crm.selectors import organisation
from crm.services import deliveries
from crm.services.colleagues import set_password_url
from crm.services.composed import seal_words, unseal_words
from crm.services.errors import MailNotNeeded

COMPOSER = "vmcrm.account_mail"
RESET_COMPOSER = "vmcrm.password_reset"
_RESET, _UNKNOWN = "account/email/password_reset_key", "account/email/unknown_account"


def enqueue(*, template_prefix: str, address: str, context: dict[str, Any]) -> None:
    """Put the mail of allauth's templates into the outbox, in the request's language.

    Of the context the account and plain values are kept; what belongs to the request is not.
    """
    user = context.get("user")
    facts = {
        "template": template_prefix,
        "user": user.pk if isinstance(user, User) else None,
        "values": {name: value for name, value in context.items() if _is_plain(value)},
    }
    deliveries.enqueue(
        purpose_key=f"{template_prefix}:{uuid.uuid4()}",
        address=address,
        composer=COMPOSER,
        parameters=seal_words(facts),
        language=translation.get_language() or settings.LANGUAGE_CODE,
    )


def enqueue_reset(*, address: str) -> None:
    """Somebody wants a new password. Whether there is an account is asked when the mail is sent."""
    deliveries.enqueue(
        purpose_key=f"{_RESET}:{uuid.uuid4()}",
        address=address,
        composer=RESET_COMPOSER,
        parameters={},
        language=translation.get_language() or settings.LANGUAGE_CODE,
    )


def compose(delivery: Delivery) -> ComposedMail:
    """Raises MailNotNeeded when the account or the key to the mail's facts is gone."""
    facts = unseal_words(delivery)
    user = _find_user(facts["user"])
    return _render(facts["template"], delivery, {**facts["values"], "user": user})


def compose_reset(delivery: Delivery) -> ComposedMail:
    """The link to choose a new password, or that this address has no account."""
    users = filter_users_by_email(delivery.address, is_active=True, prefer_verified=True)
    if not users:
        page = organisation.absolute(reverse("account_signup"))
        return _render(_UNKNOWN, delivery, {"signup_url": page})
    user = users[0]
    return _render(_RESET, delivery, {"user": user, "password_reset_url": set_password_url(user)})


def _render(template_prefix: str, delivery: Delivery, context: dict[str, Any]) -> ComposedMail:
    site = organisation.current()
    context = {
        **context,
        "email": delivery.address,
        "site_name": site.name,
        "base_url": site.base_url,
    }
    mail = get_adapter().render_mail(template_prefix, delivery.address, context)
    return ComposedMail(subject=str(mail.subject), text=str(mail.body), html=_find_html(mail))


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value, cls=DjangoJSONEncoder)
    except TypeError:
        return False
    return True


def _find_user(pk: int | None) -> User | None:
    if pk is None:
        return None
    user: User | None = User.objects.filter(pk=pk, is_active=True).first()
    if user is None:
        raise MailNotNeeded(_("The account is closed."))
    return user


def _find_html(mail: EmailMessage) -> str:
    if not isinstance(mail, EmailMultiAlternatives):
        return ""
    return next((str(content) for content, kind in mail.alternatives if kind == "text/html"), "")


COMPOSERS: Final = {COMPOSER: compose, RESET_COMPOSER: compose_reset}
