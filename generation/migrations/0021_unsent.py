import uuid

import django.db.models.deletion
from django.db import migrations, models

OF_PASSAGE = """
    UPDATE generation_unsentitem AS unsent SET document_id = passage.document_id
    FROM generation_passage AS passage WHERE passage.id = unsent.passage_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0020_unreadable'),
    ]

    operations = [
        migrations.AddField(
            model_name='unsentitem',
            name='about',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='unsentitem',
            name='key',
            field=models.UUIDField(default=uuid.uuid4),
        ),
        migrations.AddField(
            model_name='unsentitem',
            name='document',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='unsent_items', to='generation.document'),
        ),
        migrations.RunSQL(OF_PASSAGE, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='unsentitem',
            name='document',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unsent_items', to='generation.document'),
        ),
        migrations.AlterField(
            model_name='unsentitem',
            name='passage',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='unsent_items', to='generation.passage'),
        ),
    ]
