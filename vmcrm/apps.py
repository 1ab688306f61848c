"""Start-up of the frame: system checks, and our admin site in place of Django's."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import register


class VmcrmConfig(AppConfig):
    name = "vmcrm"
    label = "vmcrm"

    def ready(self) -> None:
        # Want the apps to be loaded; celery makes ours the application that tasks go to.
        from crm.extensions import mail_composers
        from vmcrm import account_mails, celery, checks, health  # noqa: F401

        for name, compose in account_mails.COMPOSERS.items():
            mail_composers.register(name, compose, is_one_time=True)
        health.connect_worker_signals()
        for check in checks.ALWAYS:
            register(check)
        for check in checks.DEPLOYMENT_CHECKS:
            register(check, deploy=True)


class VmcrmAdminConfig(AdminConfig):
    default_site = "vmcrm.admin_site.VmcrmAdminSite"
