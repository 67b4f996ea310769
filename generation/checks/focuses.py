"""The sentences of a passage that an answer may state, the most telling first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generation.checks.gist import gist
from generation.checks.numbers import numbers_in
from generation.checks.sentence_splitting import sentences

# Chosen by reading what comes out for the passages of the writer's data; nobody measured.
FEWEST_WORDS, MOST_WORDS = 6, 45  # of a sentence that stands on its own
FEWEST_WORDS_TO_STATE = 3  # of a list item or a table row
ENOUGH_WORDS = 16  # that are no small words: more of them tell no more
FOR_A_NUMBER, FOR_A_NAME, FOR_THE_TOPIC = 0.2, 0.2, 0.2  # added to how much a sentence tells
MOST_OWN = 1  # words of a rewriting that are nowhere in the passage or its headings
MOST_STATED = 0.7  # share of a sentence's words in an answer that states it already
FOR_LEANING = -2.0  # a third of the rewritings were wrong, of sentences as they stand one in 25

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*\s*$|\Z)", re.MULTILINE | re.DOTALL)
# a footnote with its further paragraphs, or where a link leads
_NOTE = re.compile(
    r"^ {0,3}(?:\[\^[^\[\]\s]{1,40}\]:[^\n]*"
    r"(?:\n(?!#)[ \t]*\S[^\n]*|\n(?:[ \t]*\n)+[ \t]{2,}\S[^\n]*)*+"
    r"|\[[^\[\]\n]+\]:[ \t]*\S+(?:[ \t]+[\"'(][^\n]*)?[ \t]*$)",
    re.MULTILINE,
)
_NOTE_MARK = re.compile(r"(`[^`]*`)|\[\^[^\[\]\s]{1,40}\]")  # in code it is no mark
# a list behind a colon: its entries, their further lines and paragraphs, and the lists within it
_ENTRY_MARK = r"(?:[-*+•–]|\(?(?:\d+|[a-z]|[ivx]+)[.)])[ \t]"
_LED_LIST = re.compile(
    rf"[:：][*_]*[ \t]*\n(?:[ \t]*\n)*(?P<list>(?P<inset>[ \t]*){_ENTRY_MARK}[^\n]*(?:"
    r"\n(?P=inset)(?!#)[ \t]*\S[^\n]*"
    rf"|\n(?:[ \t]*\n)+(?P=inset)(?:[ \t]+\S|{_ENTRY_MARK})[^\n]*)*+)"
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,2})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_LINE_MARKS = re.compile(r"^[ \t]*(?:(?:[#>]+|[-*+]|\d+[.)])[ \t]+)+", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
NAME = re.compile(r"(?<=[\w,;:)] )[A-Z][\w-]+")  # a capital that does not begin a sentence
_ENDS = (".", ".”", '."', ".)", "!", "。")
_LEANS = re.compile(
    r"^(?:it|its|this|that|these|those|they|their|them|he|she|his|her|we|our|such|there|here|but"
    r"|and|or|so|however|otherwise|then|also|instead|both|neither|either|one|others?|in this"
    r"|in that|in these|after this|after that|for this|if so|if not|the same|the latter|the former"
    r"|as a result|therefore|thus|hence|afterwards|moreover|furthermore|for example|for instance"
    r"|similarly|likewise|conversely|note)\b"
    r"|\b(?:this|these|above|below|following|aforementioned|previous|latter|former|figure \d"
    r"|table \d|section \d|chapter \d)\b",
    re.IGNORECASE,
)
# an entry of a dictionary, whose subject is its heading
_ENTRY = re.compile(r"^(?:an?|any|used)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|must|will|should|does|do|did|could|would)\b"
)
# words for which even a short sentence before a list is no title, as in “Close it if:”
_GOES_ON = re.compile(
    r"\b(?:if|when|unless|until|where|while|before|after|because|to|by|that|which|who|following"
    r"|follows)\b",
    re.IGNORECASE,
)
_TELLS_NOTHING = re.compile(
    r"^(?:see|refer to|for (?:more |further )?(?:information|details))\b"
    r"|^(?:figure|fig\.|table|copyright)\b"
    r"|[?？؟:：]$|^https?://\S+$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Focus:
    """A sentence, list item or table row: its range in the passage, and its text without marks."""

    start: int
    end: int
    text: str

    @property
    def stands_alone(self) -> bool:
        """Whether it needs no other sentence to be understood, as far as its words show."""
        return (
            FEWEST_WORDS <= len(self.text.split()) <= MOST_WORDS
            and not self.text[0].islower()
            and self.text.endswith(_ENDS)
            and " | " not in self.text
            and not _LEANS.search(self.text)
            and not (_ENTRY.match(self.text) and not _VERB.search(self.text))
        )


def focuses_of(passage: str, headings: str = "") -> list[Focus]:
    """Return the sentences of a passage that say something, those that tell most first."""
    topic = gist(headings)
    return sorted(_candidates(passage), key=lambda focus: -_tells(focus, topic))


def focus_of(passage: str, answer: str) -> str:
    """Return the sentence that an answer states, as far as its words show; it needs no model."""
    wanted = gist(answer)
    texts = [focus.text for focus in focuses_of(passage)] or [passage]
    return max(texts, key=lambda text: len(gist(text) & wanted) / max(1, len(gist(text) | wanted)))


def plain(text: str) -> str:
    """Return Markdown in one line without its marks; the cells of a table are joined by bars."""
    text = _NOTE_MARK.sub(r"\1", _LINE_MARKS.sub("", text))
    text = _LINK.sub(r"\1", text).replace("`", "")
    text = _EMPHASIS.sub(r"\2", text).replace("**", "")  # some stand in two sentences
    text = _ESCAPED.sub(r"\1", text)
    return re.sub(r"\s+", " ", text).strip(" |")


def states(answer: str, focus: str, context: str) -> bool:
    """Return whether an answer has all numbers and names of its focus, and no word of its own.

    ``context`` are the headings and the passage, whose words it may take to name its subject.
    """
    has_all = numbers_in(focus) <= numbers_in(answer) and _names(focus) <= gist(answer)
    known = f"{focus} {context}"
    own = gist(answer) - gist(known)
    return has_all and numbers_in(answer) <= numbers_in(known) and len(own) <= MOST_OWN


def _candidates(passage: str) -> Iterator[Focus]:
    spans = [*sentences(passage)]
    skipped = [*_skipped(passage, spans)]
    for start, end in spans:
        line = passage.rfind("\n", 0, start) + 1
        is_heading = passage[line:start].lstrip().startswith("#")
        is_skipped = any(first < end and start < last for first, last in skipped)
        text = plain(passage[start:end])
        if not is_heading and not is_skipped and _says_something(text):
            yield Focus(start, end, text)


def _skipped(passage: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of code, of notes, and of lists that go on with a sentence.

    An entry of such a list looks like a sentence, but may be the opposite of what is said: “Close
    the dome if:” does not say that the wind is strong.
    """
    for pattern in (_FENCE, _NOTE):
        yield from (match.span() for match in pattern.finditer(passage))
    for match in _LED_LIST.finditer(passage):
        if any(
            start <= match.start() < end and not _is_title(plain(passage[start:end]))
            for start, end in spans
        ):
            yield match.span("list")


