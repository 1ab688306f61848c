"""Changing who runs this system, and the first run, which makes its first administrator."""

from dataclasses import dataclass
from hashlib import sha256

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Organisation, User
from crm.models.organisation import ONLY_ROW
from crm.selectors import organisation as organisation_facts
from crm.services.colleagues import AlreadyHasAccount
from crm.services.contact_points import normalise_address
from crm.services.errors import Refusal


class AlreadySetUp(Refusal):
    code = "already_set_up"


@dataclass(frozen=True)
class FirstAdministrator:
    """The account that the first run makes. The password has passed Django's validators."""

    email: str
    name: str
    password: str
    language: str
    time_zone: str


def change_organisation(
    *, changed: Organisation, new_logo: bytes | None = None, drop_logo: bool = False
) -> None:
    """Store the row. `new_logo` is a PNG made by `crm.services.logo`."""
    with transaction.atomic():
        old_logo = changed.logo.name if changed.logo else ""
        if new_logo is not None:
            name = f"logo-{sha256(new_logo).hexdigest()[:16]}.png"
            changed.logo.save(name, ContentFile(new_logo), save=False)
        elif drop_logo:
            changed.logo = ""
        changed.pk = ONLY_ROW
        changed._state.adding = not Organisation.objects.filter(pk=ONLY_ROW).exists()
        changed.full_clean()
        changed.save()
        # Now for whoever asks in this request, then again for who asked before it was stored.
        organisation_facts.forget()
        transaction.on_commit(organisation_facts.forget)
        if old_logo and old_logo != changed.logo.name:
            transaction.on_commit(lambda: default_storage.delete(old_logo))


def set_up(
    *, organisation: Organisation, new_logo: bytes | None, administrator: FirstAdministrator
) -> User:
    """The first run: the organisation's row and an administrator, both or none.

    Raises AlreadySetUp, InvalidAddress, AlreadyHasAccount.
    """
    address = normalise_address(address=administrator.email)
    with transaction.atomic():
        _take_turn()
        if organisation_facts.has_administrator():
            raise AlreadySetUp(_("This system has its administrator already."))
        if User.objects.filter(email=address).exists():
            raise AlreadyHasAccount(_("There is already an account with this address."))
        change_organisation(changed=organisation, new_logo=new_logo)
        user = User.objects.create_superuser(
            address,
            administrator.password,
            name=administrator.name,
            language=administrator.language,
            time_zone=administrator.time_zone,
        )
        # Whoever reads the terminal of this machine needs no proof by mail, which may not work yet.
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        user.groups.set(Group.objects.filter(name="admin"))
    return user


def _take_turn() -> None:
    """Of two who set up at once the second waits here until the first is done."""
    Organisation.objects.get_or_create(pk=ONLY_ROW)
    Organisation.objects.select_for_update().get(pk=ONLY_ROW)
