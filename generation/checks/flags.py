"""Flags, which name problems of a draft, and scores from 0 to 1, with their explanations.

This module raises the flags that depend on the texts alone.
"""

import re

from django.utils.translation import gettext_lazy as _

from generation.checks.gist import gist
from generation.checks.numbers import numbers_in
from generation.checks.sentence_splitting import sentences
from qareview import languages, scripts
from qareview.scripts import words
from qareview.stored_sentences import stored

EMPTY_ANSWER = "empty-answer"
CUT_OFF_ANSWER = "cut-off-answer"
COPY_OF_PASSAGE = "copy-of-passage"
FOREIGN_NUMBER = "foreign-number"
FOREIGN_NAME = "foreign-name"
EMPTY_QUESTION = "empty-question"
CUT_OFF_QUESTION = "cut-off-question"
NOT_A_QUESTION = "not-a-question"
COPY_OF_ANSWER = "copy-of-answer"
SPEAKS_OF_TEXT = "speaks-of-text"
ANSWER_LEAKED = "answer-leaked"
UNSUPPORTED = "unsupported"
OTHER_LANGUAGE = "other-language"
DUPLICATE_QUESTION = "duplicate-question"
DUPLICATE_ANSWER = "duplicate-answer"
ANSWERED_OTHERWISE = "answered-otherwise"
PASSAGE_NOT_NEEDED = "passage-not-needed"

EXPLANATIONS = {
    EMPTY_ANSWER: _("The model wrote no answer."),
    CUT_OFF_ANSWER: _("The answer is cut off."),
    COPY_OF_PASSAGE: _("The answer is copied from the passage word for word."),
    FOREIGN_NUMBER: _("The answer contains a number that is not in the passage."),
    FOREIGN_NAME: _("The answer contains a name that is not in the passage."),
    EMPTY_QUESTION: _("The model wrote no question."),
    CUT_OFF_QUESTION: _("The question is cut off."),
    NOT_A_QUESTION: _("Not a question: it has no question mark, or fewer than four words."),
    COPY_OF_ANSWER: _("The question repeats the answer."),
    SPEAKS_OF_TEXT: _("The question refers to “the passage”, which readers cannot see."),
    ANSWER_LEAKED: _("The question gives away most of the answer."),
    UNSUPPORTED: _("At least one sentence of the answer has no support in the passage."),
    OTHER_LANGUAGE: _("This text is not in the document’s language."),
    DUPLICATE_QUESTION: _("Another item in the project asks almost the same question."),
    DUPLICATE_ANSWER: _("Another item in the project has almost the same answer."),
    ANSWERED_OTHERWISE: _("A model that reads the passage gives a different answer."),
    PASSAGE_NOT_NEEDED: _("A model can answer the question without the passage."),
}

NAMES = {
    EMPTY_ANSWER: _("empty answer"),
    CUT_OFF_ANSWER: _("cut-off answer"),
    COPY_OF_PASSAGE: _("copy of passage"),
    FOREIGN_NUMBER: _("number not in passage"),
    FOREIGN_NAME: _("name not in passage"),
    EMPTY_QUESTION: _("empty question"),
    CUT_OFF_QUESTION: _("cut-off question"),
    NOT_A_QUESTION: _("not a question"),
    COPY_OF_ANSWER: _("copy of answer"),
    SPEAKS_OF_TEXT: _("refers to the passage"),
    ANSWER_LEAKED: _("answer given away"),
    UNSUPPORTED: _("unsupported"),
    OTHER_LANGUAGE: _("different language"),
    DUPLICATE_QUESTION: _("duplicate question"),
    DUPLICATE_ANSWER: _("duplicate answer"),
    ANSWERED_OTHERWISE: _("answered differently"),
    PASSAGE_NOT_NEEDED: _("passage not needed"),
}

SUPPORT, NEW_ANSWER = stored("support"), stored("new answer")  # of items
ACCEPTANCE = stored("acceptance")
NEW_QUESTION, ROUND_TRIP = stored("new question"), stored("round trip")  # of questions
NEED = stored("need")
ASKED, ANSWERED = stored("likely question"), stored("likely answer")
FIT = stored("fit")
SCORES = {
    SUPPORT: _("how well the passage supports the answer’s weakest sentence"),
    NEW_ANSWER: _("how different the answer is from the most similar one in the project"),
    NEW_QUESTION: _("how different the question is from the most similar one in the project"),
    ROUND_TRIP: _("how closely the answer matches that of a model that reads the passage"),
    NEED: _("how much the passage is needed to answer the question"),
    ASKED: _("how likely the model finds the question, given the answer"),
    ANSWERED: _("how likely the model finds the answer, given the question"),
    FIT: _("how likely the question is about this answer and no other one about the passage"),
    ACCEPTANCE: _("how likely reviewers are to accept it, learned from their decisions"),
}

