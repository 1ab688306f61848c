"""The composers of mails whose words were ready when they were enqueued."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from crm.extensions import ComposedMail
from crm.models import Delivery
from crm.sealing import SealBroken, seal, unseal
from crm.services.errors import MailNotNeeded


def compose_stored(delivery: Delivery) -> ComposedMail:
    return _compose(delivery.parameters)


def compose_sealed(delivery: Delivery) -> ComposedMail:
    """Words with a key to an account in them: they stand in the row sealed, until they are sent."""
    return _compose(unseal_words(delivery))


def seal_words(words: dict[str, Any]) -> dict[str, str]:
    return {"sealed": seal(json.dumps(words, cls=DjangoJSONEncoder).encode()).decode()}


def unseal_words(delivery: Delivery) -> dict[str, Any]:
    """What `seal_words` made of them. Raises MailNotNeeded when their key is gone."""
    try:
        words: dict[str, Any] = json.loads(unseal(delivery.parameters["sealed"].encode()))
    except SealBroken as error:
        raise MailNotNeeded(_("The key that this mail was kept under is gone.")) from error
    return words


def _compose(words: dict[str, Any]) -> ComposedMail:
    return ComposedMail(subject=words["subject"], text=words["text"], html=words.get("html", ""))
