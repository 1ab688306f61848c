"""The five roles as groups. What each may do stands in crm/permissions.py."""

from django.db import migrations

ROLES = ("sales", "manager", "marketing", "admin", "auditor")


def create_roles(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


def remove_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_mailings_and_deliveries")]
    operations = [migrations.RunPython(create_roles, remove_roles)]