_OTHER_ENDS = tuple(f":：|{scripts.CLOSING_MARKS}")  # of an answer that is not cut off
_MENTION_OF_TEXT = re.compile(
    r"\b(the|this) (passage|text|article|author|paragraph|excerpt|document|figure|table)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=\w[,;] |[^\W\d_]{2} |\d{2} )([A-Z][a-z]\w+)")
MOST_LEAKED = 0.7  # share of the answer's words in the question; measured by `make bench-checks`
# words of an answer that is a name, a number or a phrase of the passage; chosen; nobody measured
LONGEST_SPAN = 8
MOST_SENTENCES = 2  # of a passage that are no mere copy of it; chosen; nobody measured
_YES_OR_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|am|need)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:no|not|cannot|never|none|nobody|nothing)\b|n.t\b", re.IGNORECASE)
FEWEST_WORDS = 4  # 85 % of the shorter questions were bad, of 3,000 that people rated
PREFIX = 5  # letters of a name that are compared; chosen; nobody measured


def flags_of_answer(answer: str, passage: str, headings: str = "") -> list[str]:
    """Return the flags of an answer drafted from ``passage``, which stands under ``headings``."""
    answer = answer.strip()
    if not answer:
        return [EMPTY_ANSWER]
    flags = []
    is_whole = answer.endswith(_OTHER_ENDS) or scripts.ends_sentence(answer)
    is_copied = _contains(passage, answer)
    is_span = is_copied and not is_whole and scripts.word_count(answer) <= LONGEST_SPAN
    if not is_whole and not is_span:
        flags.append(CUT_OFF_ANSWER)
    if is_copied and not is_span and not _is_fact(answer, is_whole):
        flags.append(COPY_OF_PASSAGE)
    known = f"{headings}\n{passage}"
    if numbers_in(answer) - numbers_in(known):
        flags.append(FOREIGN_NUMBER)
    if _has_foreign_name(answer, known):
        flags.append(FOREIGN_NAME)
    return flags


def _is_fact(answer: str, is_whole: bool) -> bool:
    """Whether an answer is a sentence or two: a copy of so much is a fact about the passage."""
    return is_whole and sum(1 for _ in sentences(answer)) <= MOST_SENTENCES


def flags_of_question(question: str, answer: str) -> list[str]:
    """Return the flags of a question drafted for ``answer``."""
    question = question.strip()
    if not question:
        return [EMPTY_QUESTION]
    flags = []
    if not scripts.asks(question) or scripts.word_count(question) < FEWEST_WORDS:
        flags.append(NOT_A_QUESTION)
    if _contains(question, answer):
        flags.append(COPY_OF_ANSWER)
    elif _leaks(question, answer):
        flags.append(ANSWER_LEAKED)
    if _MENTION_OF_TEXT.search(question):
        flags.append(SPEAKS_OF_TEXT)
    return flags


def is_in_other_language(text: str, language: str) -> bool:
    """Whether a text is in another language than ``language``; False if either is unknown."""
    return bool(language) and languages.detect_language(text) not in ("", language)


def _leaks(question: str, answer: str) -> bool:
    own, asked = gist(answer), gist(question)
    if len(own) < 2 or len(own & asked) <= MOST_LEAKED * len(own):
        return False
    if _YES_OR_NO.match(question):
        return len(own - asked) <= 1 and not _NEGATION.search(answer)
    return own <= asked or not _tells_more(answer, asked)


def _tells_more(answer: str, asked: frozenset[str]) -> bool:
    """Whether an answer has a number or a name that is not in the question."""
    rest = {word for word in answer.split() if gist(word) - asked}
    names = {word for word in rest if word[:1].isupper() and not answer.startswith(word)}
    return bool(names or any(any(map(str.isdigit, word)) for word in rest))


def _contains(text: str, part: str) -> bool:
    """Whether ``text`` has the words of ``part`` in this order, with no other word between them."""
    return f" {' '.join(words(part))} " in f" {' '.join(words(text))} "


def _has_foreign_name(answer: str, passage: str) -> bool:
    """Whether a capitalised word that does not begin a sentence is missing from the passage.

    Only the first letters are compared, so that “Egyptians” matches “Egyptian”.
    """
    prefixes = {word[:PREFIX] for word in words(passage)}
    return any(name.lower()[:PREFIX] not in prefixes for name in _NAME.findall(answer))
