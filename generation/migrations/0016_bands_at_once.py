import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0015_index_letters")]

    operations = [
        migrations.RemoveIndex(model_name="passage", name="passage_bands"),
        migrations.AddIndex(
            model_name="passage",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["bands"], name="passage_bands"
            ),
        ),
    ]
