"""What is done to many items is called a bulk action, in the database too."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("generation", "0009_team_constraints"),
        ("qareview", "0005_team"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("ActItem", "act_item_once"),
        migrations.RemoveIndex("ActItem", "act_item_outcome"),
        migrations.RenameModel("Act", "BulkAction"),
        migrations.RenameModel("ActItem", "BulkActionItem"),
        migrations.RenameField("BulkActionItem", "act", "bulk_action"),
        migrations.RenameField("Review", "act", "bulk_action"),
        migrations.RenameField("Assignment", "act", "bulk_action"),
        migrations.RenameIndex("BulkAction", new_name="bulk_action_latest", old_name="act_latest"),
        migrations.RenameIndex("BulkAction", new_name="bulkaction_queue", old_name="act_queue"),
        migrations.RenameIndex("BulkAction", new_name="bulkaction_lease", old_name="act_lease"),
        migrations.AddConstraint(
            "BulkActionItem",
            models.UniqueConstraint(fields=("bulk_action", "item"), name="bulk_action_item_once"),
        ),
        migrations.AddIndex(
            "BulkActionItem",
            models.Index(fields=("bulk_action", "outcome", "item"), name="bulk_action_outcome"),
        ),
        migrations.AlterField(
            "BulkAction",
            "project",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bulk_actions",
                to="qareview.project",
            ),
        ),
        migrations.AlterField(
            "BulkAction",
            "by",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bulk_actions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "BulkAction",
            "member",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="bulk_actions_about",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "BulkAction",
            "undo_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="bulk_actions_undone",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "BulkActionItem",
            "item",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bulk_actions",
                to="generation.item",
            ),
        ),
    ]
