"""What was sent to models for items, and what they replied."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from generation.checks.scoring import Draft
from generation.models import Item, ItemQuerySet, Question
from prompts.models import Task
from qareview import exchanges
from qareview.models import Exchange


@dataclass(frozen=True)
class Sent:
    """An exchange of an item, and the tasks that it was for."""

    exchange: Exchange
    tasks: list[Task]
    is_unused: bool  # the model stated a sentence, but the sentence was taken as it is


def store(drafts: Iterable[Draft]) -> None:
    """Store the exchanges of drafts in the transaction that stores the drafts.

    A request of the embedded writer takes 714 bytes, of 1,875 before compression, and most items
    have one, since their answer is a sentence as it is (`make bench-exchanges`).
    """
    exchanges.store(
        exchange
        for draft in drafts
        for exchange in (
            draft.item.exchange,
            *(one for question in draft.questions for one in _of_question(question)),
        )
    )


def _of_question(question: Question) -> tuple[Exchange | None, ...]:
    return question.exchange, question.round_trip, question.recall


def used_by(items: ItemQuerySet) -> set[int]:
    """Return the ids of the exchanges of items, which are deleted with the last of them."""
    return exchanges.used_by(items, Question.objects.filter(item__in=items))


def of_item(item: Item) -> list[Sent]:
    """Return an item's exchanges in the order in which they were sent, each once."""
    tasks: dict[int, list[Task]] = {}
    by_id = {}
    for task, exchange in _labelled(item):
        if exchange:
            by_id[exchange.pk] = exchange
            own = tasks.setdefault(exchange.pk, [])
            own += [task] if task not in own else []
    is_unused = {item.exchange_id} if item.is_verbatim else set()
    return [Sent(by_id[pk], tasks[pk], pk in is_unused) for pk in tasks]


def _labelled(item: Item) -> Iterator[tuple[Task, Any]]:
    yield Task.SUMMARISE, item.exchange
    questions = list(item.questions.select_related("exchange", "round_trip", "recall"))
    for question in questions:
        yield Task.ASK, question.exchange
    for question in questions:
        yield Task.ANSWER, question.round_trip
        yield Task.RECALL, question.recall
