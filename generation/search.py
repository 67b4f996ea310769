"""Find items by the words of their question, answer and context, in any language.

An item's ``search`` has these words, and labels for its flags, models and variants, which never
change. Labels begin with capitals, which no word does, so one index serves any combination.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable
from django.db import connection
from django.db.models import Q

CONFIG = "simple"  # no stemming, no stop words
LONGEST = 100_000  # characters of an item; PostgreSQL limits a tsvector to 1 MB
SHORTEST_BEGINNING = 4  # letters; shorter ones match too many words; chosen; nobody measured
MOST_WORDS = 20  # words and phrases of a query; chosen; nobody measured
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"\w")

# An edited text is indexed only once everyone who sees the item may see the edit.
_INDEX = """
    UPDATE generation_item AS item SET search = to_tsvector('simple', left(concat_ws(
        E'\\n', first.text, item.answer, others.text, edited.text, passage.text
    ), %(longest)s)) || array_to_tsvector(ARRAY(
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
    WHERE own.id = item.id AND item.id = ANY (%(items)s)
"""


def index_items(items: Iterable[int]) -> None:
    """Update ``search`` of the items with these ids, in one statement.

    Call it when items are stored, and when a review with an edited text is stored, withdrawn, or
    becomes visible because the item's state changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, {"items": list(items), "longest": LONGEST})


def has_words(text: str) -> bool:
    """Whether a query has a letter or digit to search for."""
    return bool(_WORD.search(text))


def with_words(text: str) -> Q:
    """Return the condition that an item has all words and quoted phrases of a query.

    The last word may be the beginning of a longer word. The only operators are quotes. The query
    must have words: see :func:`has_words`.
    """
    parts = [part for part in _PART.findall(text) if has_words("".join(part))][:MOST_WORDS]
    combined: SearchQueryCombinable = _query(*parts[-1], is_last=True)
    for phrase, word in parts[:-1]:
        combined = combined & _query(phrase, word, is_last=False)
    return Q(search=combined)


def _query(phrase: str, word: str, *, is_last: bool) -> SearchQuery:
    if phrase:
        return SearchQuery(phrase, config=CONFIG, search_type="phrase")
    if not is_last or len(word) < SHORTEST_BEGINNING:
        return SearchQuery(word, config=CONFIG)
    return SearchQuery(f"{_quoted(word)}:*", config=CONFIG, search_type="raw")


def _quoted(word: str) -> str:
    """Return text quoted for PostgreSQL's text search queries."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


class _Label(SearchQuery):
    """A query for a label, which no parser may change or divide into words."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, list[str]]:  # type: ignore[override]
        return "%s::tsquery", [_quoted(self.label)]


def with_label(kind: str, value: object) -> Q:
    """Return the condition that an item has a label: ``FLAG``, ``MODEL`` or ``VARIANT``."""
    return Q(search=_Label(f"{kind} {value}"))
