"""The composer of mails whose words were ready when they were enqueued."""

from crm.extensions import ComposedMail
from crm.models import Delivery


def compose_stored(delivery: Delivery) -> ComposedMail:
    words = delivery.parameters
    return ComposedMail(subject=words["subject"], text=words["text"], html=words.get("html", ""))
