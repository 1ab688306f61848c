"""`manage.py createsuperuser`, after which one can sign in: the address counts as confirmed."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.management.commands.createsuperuser import Command as DjangoCommand

from crm.models import User


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        """Whoever has a shell on this machine need not prove the address by mail."""
        known = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True).exclude(pk__in=known):
            EmailAddress.objects.update_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
