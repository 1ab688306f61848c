"""The database itself refuses to change or delete a consent event."""

from django.db import migrations

REFUSAL = "consent events are written once and never changed"

SQLITE_TRIGGERS = {
    f"crm_consentevent_no_{verb.lower()}": f"""
        CREATE TRIGGER crm_consentevent_no_{verb.lower()} BEFORE {verb} ON crm_consentevent
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """
    for verb in ("UPDATE", "DELETE")
}

POSTGRESQL_CREATE = (
    f"""
        CREATE FUNCTION crm_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$
    """,
    """
        CREATE TRIGGER crm_consentevent_append_only BEFORE UPDATE OR DELETE ON crm_consentevent
        FOR EACH ROW EXECUTE FUNCTION crm_refuse_change()
    """,
)
POSTGRESQL_DROP = (
    "DROP TRIGGER crm_consentevent_append_only ON crm_consentevent",
    "DROP FUNCTION crm_refuse_change()",
)


def create_guard(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE_TRIGGERS.values() if is_sqlite else POSTGRESQL_CREATE:
        schema_editor.execute(statement, params=None)


def drop_guard(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    drops = [f"DROP TRIGGER {name}" for name in SQLITE_TRIGGERS] if is_sqlite else POSTGRESQL_DROP
    for statement in drops:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("crm", "0007_roles")]
    operations = [migrations.RunPython(create_guard, drop_guard)]
