"""What a worker cannot do is stored as message and values."""

from typing import Any

from django.db import migrations

from qareview.migrations._former_sentences import (
    ERRORS,
    TextToSentence,
    convert,
    convert_back,
    parsed,
)


def forwards(apps: Any, editor: Any) -> None:
    convert(editor, "qareview_worker", "trouble", lambda text: parsed(text, ERRORS))


def backwards(apps: Any, editor: Any) -> None:
    convert_back(editor, "qareview_worker", ["trouble"])


class Migration(migrations.Migration):
    dependencies = [("qareview", "0005_team")]

    operations = [
        TextToSentence("worker", "trouble"),
        migrations.RunPython(forwards, backwards),
    ]
