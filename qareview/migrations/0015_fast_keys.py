from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("qareview", "0014_own_zones")]

    operations = [
        migrations.AddField(
            model_name="keymap",
            name="is_fast",
            field=models.BooleanField(default=False),
        ),
    ]
