"""Nothing: 0017 indexes all items anew, so that an old database does it once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generation", "0014_reading")]

    operations = []
