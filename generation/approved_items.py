"""Reviewed items as prompts use them: examples, cases, outcomes and the reasons for rejecting.

The functions that have no docstring here implement :class:`prompts.approved_items.Items`, which
documents them.
"""

import random
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from django.db.models import Count, F, Q

from generation.checks import flags
from generation.checks.focuses import focus_of
from generation.checks.scoring import LEAST_SUPPORT
from generation.checks.support import support
from generation.models import (
    OUTCOME,
    Item,
    ItemQuerySet,
    ItemState,
    Passage,
    Review,
    Split,
    Verdict,
)
from generation.prompt_values import language_of
from generation.releases.freezing import earlier_splits, triple_of
from prompts.approved_items import AcceptanceShare, Approved, Disliked
from prompts.models import Prompt, Task
from prompts.written_items import COUNT, EXISTING
from qareview.embeddings import embed, nearest
from qareview.models import Project

MOST_DIVERSE = 500  # newest items that diverse ones are chosen from; chosen; nobody measured


def newest(project: Project, count: int) -> list[Approved]:
    return _approved(project, _examples(project).order_by("-pk")[:count])


def drawn(project: Project, count: int, seed: int) -> list[Approved]:
    accepted = project.items.filter(state=ItemState.ACCEPTED).order_by("pk")
    ids = list(accepted.values_list("pk", flat=True))
    sample = random.Random(seed).sample(ids, min(count, len(ids)))  # noqa: S311  no secret
    return _in_order(project, sample)


def similar(project: Project, text: str, count: int, passage: int) -> list[Approved]:
    vector = embed([text])[0].tolist()
    others = _examples(project).exclude(passage__in=with_near_duplicates(passage))
    return _in_order(project, [pk for pk, _ in nearest(others, vector, count)])


def diverse(project: Project, count: int) -> list[Approved]:
    """Return the newest item, then in each step the item farthest from those (Gonzalez 1985)."""
    rows = _examples(project).exclude(embedding=None).order_by("-pk")
    pool = list(rows.values_list("pk", "embedding")[:MOST_DIVERSE])
    if not pool:
        return []
    vectors = np.array([vector for _, vector in pool], dtype=np.float32)
    taken, cosines = [0], vectors @ vectors[0]  # the cosine of each to the nearest that is taken
    while len(taken) < min(count, len(pool)):
        taken.append(int(cosines.argmin()))
        cosines = np.maximum(cosines, vectors @ vectors[taken[-1]])
    return _in_order(project, [pool[index][0] for index in taken])


def approved_among(project: Project, items: Collection[int]) -> list[Approved]:
    return _approved(project, _examples(project).filter(pk__in=items).order_by("pk"))


def _examples(project: Project) -> ItemQuerySet:
    """Return the accepted items, without those of documents in a release's test split."""
    accepted = project.items.filter(state=ItemState.ACCEPTED)
    return accepted.exclude(document__in=_test_documents(project))


def _test_documents(project: Project) -> list[int]:
    """Return the ids of the documents that a release has put into its test split."""
    return [pk for pk, split in earlier_splits(project).items() if split == Split.TEST]


def _in_order(project: Project, items: Sequence[int]) -> list[Approved]:
    """Return the approved items with these ids, in the order of the ids."""
    rows = _approved(project, project.items.filter(pk__in=items))
    by_id = {approved.item: approved for approved in rows}
    return [by_id[pk] for pk in items if pk in by_id]


def _approved(project: Project, items: ItemQuerySet) -> list[Approved]:
    rows = items.for_list()
    return [_as_approved(project, item) for item in rows if item.decision]


def _as_approved(project: Project, item: Item) -> Approved:
    triple = triple_of(item)
    values = {
        "passage": triple["context"],
        "headings": " › ".join(triple["headings"]),
        "document": triple["document"],
        "language": language_of(project, item.document),
        "focus": focus_of(triple["context"], triple["answer"]),
        "question": triple["question"],
        "answer": triple["answer"],
        COUNT: "1",
        EXISTING: "",
    }
    return Approved(item.pk, item.passage_id, values)


