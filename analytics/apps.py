"""Start-up of the analytics app: what it adds to mails and to the pages of crm."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Analytics")

    def ready(self) -> None:
        # These want models, which are loaded only now.
        from analytics import panels, personal_data
        from analytics.services.report_mail import compose_report
        from analytics.services.reports import COMPOSER
        from crm import extensions
        from meetings.extensions import meeting_panels

        extensions.mail_composers.register(COMPOSER, compose_report)
        extensions.personal_data.register(
            "analytics",
            label=self.verbose_name,
            export=personal_data.export_of_runs,
            erase=personal_data.erase_from_runs,
        )
        extensions.index_panels.register("analytics", panels.build_index_panel)
        extensions.my_day_items.register(panels.list_day_items)
        meeting_panels.register("score", panels.build_score_panel)
