"""Items that people write by hand about a passage; other people review them.

An item is stored with what its words alone show. A worker then compares it with its passage and
with other items, since that needs the embedding model.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from generation import search
from generation.checks import flags, scoring
from generation.checks.scoring import Draft
from generation.models import Item, Passage, Question, UnsentItem, Writing
from qareview import jobs
from qareview.stored_sentences import stored

AT_ONCE = 20  # items checked together; chosen; nobody measured
ITEM_RESULTS = ("flags", "scores", "score", "support", "embedding")
QUESTION_RESULTS = ("flags", "scores", "embedding")


class NotWritten(Exception):
    """The item was not stored; the message says why."""


class PassageGone(Exception):
    """The passage is not there any more."""


@transaction.atomic
def write_item(passage: Passage, author: Any, key: UUID, question: str, answer: str) -> Item:
    """Store an item that a person wrote about a passage and return it.

    A form that is sent twice has the same ``key``, and gives one item; with another text it is
    refused. Raises NotWritten and PassageGone.
    """
    locked = Passage.objects.select_for_update(no_key=True, of=("self",))
    locked_passage = locked.select_related("document__project").filter(pk=passage.pk).first()
    if locked_passage is None:
        raise PassageGone
    passage = locked_passage
    earlier = Writing.objects.filter(key=key).select_related("item").first()
    if earlier and _is_of(earlier.item, passage, author, question, answer):
        return earlier.item
    _check(passage, question, answer, is_used=earlier is not None)
    item = _store(passage, author, question, answer)
    Writing.objects.create(item=item, key=key)
    UnsentItem.objects.filter(passage=passage, author=author).delete()
    jobs.wake_workers(Writing)
    return item


def _is_of(item: Item, passage: Passage, author: Any, question: str, answer: str) -> bool:
    written = (item.passage_id, item.author_id, item.question.text, item.answer)
    return written == (passage.pk, author.pk, question, answer)


def _check(passage: Passage, question: str, answer: str, *, is_used: bool) -> None:
    if is_used:
        raise NotWritten(
            stored("This form has already been sent, for another item or with another text.")
        )
    if reason := why_closed(passage):
        raise NotWritten(reason)
    same = Item.objects.filter(passage=passage, answer=answer, questions__text=question).first()
    if same:
        raise NotWritten(
            stored(
                "This passage already has an item with this question and answer: item %(pk)s.",
                pk=str(same.pk),
            )
        )


def why_closed(passage: Passage) -> str:
    """Return why no item can be written about a passage; "" if one can."""
    if passage.superseded_at:
        return stored(
            "This passage is from an earlier cut of the document, so no item can be written about "
            "it. Choose a passage on the document’s page."
        )
    if passage.excluded_at:
        return stored(
            "This passage is excluded, so no item can be written about it. An engineer can "
            "restore it on the document’s page."
        )
    return ""


def _store(passage: Passage, author: Any, question: str, answer: str) -> Item:
    others = Item.everything.filter(passage=passage, variant=None).order_by()
    last = others.aggregate(last=Max("number"))["last"] or 0
    item = Item.objects.create(
        project=passage.document.project,
        document=passage.document,
        passage=passage,
        author=author,
        number=last + 1,
        answer=answer,
        flags=flags.flags_of_answer(answer, passage.wording, " ".join(passage.headings)),
    )
    Question.objects.create(
        item=item, text=question, flags=flags.flags_of_question(question, answer)
    )
    search.index_items([item.pk])
    return item


def work_off_written_items() -> None:
    """Check items that were written by hand until none is left."""
    jobs.work_off(Writing, AT_ONCE, check_written)


def check_written(rows: list[Writing]) -> None:
    """Check the items of claimed rows; raises CannotWorkNow if the embedding model is missing."""
    jobs.work_in_groups(rows, lambda row: row.item.project_id, _check_in_project)


def _check_in_project(rows: list[Writing]) -> None:
    items = Item.everything.filter(writing__in=rows).select_related("project")
    items = items.select_related("passage", "document").prefetch_related("questions")
    written = [Draft(item, list(item.questions.all())) for item in items]
    if written:
        scoring.score_written(written[0].item.project, written)
    with jobs.finishing(rows):
        _store_results(written)


def _store_results(written: Sequence[Draft]) -> None:
    Item.everything.bulk_update([draft.item for draft in written], ITEM_RESULTS)
    questions = [question for draft in written for question in draft.questions]
    Question.objects.bulk_update(questions, QUESTION_RESULTS)
    search.index_items(draft.item.pk for draft in written)
