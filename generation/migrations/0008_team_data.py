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


# What generation.search.note does for items that are stored from now on.
NOTE = """
    UPDATE generation_item AS item SET search = to_tsvector('simple', left(concat_ws(
        E'\\n', first.text, item.answer, others.text, edited.text, passage.text
    ), 100000)) || array_to_tsvector(ARRAY(
        SELECT DISTINCT label FROM unnest(
            ARRAY['MODEL ' || item.model, 'MODEL ' || first.model]
            || ARRAY['VARIANT ' || item.variant_id, 'VARIANT ' || first.variant_id]
            || ARRAY(SELECT 'FLAG ' || flag FROM unnest(item.flags || first.flags) AS flag)
        ) AS label WHERE label <> 'MODEL '
    ))
    FROM generation_item AS own
    JOIN generation_passage AS passage ON passage.id = own.passage_id
    LEFT JOIN LATERAL (
        SELECT text, model, variant_id, flags FROM generation_question
        WHERE item_id = own.id ORDER BY rank LIMIT 1
    ) AS first ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(text, E'\\n') AS text FROM generation_question
        WHERE item_id = own.id AND rank > 1
    ) AS others ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(review.question || E'\\n' || review.answer, E'\\n') AS text
        FROM generation_review AS review
        WHERE review.item_id = own.id AND review.withdrawn_at IS NULL
        AND review.verdict = 'edited' AND own.purpose = ''
        AND own.state NOT IN ('pending', 'aside')
    ) AS edited ON true
    WHERE own.id = item.id
"""


class Migration(migrations.Migration):

    dependencies = [('generation', '0007_team')]

    operations = [
        migrations.RunSQL(statement, migrations.RunSQL.noop)
        for statement in (REPLACED, ITEMS, REVIEWERS, NOTE)
    ]
