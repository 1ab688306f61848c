"""Mails that were written before mails were sealed: seal them, too, or let them go.

As the services do now: what carries a key to an account is dropped once it was sent (or will
never be), and every other finished mail is sealed. Addresses for demonstration stay readable.
"""

import json

from django.db import migrations
from django.db.models import Q

from crm.sealing import seal

COMPOSED, ONE_TIME, INVITATION = "crm.composed", "crm.composed_one_time", "crm.colleague_invitation"
# allauth names its templates so, and their name begins the purpose.
ACCOUNT_MAILS = Q(composer=COMPOSED, purpose_key__contains="/email/")
OVER = ("sent", "suppressed")


def seal_mails(apps, _schema_editor):
    deliveries = apps.get_model("crm", "Delivery").objects.all()
    keys = deliveries.filter(ACCOUNT_MAILS | Q(composer__in=(ONE_TIME, INVITATION)))
    keys.filter(state__in=OVER).exclude(is_demo=True).update(mime=None)
    keys.filter(state__in=OVER).update(parameters={})
    keys.filter(state__in=OVER, composer=COMPOSED).update(composer=ONE_TIME)
    for row in keys.filter(composer=COMPOSED).exclude(state__in=OVER).only("parameters"):
        words = {"sealed": seal(json.dumps(row.parameters).encode()).decode()}
        deliveries.filter(pk=row.pk, composer=COMPOSED).update(composer=ONE_TIME, parameters=words)
    composed = deliveries.filter(mime__isnull=False, is_demo=False)
    # One by one, and no row is being read while another is written: the program may run meanwhile,
    # and SQLite refuses to write from a state that somebody else has overtaken.
    for pk in list(composed.values_list("pk", flat=True)):
        mime = composed.filter(pk=pk).values_list("mime", flat=True).first()
        if mime is not None and not bytes(mime).startswith(b"sealed:"):
            composed.filter(pk=pk).update(mime=seal(bytes(mime)))


class Migration(migrations.Migration):
    atomic = False  # repeatable: interrupted, it goes on where it was
    dependencies = [("crm", "0013_spend_has_no_plural")]

    operations = [
        # Sealed words are read by every version that seals: the way back has nothing to do.
        migrations.RunPython(seal_mails, migrations.RunPython.noop)
    ]
