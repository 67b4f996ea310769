from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0019_exchanges")]

    operations = [
        migrations.AddField(
            model_name="document",
            name="is_unreadable",
            field=models.BooleanField(default=False),
        ),
    ]
