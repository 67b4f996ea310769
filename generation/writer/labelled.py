"""Items labelled by hand as good or bad: the writer's data, and drafts that two readers judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generation.checks import flags
from generation.checks.focuses import focuses_of
from generation.checks.scoring import Draft
from generation.models import Document, Item, Passage, Question
from generation.writer import data
from generation.writer.judgements import read_lines, verdicts

BAD = {"reject", "wrong"}  # verdicts
# Flags that depend on more than the texts of an item; those of judged drafts were noted.
NOTED = (flags.CUT_OFF_QUESTION, flags.DUPLICATE_ANSWER, flags.DUPLICATE_QUESTION)
LIKELIHOODS = (flags.ASKED, flags.ANSWERED)  # noted, too


@dataclass(frozen=True)
class LabelledItem:
    """An item that is good or bad, as a draft, and the document that it is about."""

    draft: Draft
    document: str
    is_bad: bool


@dataclass(frozen=True)
class JudgedDraft:
    """A draft of a model, its number, and the document and the chapter that it is about."""

    draft: Draft
    number: int
    document: str
    chapter: str


def labelled_items() -> Iterator[LabelledItem]:
    """Yield the items of the writer's data, then the judged drafts that both readers agree on."""
    yield from data_items()
    for judged in judged_drafts():
        labels = {verdict in BAD for verdict in verdicts()[judged.number]}
        if len(labels) == 1:
            yield LabelledItem(judged.draft, judged.chapter, labels.pop())


def data_items() -> Iterator[LabelledItem]:
    """Yield the good and the bad items of the writer's data."""
    for row in [row for rows in data.read() for row in rows]:
        source = _source(row["document"], row["passage"], [row["title"]])
        for made in (*row["items"], *row["bad"]):
            yield LabelledItem(_draft(source, made), row["document"], "why" in made)


def judged_drafts() -> Iterator[JudgedDraft]:
    """Yield the drafts that readers judged, of all models."""
    rows = read_lines("passages.jsonl")
    sources = [_source(row["document"], row["passage"], row["headings"]) for row in rows]
    for row in read_lines("drafts.jsonl"):
        draft, passage = _draft(sources[row["passage"]], row), rows[row["passage"]]
        draft.item.flags = [flag for flag in row["flags"] if flag in NOTED]
        known = row["scores"]
        draft.questions[0].scores = {name: known[name] for name in LIKELIHOODS if name in known}
        chapter = f"{passage['document']}: {passage['file']}"
        yield JudgedDraft(draft, row["id"], passage["document"], chapter)


def _source(document: str, text: str, headings: list[str]) -> tuple[Passage, set[str]]:
    """Return a passage, and its sentences that drafting would take for answers as they stand."""
    of = Document(name=document, language="en")
    sentences = {focus.text for focus in focuses_of(text) if focus.stands_alone}
    return Passage(document=of, text=text, headings=headings), sentences


def _draft(source: tuple[Passage, set[str]], texts: Mapping[str, Any]) -> Draft:
    passage, sentences = source
    item = Item(
        document=passage.document,
        passage=passage,
        answer=texts["answer"],
        parameters={"verbatim": texts["answer"] in sentences},
    )
    return Draft(item, [Question(item=item, text=texts["question"])])