def with_near_duplicates(passage: int) -> set[int]:
    first = Passage.objects.filter(pk=passage).values("same_as")
    group = Q(pk=passage) | Q(same_as=passage) | Q(near_duplicates=passage) | Q(same_as__in=first)
    return set(Passage.objects.filter(group).values_list("pk", flat=True))


def in_test_splits(project: Project, passages: Collection[int]) -> set[int]:
    if not passages:
        return set()
    of_tests = Passage.objects.filter(pk__in=passages, document__in=_test_documents(project))
    return set(of_tests.values_list("pk", flat=True))


def flag_name(flag: str) -> str:
    return str(flags.NAMES.get(flag, flag))


def disliked(prompt: Prompt, count: int) -> list[Disliked]:
    if prompt.task not in (Task.SUMMARISE, Task.ASK):
        return []
    written_by = {
        Task.SUMMARISE: Q(item__variant__prompt=prompt),
        Task.ASK: Q(item__questions__rank=1, item__questions__variant__prompt=prompt),
    }
    is_own = written_by[Task(prompt.task)]
    rejected = (
        Review.objects.of_reviewers()
        .filter(is_own, verdict=Verdict.REJECTED, item__state=ItemState.REJECTED)
        .select_related("item__passage", "item__document")
        .order_by("-pk")
    )
    return [_as_disliked(prompt, review) for review in rejected[:count]]


def _as_disliked(prompt: Prompt, review: Review) -> Disliked:
    item = review.item
    values = {"passage": item.passage.wording, "answer": item.answer}
    output = values.pop("answer") if prompt.task == Task.SUMMARISE else item.question.text
    why = ". ".join(text for text in (review.reason, review.comment) if text)
    return Disliked(values, output, why)


def check_outputs(
    task: str, texts: Sequence[tuple[dict[str, str], str]]
) -> list[tuple[dict[str, float], list[str]]]:
    if task == Task.ASK:
        return [
            ({}, flags.flags_of_question(output, values.get("answer", "")))
            for values, output in texts
        ]
    if task != Task.SUMMARISE:
        return [({}, []) for _ in texts]
    supported = support([(output, values.get("passage", "")) for values, output in texts])
    return [
        _check_answer(values, output, sentences)
        for (values, output), sentences in zip(texts, supported, strict=True)
    ]


def _check_answer(
    values: dict[str, str], answer: str, sentences: list[dict[str, Any]]
) -> tuple[dict[str, float], list[str]]:
    """Return the scores and flags of an answer, given the support of its sentences."""
    weakest = min((sentence["score"] for sentence in sentences), default=0.0)
    passage, headings = values.get("passage", ""), values.get("headings", "")
    raised_flags = flags.flags_of_answer(answer, passage, headings)
    if answer and weakest < LEAST_SUPPORT:
        raised_flags.append(flags.UNSUPPORTED)
    return {flags.SUPPORT: weakest}, raised_flags


def acceptance_shares(prompt: Prompt) -> dict[int, AcceptanceShare]:
    if prompt.task not in (Task.SUMMARISE, Task.ASK):
        return {}
    decided = prompt.project.items.filter(OUTCOME).exclude(state=ItemState.DISPUTED).order_by()
    writer = F("variant")
    if prompt.task == Task.ASK:
        decided, writer = decided.filter(questions__rank=1), F("questions__variant")
    counted = (
        decided.annotate(writer=writer)
        .exclude(writer=None)
        .values("writer")
        .annotate(all=Count("pk"), accepted=Count("pk", filter=Q(state=ItemState.ACCEPTED)))
    )
    return {row["writer"]: AcceptanceShare(row["all"], row["accepted"]) for row in counted}
