"""Items are found by their words: of question, answer and context, in every language alike.

An item's ``search`` holds these words and, in capitals, so that no word is like them, labels of
what never changes of it: its flags, its models and its variants. So one index answers for any
combination of them.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable
from django.db import connection
from django.db.models import Q

CONFIG = "simple"  # no stemming, no stop words
LONGEST = 100_000  # characters of an item that are searched; PostgreSQL takes no 1 MB of words
SHORTEST_BEGINNING = 4  # letters: shorter ones begin so many words that the index is slow
MOST_WORDS = 20  # of a query
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"\w")

# An edited text is found once everybody may see it who may see the item.
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
    """Write down by what words items, given by their ids, are found; in one statement.

    To be called when they are stored, and whenever a review with an edited text is stored,
    withdrawn, or begins to be seen because the state changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, {"items": list(items), "longest": LONGEST})


def has_words(text: str) -> bool:
    return bool(_WORD.search(text))


def with_words(text: str) -> Q:
    """Return the condition of having all words of a query, and its quoted phrases.

    The last word may be the beginning of one. Nothing in a query is an operator but the quotes.
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
    """Return text as PostgreSQL's query language takes it for text, whatever is in it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


class _Label(SearchQuery):
    """A label as it stands in the index, taken by no parser for words."""

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, list[str]]:  # type: ignore[override]
        return "%s::tsquery", [_quoted(self.label)]


def with_label(kind: str, value: object) -> Q:
    """Return the condition of having a label: ``FLAG``, ``MODEL`` or ``VARIANT``, and which."""
    return Q(search=_Label(f"{kind} {value}"))
