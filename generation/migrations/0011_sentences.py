"""Stored sentences have columns for message and values; reasons have codes."""

from django.db import migrations, models

from qareview.migrations._former_sentences import TextToSentence


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0010_bulk_actions"),
        ("qareview", "0006_sentences"),
    ]

    operations = [
        migrations.AddField(
            "item",
            "aside_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("low score", "Low score"),
                    ("excluded", "Passage excluded"),
                    ("cut again", "Passage cut again"),
                    ("asked", "Colleague asked"),
                    ("drafted again", "Drafted again"),
                    ("other", "Another reason"),
                ],
                max_length=13,
            ),
        ),
        migrations.AddField(
            "review",
            "withdrawal",
            models.CharField(
                blank=True,
                choices=[
                    ("", "By its author"),
                    ("replaced", "Replaced"),
                    ("sent back", "Sent back"),
                    ("bulk undone", "Bulk action undone"),
                ],
                default="",
                max_length=11,
            ),
        ),
        TextToSentence("acceptance", "error"),
        TextToSentence("acceptance", "note"),
        TextToSentence("bulkaction", "error"),
        TextToSentence("document", "error"),
        TextToSentence("document", "note"),
        TextToSentence("item", "aside"),
        TextToSentence("notice", "text"),
        TextToSentence("passage", "error"),
        TextToSentence("passage", "note"),
        TextToSentence("release", "error"),
        TextToSentence("review", "withdrawn_because"),
    ]
