"""Start-up of the crm app: what it adds to its own registries."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from crm import registrations  # wants the models to be loaded

        registrations.register_all()
