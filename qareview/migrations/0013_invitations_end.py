import qareview.models.members
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('qareview', '0012_project_troubles'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='invitation',
            options={'ordering': ('-created_at', '-pk')},
        ),
        migrations.AddField(
            model_name='invitation',
            name='expires_at',
            field=models.DateTimeField(default=qareview.models.members.invitation_end),
        ),
        migrations.AddField(
            model_name='invitation',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
    ]
