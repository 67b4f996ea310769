"""Items that waited for more reviews than anybody could give are decided."""

from typing import Any

from django.db import migrations

from generation.migrations._former_search import index_items

# What generation.review.settling does with items from now on, for those that are pending.
SETTLE = """
    UPDATE generation_item AS item SET state = CASE
        WHEN settled.accepting = 0 THEN 'rejected'
        WHEN settled.accepting = settled.decided AND settled.texts = 1 THEN 'accepted'
        ELSE 'disputed'
    END
    FROM (
        SELECT own.id, own.project_id, own.author_id, own.reviewers,
            count(*) AS decided,
            count(*) FILTER (WHERE verdict <> 'rejected') AS accepting,
            count(DISTINCT (review.question, review.answer, review.start, review."end"))
                FILTER (WHERE verdict <> 'rejected') AS texts
        FROM generation_item AS own
        JOIN generation_review AS review ON review.item_id = own.id
            AND review.withdrawn_at IS NULL AND review.verdict <> 'skipped'
        WHERE own.state = 'pending' AND own.reviewers <> '{}' GROUP BY own.id
    ) AS settled
    WHERE settled.id = item.id AND settled.decided >= (
        SELECT count(*) FROM (
            SELECT user_id FROM qareview_membership WHERE project_id = settled.project_id
            UNION SELECT unnest(settled.reviewers)
        ) AS person (id) WHERE person.id IS DISTINCT FROM settled.author_id
    )
    RETURNING item.id
"""


def forwards(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(SETTLE)
        ids = [pk for (pk,) in cursor.fetchall()]
    index_items(editor, ids)


class Migration(migrations.Migration):
    dependencies = [("generation", "0021_unsent"), ("qareview", "0011_model_fetches")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
