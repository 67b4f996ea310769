from django.db import migrations

# Until now the last review of an item counted, whoever gave it; those before it are replaced.
REPLACED = """
    UPDATE generation_review SET withdrawn_at = now(), withdrawn_because = 'replaced by a later one'
    FROM (
        SELECT item_id, max(id) AS id FROM generation_review
        WHERE withdrawn_at IS NULL AND verdict <> 'skipped' GROUP BY item_id
    ) AS last
    WHERE generation_review.item_id = last.item_id AND generation_review.id < last.id
    AND generation_review.withdrawn_at IS NULL AND generation_review.verdict <> 'skipped'
"""
ITEMS = """
    UPDATE generation_item SET document_id = passage.document_id, shuffle = random()
    FROM generation_passage AS passage WHERE passage.id = generation_item.passage_id
"""
REVIEWERS = """
    UPDATE generation_item SET reviewers = ARRAY[review.reviewer_id]
    FROM generation_review AS review
    WHERE review.item_id = generation_item.id
    AND review.withdrawn_at IS NULL AND review.verdict <> 'skipped'
"""


class Migration(migrations.Migration):

    dependencies = [('generation', '0007_team')]

    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop)
        for statement in (REPLACED, ITEMS, REVIEWERS)
    ]
