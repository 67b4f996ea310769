"""Find items by the words of their question, answer and context, in any language.

An item's ``search`` has these words, and labels for its flags, models and variants, which never
change. Labels begin with capitals, which no word does, so one index serves any combination.

Scripts without spaces have no words that PostgreSQL could find: their letters are indexed in pairs,
and the pairs of a query are looked for. Korean is too, since its words change at their ends. Texts
and queries are compared in Unicode's form NFKC and in small letters, with ß as ss, without
characters that nobody sees, and without the article and the vowel signs of Arabic.
"""

import functools
import operator
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable
from django.db import connection
from django.db.models import Q

from qareview import scripts

CONFIG = "simple"  # no stemming, no stop words
LONGEST = 100_000  # characters of an item; PostgreSQL limits a tsvector to 1 MB
SHORTEST_BEGINNING = 4  # letters; shorter ones match too many words; chosen; nobody measured
SHORTEST_OF_ARABIC = 3  # letters, since it is written without short vowels; chosen
MOST_PAIRS = 40  # of letters, of a word of a query; chosen; nobody measured
MOST_WORDS = 20  # words and phrases of a query; chosen; nobody measured
_IN_PAIRS = "".join(  # ranges of letters, for regular expressions of Python and PostgreSQL
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
_RUN = re.compile(f"[{_IN_PAIRS}]+")
_VOWEL_SIGNS = "".join(map(chr, (0x0640, *range(0x064B, 0x0653))))  # of Arabic, often left out
_UNSEEN = str.maketrans("", "", f"\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff{_VOWEL_SIGNS}")
_ARABIC = "\u0621-\u063a\u0641-\u064a"  # letters; a word has two of them behind its article
_ARTICLE = (
    rf"\m{scripts.ARABIC_ARTICLE}(?=[{_ARABIC}]{{2}})"  # for regular expressions of PostgreSQL
)
_ARABIC_LETTER = re.compile(f"[{_ARABIC}]")
_ARTICLE_IN_PYTHON = re.compile(_ARTICLE.replace(r"\m", r"\b", 1))
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"\w")

# An edited text is indexed only once everyone who sees the item may see the edit.
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
    "unseen": "".join(map(chr, _UNSEEN)),
    "article": _ARTICLE,
    "runs": f"[{_IN_PAIRS}]+",
    "first_of_run": f"(?<![{_IN_PAIRS}])[{_IN_PAIRS}]",
    "pair": f"[{_IN_PAIRS}]{{1,2}}",
}


def index_items(items: Iterable[int]) -> None:
    """Update ``search`` of the items with these ids, in one statement.

    Call it when items are stored, and when a review with an edited text is stored, withdrawn, or
    becomes visible because the item's state changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, {"items": list(items), **_HOW})


def has_words(text: str) -> bool:
    """Whether a query has a letter or digit to search for."""
    return bool(_WORD.search(_prepared(text)))


def _prepared(text: str) -> str:
    """Return a query in the form in which texts are indexed."""
    seen = unicodedata.normalize("NFKC", text).translate(_UNSEEN)
    return _ARTICLE_IN_PYTHON.sub("", seen.lower().replace("ß", "ss"))


def with_words(text: str) -> Q:
    """Return the condition that an item has all words and quoted phrases of a query.

    The last word may be the beginning of a longer word. The only operators are quotes. The query
    must have words: see :func:`has_words`.
    """
    parts = [part for part in _PART.findall(_prepared(text)) if has_words("".join(part))][
        :MOST_WORDS
    ]
    queries = list(_queries(*parts[-1], is_last=True))
    for phrase, word in parts[:-1]:
        queries += _queries(phrase, word, is_last=False)
    combined: SearchQueryCombinable = functools.reduce(operator.and_, queries)
    return Q(search=combined)


def _queries(phrase: str, word: str, *, is_last: bool) -> Iterator[SearchQueryCombinable]:
    """Yield queries for a phrase or word: for its pairs of letters, and for the rest."""
    runs = _RUN.findall(phrase or word)
    pairs = dict.fromkeys(run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1)))
    yield from (_Lexeme(pair) for pair in list(pairs)[:MOST_PAIRS])
    rest = [_RUN.sub(" ", part) if runs else part for part in (phrase, word)]
    if has_words("".join(rest)):
        yield _query(*rest, is_last=is_last)


def _query(phrase: str, word: str, *, is_last: bool) -> SearchQuery:
    if phrase:
        return SearchQuery(phrase, config=CONFIG, search_type="phrase")
    shortest = SHORTEST_OF_ARABIC if _ARABIC_LETTER.match(word) else SHORTEST_BEGINNING
    if not is_last or len(word) < shortest:
        return SearchQuery(word, config=CONFIG)
    return SearchQuery(f"{_quoted(word)}:*", config=CONFIG, search_type="raw")


def _quoted(word: str) -> str:
    """Return text quoted for PostgreSQL's text search queries."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


class _Lexeme(SearchQuery):
    """A query for a label or letters, which no parser may change or divide into words.

    A single letter is also looked for as the first of a pair.
    """

    def __init__(self, lexeme: str) -> None:
        super().__init__(lexeme)
        self.lexeme = lexeme

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, list[str]]:  # type: ignore[override]
        return "%s::tsquery", [f"{_quoted(self.lexeme)}{':*' * (len(self.lexeme) == 1)}"]


def with_label(kind: str, value: object) -> Q:
    """Return the condition that an item has a label: ``FLAG``, ``MODEL`` or ``VARIANT``."""
    return Q(search=_Lexeme(f"{kind} {value}"))