def _is_title(lead: str) -> bool:
    """Whether what stands before a list only names it, such as “Opening hours:”."""
    is_short = len(lead.split()) < FEWEST_WORDS
    return is_short and not _VERB.search(lead) and not _GOES_ON.search(lead)


def _says_something(text: str) -> bool:
    return len(text.split()) >= FEWEST_WORDS_TO_STATE and not _TELLS_NOTHING.search(text)


def _tells(focus: Focus, topic: frozenset[str]) -> float:
    """Return how much a sentence tells: by its words, numbers and names, and words of the topic."""
    own = gist(focus.text)
    return (
        min(len(own), ENOUGH_WORDS) / ENOUGH_WORDS
        + FOR_THE_TOPIC * bool(own & topic)
        + FOR_A_NUMBER * bool(numbers_in(focus.text))
        + FOR_A_NAME * bool(NAME.search(focus.text))
        + FOR_LEANING * (not focus.stands_alone)
    )


def _names(text: str) -> frozenset[str]:
    return gist(" ".join(NAME.findall(text)))


def unstated(focuses: Sequence[Focus], answers: Sequence[str]) -> list[Focus]:
    """Return the focuses that none of the answers states already."""
    taken = [gist(answer) for answer in answers]
    return [focus for focus in focuses if not any(_is_stated(focus, own) for own in taken)]


def _is_stated(focus: Focus, answer: frozenset[str]) -> bool:
    own = gist(focus.text)
    return len(own & answer) > MOST_STATED * len(own)
