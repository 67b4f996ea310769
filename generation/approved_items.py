"""Approved items as prompts use them: examples, cases, and what people said of what they wrote."""

import random
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from django.db.models import Count, F, Q

from generation.checks import flags
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
from qareview.embeddings import embed, nearest
from qareview.models import Project

MOST_DIVERSE = 500  # of the newest items, among which different ones are looked for


def newest(project: Project, count: int) -> list[Approved]:
    return _approved(project, _examples(project).order_by("-pk")[:count])


def drawn(project: Project, count: int, seed: int) -> list[Approved]:
    accepted = project.items.filter(state=ItemState.ACCEPTED).order_by("pk")
    found = list(accepted.values_list("pk", flat=True))
    chosen = random.Random(seed).sample(found, min(count, len(found)))  # noqa: S311  no secret
    return _in_order(project, chosen)


def similar(project: Project, text: str, count: int, passage: int) -> list[Approved]:
    vector = embed([text])[0].tolist()
    others = _examples(project).exclude(passage__in=with_near_duplicates(passage))
    return _in_order(project, [pk for pk, _ in nearest(others, vector, count)])


def diverse(project: Project, count: int) -> list[Approved]:
    """Take the newest, then again and again the one farthest from all taken (Gonzalez 1985)."""
    rows = _examples(project).exclude(embedding=None).order_by("-pk")
    pool = list(rows.values_list("pk", "embedding")[:MOST_DIVERSE])
    if not pool:
        return []
    vectors = np.array([vector for _, vector in pool], dtype=np.float32)
    taken, nearest = [0], vectors @ vectors[0]
    while len(taken) < min(count, len(pool)):
        taken.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[taken[-1]])
    return _in_order(project, [pool[index][0] for index in taken])


def approved_among(project: Project, items: Collection[int]) -> list[Approved]:
    return _approved(project, _examples(project).filter(pk__in=items).order_by("pk"))


def _examples(project: Project) -> ItemQuerySet:
    """Return the approved items of documents that no release keeps for testing."""
    return project.items.filter(state=ItemState.ACCEPTED).exclude(document__in=_tested(project))


def _tested(project: Project) -> list[int]:
    return [pk for pk, split in earlier_splits(project).items() if split == Split.TEST]


def _in_order(project: Project, items: Sequence[int]) -> list[Approved]:
    found = {one.item: one for one in _approved(project, project.items.filter(pk__in=items))}
    return [found[pk] for pk in items if pk in found]


def _approved(project: Project, items: ItemQuerySet) -> list[Approved]:
    rows = items.for_list()
    return [_as_approved(project, item) for item in rows if item.decision]


def _as_approved(project: Project, item: Item) -> Approved:
    told = triple_of(item)
    values = {
        "passage": told["context"],
        "headings": " › ".join(told["headings"]),
        "document": told["document"],
        "language": language_of(project, item.document),
        "question": told["question"],
        "answer": told["answer"],
    }
    return Approved(item.pk, item.passage_id, values)


def with_near_duplicates(passage: int) -> set[int]:
    first = Passage.objects.filter(pk=passage).values("same_as")
    group = Q(pk=passage) | Q(same_as=passage) | Q(near_duplicates=passage) | Q(same_as__in=first)
    return set(Passage.objects.filter(group).values_list("pk", flat=True))


def in_test_splits(project: Project, passages: Collection[int]) -> set[int]:
    found = Passage.objects.filter(pk__in=passages, document__in=_tested(project))
    return set(found.values_list("pk", flat=True)) if passages else set()


def flag_name(flag: str) -> str:
    return str(flags.NAMES.get(flag, flag))


def disliked(prompt: Prompt, count: int) -> list[Disliked]:
    if prompt.task not in (Task.SUMMARISE, Task.ASK):
        return []
    own = {
        Task.SUMMARISE: Q(item__variant__prompt=prompt),
        Task.ASK: Q(item__questions__rank=1, item__questions__variant__prompt=prompt),
    }
    rejected = (
        Review.objects.of_reviewers()
        .filter(own[Task(prompt.task)], verdict=Verdict.REJECTED, item__state=ItemState.REJECTED)
        .select_related("item__passage", "item__document")
        .order_by("-pk")
    )
    return [_as_disliked(prompt, review) for review in rejected[:count]]


def _as_disliked(prompt: Prompt, review: Review) -> Disliked:
    item = review.item
    values = {"passage": item.passage.text, "answer": item.answer}
    output = values.pop("answer") if prompt.task == Task.SUMMARISE else item.question.text
    why = ". ".join(said for said in (review.reason, review.comment) if said)
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
    pairs = [(output, values.get("passage", "")) for values, output in texts]
    return [_checked(*pair, found) for pair, found in zip(pairs, support(pairs), strict=True)]


def _checked(
    answer: str, passage: str, carried: list[dict[str, Any]]
) -> tuple[dict[str, float], list[str]]:
    weakest = min((one["score"] for one in carried), default=0.0)
    names = flags.flags_of_answer(answer, passage)
    if answer and weakest < LEAST_SUPPORT:
        names.append(flags.UNSUPPORTED)
    return {flags.SUPPORT: weakest}, names


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
