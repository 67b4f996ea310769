"""Projects that went by the default model keep it, since their prompts were worded for it."""

from typing import Any

from django.conf import settings
from django.db import migrations

FORMER, NOW = "smollm2-135m-instruct", "embedded-writer"


def forwards(apps: Any, editor: Any) -> None:
    if settings.DEFAULT_MODEL == NOW:
        apps.get_model("qareview", "Project").objects.filter(model="").update(model=FORMER)


class Migration(migrations.Migration):
    dependencies = [("qareview", "0008_added_models")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
