"""Inviting colleagues: an account without a password, and a mail with a link to set one."""

from collections.abc import Iterable

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Group
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.extensions import ComposedMail
from crm.models import Delivery, Team, User
from crm.permissions import can_invite_colleague
from crm.selectors import organisation
from crm.services import deliveries
from crm.services.contact_points import normalise_address
from crm.services.errors import MailNotNeeded, NotAllowed, Refusal

INVITATION = "crm.colleague_invitation"


class AlreadyHasAccount(Refusal):
    code = "already_has_account"


class HasPassword(Refusal):
    code = "has_password"


def invite(
    *,
    email: str,
    name: str,
    roles: Iterable[str],
    team: Team | None,
    language: str,
    time_zone: str,
    invited_by: User,
) -> User:
    """Make a staff account and mail the link to set its password.

    Raises NotAllowed, InvalidAddress, AlreadyHasAccount.
    """
    if not can_invite_colleague(invited_by):
        raise NotAllowed(gettext_lazy("Only administrators invite colleagues."))
    address = normalise_address(address=email)
    with transaction.atomic():
        if User.objects.filter(email=address).exists():
            raise AlreadyHasAccount(gettext_lazy("There is already an account with this address."))
        user = User.objects.create_user(
            address, name=name, team=team, language=language, time_zone=time_zone, is_staff=True
        )
        # The password can only be set through the link in the mail, which proves the address.
        EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
        user.groups.set(Group.objects.filter(name__in=roles))
        send_link(user=user, invited_by=invited_by, attempt=1)
    return user


def send_link_again(*, user: User, invited_by: User) -> Delivery:
    """Another mail with a fresh link. Raises NotAllowed, HasPassword."""
    if not can_invite_colleague(invited_by):
        raise NotAllowed(gettext_lazy("Only administrators invite colleagues."))
    if user.has_usable_password():
        raise HasPassword(gettext_lazy("This colleague has chosen a password already."))
    with transaction.atomic():
        sent = Delivery.objects.filter(
            purpose_key__startswith=f"colleague_invitation:{user.pk}:"
        ).count()
        return send_link(user=user, invited_by=invited_by, attempt=sent + 1)


def send_link(*, user: User, invited_by: User, attempt: int) -> Delivery:
    """Mail the link; a higher `attempt` sends it again."""
    return deliveries.enqueue(
        purpose_key=f"colleague_invitation:{user.pk}:{attempt}",
        address=user.email,
        composer=INVITATION,
        parameters={"user": user.pk, "invited_by": invited_by.get_full_name()},
        language=user.language,
        time_zone=user.time_zone,
        subject_ref=f"user:{user.pk}",
    )


def compose_invitation(delivery: Delivery) -> ComposedMail:
    """The link is made when the mail is sent and ends with the first use of it."""
    user = User.objects.filter(pk=delivery.parameters["user"], is_active=True).first()
    if user is None or user.has_usable_password():
        raise MailNotNeeded(_("The account is closed or has its password already."))
    context = {
        "name": user.get_full_name(),
        "invited_by": delivery.parameters["invited_by"],
        "link": set_password_url(user),
        "base_url": organisation.current().base_url,
    }
    return ComposedMail(
        subject=_("Your account at %(site)s") % {"site": organisation.current().name},
        text=render_to_string("mail/crm/colleague_invitation.txt", context),
        html=render_to_string("mail/crm/colleague_invitation.html", context),
    )


def set_password_url(user: User) -> str:
    """The page of the account app on which a new password is set."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    return organisation.absolute(path)
