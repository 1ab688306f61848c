"""To whom one mail of the outbox went, for links that come back from it."""

from dataclasses import dataclass

from crm.models import Delivery


@dataclass(frozen=True)
class Recipient:
    """The address a mail went to, and who we think reads it; blank where nobody knows."""

    address: str
    name: str
    company_name: str


def find_recipient(*, delivery_id: int) -> Recipient | None:
    delivery = (
        Delivery.objects.select_related("contact_point__contact__company")
        .filter(pk=delivery_id)
        .first()
    )
    if delivery is None:
        return None
    contact = delivery.contact_point.contact if delivery.contact_point else None
    company = contact.company if contact else None
    return Recipient(
        address=delivery.address,
        name=contact.name if contact else "",
        company_name=company.name if company else "",
    )
