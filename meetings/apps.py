"""Start-up of the meetings app: what it adds to the customer pages, mails and timelines."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    name = "meetings"
    verbose_name = _("Meetings")

    def ready(self) -> None:
        # They want the models, which are loaded by now.
        from meetings import contributions, relay_client, talk_keeper
        from meetings.services.relay_places import StoredPlaces

        contributions.register_all()
        relay_client.use_places(StoredPlaces())
        relay_client.use_talk_listener(talk_keeper.note)
