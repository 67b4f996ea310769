"""Items are indexed again, since ß is now indexed as ss, and Arabic words without the article."""

from typing import Any

from django.db import migrations

AT_ONCE = 1000


def forwards(apps: Any, editor: Any) -> None:
    from generation.search import index_items

    items = apps.get_model("generation", "Item").objects.order_by("pk")
    ids = list(items.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        index_items(ids[start : start + AT_ONCE])


class Migration(migrations.Migration):
    dependencies = [("generation", "0016_bands_at_once")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
