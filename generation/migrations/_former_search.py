"""How items were indexed up to version 0.1 (November 2026), for migrations alone.

They must not ask today's code, which may use columns that a database gets only later.
"""

from collections.abc import Sequence
from typing import Any

AT_ONCE = 1000  # items of one statement; chosen; nobody measured
LONGEST = 100_000  # characters of an item; PostgreSQL limits a tsvector to 1 MB
_IN_PAIRS = "".join(  # ranges of letters, for regular expressions of PostgreSQL
    f"{chr(first)}-{chr(last)}"
    for first, last in (
        (0x0E01, 0x0E4E),  # Thai
        (0x0E81, 0x0ECE),  # Lao
        (0x1000, 0x109F),  # Burmese
        (0x1100, 0x11FF),  # Korean
        (0x1780, 0x17D3),  # Khmer
        (0x3005, 0x3007),  # signs among ideographs
        (0x3041, 0x30FF),  # Japanese
        (0x3105, 0x312F),  # Bopomofo
        (0x31F0, 0x31FF),  # Japanese
        (0x3400, 0x4DBF),  # ideographs
        (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3),  # Korean
        (0xF900, 0xFAFF),  # ideographs
        (0x20000, 0x3FFFF),
    )
)
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff" + "".join(
    map(chr, (0x0640, *range(0x064B, 0x0653)))  # signs of Arabic, often left out
)
_ARTICLE = (  # of Arabic, before two letters
    "\\m[وف]?(?:[بك]?ال|لل)(?=[\u0621-\u063a\u0641-\u064a]{2})"
)
_INDEX = """
    UPDATE generation_item AS item
    SET search = to_tsvector('simple', regexp_replace(texts.text, %(runs)s, ' ', 'g'))
    || array_to_tsvector(ARRAY(
        SELECT DISTINCT pair[1] FROM (VALUES
            (texts.text), (regexp_replace(texts.text, %(first_of_run)s, ' ', 'g'))
        ) AS shifted (text), regexp_matches(shifted.text, %(pair)s, 'g') AS pair
    ))
    || array_to_tsvector(ARRAY(
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
    CROSS JOIN LATERAL (
        SELECT regexp_replace(replace(lower(translate(left(normalize(concat_ws(
            E'\\n', first.text, own.answer, others.text, edited.text, passage.text
        ), NFKC), %(longest)s), %(unseen)s, '')), 'ß', 'ss'), %(article)s, '', 'g') AS text
    ) AS texts
    WHERE own.id = item.id AND item.id = ANY (%(items)s)
"""

_HOW: dict[str, Any] = {
    "longest": LONGEST,
    "unseen": _UNSEEN,
    "article": _ARTICLE,
    "runs": f"[{_IN_PAIRS}]+",
    "first_of_run": f"(?<![{_IN_PAIRS}])[{_IN_PAIRS}]",
    "pair": f"[{_IN_PAIRS}]{{1,2}}",
}


def index_items(editor: Any, items: Sequence[int]) -> None:
    """Update ``search`` of the items with these ids."""
    with editor.connection.cursor() as cursor:
        for start in range(0, len(items), AT_ONCE):
            cursor.execute(_INDEX, {"items": items[start : start + AT_ONCE], **_HOW})
