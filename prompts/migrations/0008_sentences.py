"""Stored sentences have columns for message and values."""

from django.db import migrations, models

from qareview.migrations._former_sentences import TextToSentence
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder


class Migration(migrations.Migration):
    dependencies = [
        ("prompts", "0007_rewrite"),
        ("qareview", "0006_sentences"),
    ]

    operations = [
        TextToSentence("candidate", "how"),
        TextToSentence("entrant", "aside"),
        TextToSentence("run", "error"),
        TextToSentence("search", "error"),
        TextToSentence("search", "note"),
        TextToSentence("snapshot", "because"),
        TextToSentence("variant", "origin"),
        migrations.AlterField(
            "search",
            "dropped",
            models.JSONField(default=list, encoder=SentenceEncoder, decoder=SentenceDecoder),
        ),
        migrations.AlterField(
            "snapshot",
            "result",
            models.JSONField(encoder=SentenceEncoder, decoder=SentenceDecoder),
        ),
    ]
