"""Start-up of the meetings app: what it adds to the customer pages, mails and timelines."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    name = "meetings"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        from meetings import contributions  # wants the models, which are loaded by now

        contributions.register_all()
