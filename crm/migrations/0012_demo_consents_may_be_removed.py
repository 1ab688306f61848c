"""The guard of the consent events lets those of the demo company's addresses be deleted."""

from django.db import migrations

REFUSAL = "consent events are written once and never changed"
IS_DEMO = """
    EXISTS (
        SELECT 1 FROM crm_demorow
        WHERE model = 'crm.contactpoint' AND key = CAST(OLD.contact_point_id AS VARCHAR(64))
    )
"""

SQLITE_TRIGGERS = {
    "crm_consentevent_no_delete": f"""
        CREATE TRIGGER crm_consentevent_no_delete BEFORE DELETE ON crm_consentevent
        WHEN NOT {IS_DEMO}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """
}
SQLITE_TRIGGERS_BEFORE = {
    "crm_consentevent_no_delete": f"""
        CREATE TRIGGER crm_consentevent_no_delete BEFORE DELETE ON crm_consentevent
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """
}

_FUNCTION = """
    CREATE OR REPLACE FUNCTION crm_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {exception}
        RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""
POSTGRESQL = _FUNCTION.format(
    refusal=REFUSAL, exception=f"IF TG_OP = 'DELETE' AND {IS_DEMO} THEN RETURN OLD; END IF;"
)
POSTGRESQL_BEFORE = _FUNCTION.format(refusal=REFUSAL, exception="")


def replace_guard(schema_editor, sqlite_triggers, postgresql):
    if schema_editor.connection.vendor == "sqlite":
        for name, statement in sqlite_triggers.items():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)
            schema_editor.execute(statement, params=None)
    else:
        schema_editor.execute(postgresql, params=None)


def let_demo_go(apps, schema_editor):
    replace_guard(schema_editor, SQLITE_TRIGGERS, POSTGRESQL)


def refuse_again(apps, schema_editor):
    replace_guard(schema_editor, SQLITE_TRIGGERS_BEFORE, POSTGRESQL_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("crm", "0011_demo_rows")]
    operations = [migrations.RunPython(let_demo_go, refuse_again)]
