"""Changes of many contacts at once."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, User
from crm.permissions import can_assign_owner
from crm.services.errors import NotAllowed, Refusal


class OwnerNotStaff(Refusal):
    code = "owner_not_staff"


def assign_owner(*, contacts: "QuerySet[Contact]", owner: User, assigned_by: User) -> int:
    """Make `owner` responsible for these contacts and move them to the owner's team.

    Only contacts that `assigned_by` sees are changed; gives how many. Raises NotAllowed,
    OwnerNotStaff.
    """
    if not can_assign_owner(assigned_by):
        raise NotAllowed(_("You may not give contacts to a colleague."))
    if not (owner.is_staff and owner.is_active):
        raise OwnerNotStaff(_("Only an active colleague can own contacts."))
    with transaction.atomic():
        visible = Contact.objects.visible_to(assigned_by).filter(pk__in=contacts.values("pk"))
        # Read before writing: the new owner may take them out of sight and out of the filter.
        ids = list(visible.values_list("pk", flat=True))
        for start in range(0, len(ids), 500):
            Contact.objects.filter(pk__in=ids[start : start + 500]).update(
                owner=owner, team=owner.team
            )
    return len(ids)
