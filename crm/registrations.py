"""What crm itself adds to the registries that upper apps use, too."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import extensions
from crm.selectors import personal_data
from crm.selectors.my_day import tasks_of_the_day
from crm.services import colleagues, deliveries
from crm.services.composed import compose_sealed, compose_stored
from crm.services.personal_data import erase_from_crm


def register_all() -> None:
    _register_activity_kinds()
    composers = extensions.mail_composers
    composers.register(deliveries.COMPOSED, compose_stored)
    composers.register(deliveries.COMPOSED_ONE_TIME, compose_sealed, is_one_time=True)
    composers.register(colleagues.INVITATION, colleagues.compose_invitation, is_one_time=True)
    extensions.my_day_items.register(tasks_of_the_day)
    extensions.personal_data.register(
        "crm",
        label=_("Customers"),
        export=personal_data.export_of_crm,
        erase=erase_from_crm,
    )
    extensions.bulk_actions.register(
        "assign_owner", _("Give to a colleague"), address_of_assign_page
    )


def _register_activity_kinds() -> None:
    register = extensions.activity_kinds.register
    register("note", label=_("Note"), icon="note", sentence=_("Note: %(title)s"))
    register("call", label=_("Call"), icon="phone", sentence=_("Call: %(title)s"), points=2)
    register("mail_sent", label=_("Mail sent"), icon="mail", sentence=_("Mail sent: %(title)s"))
    register(
        "purchase",
        label=_("Purchase"),
        icon="purchase",
        sentence=_("Bought for %(quantity)s %(unit)s: %(title)s"),
        points=10,
    )


def address_of_assign_page(filter_text: str) -> str:
    page = reverse("admin:crm_contact_assign_owner")
    return f"{page}?{urlencode({'filter': filter_text})}"
