"""Items are indexed again, since ß is now indexed as ss, and Arabic words without the article."""

from typing import Any

from django.db import migrations

from generation.migrations._former_search import index_items


def forwards(apps: Any, editor: Any) -> None:
    items = apps.get_model("generation", "Item").objects.order_by("pk")
    ids = list(items.values_list("pk", flat=True))
    index_items(editor, ids)


class Migration(migrations.Migration):
    dependencies = [("generation", "0016_bands_at_once")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
