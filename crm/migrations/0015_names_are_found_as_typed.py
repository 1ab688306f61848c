"""Search columns also hold names without accents and in pinyin.

Going back leaves the longer columns: they hold all that the shorter ones did.
"""

from django.db import migrations

from crm.search_words import build_search_words

_CHUNK = 500


def rebuild(apps, schema_editor):
    for model in ("Company", "Contact"):
        rows = apps.get_model("crm", model).objects
        changed = []
        for row in rows.exclude(search_words="").only("name", "search_words").iterator(_CHUNK):
            row.search_words = build_search_words(row.name)
            changed.append(row)
            if len(changed) == _CHUNK:
                rows.bulk_update(changed, ["search_words"])
                changed = []
        rows.bulk_update(changed, ["search_words"])


class Migration(migrations.Migration):
    dependencies = [("crm", "0014_seal_older_mails")]

    operations = [migrations.RunPython(rebuild, migrations.RunPython.noop, elidable=True)]
