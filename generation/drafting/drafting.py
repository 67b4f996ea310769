"""Draft items from passages: answers, and questions for each answer.

Drafting adds the items that a passage lacks of the number its project asks for, so it may run
again. The first candidate is the model's likeliest text. The others are sampled, each with its own
seed; a text with the gist of another is sampled again.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Max

from generation import search
from generation.checks import flags, round_trip, scoring
from generation.checks.gist import gist
from generation.checks.scoring import Draft
from generation.models import BINNED, Document, Item, ItemState, Passage, Question
from generation.prompt_values import values_of
from prompts.examples import Input, examples_for
from prompts.models import Task, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.variants import in_production, model_for
from qareview import completions, jobs
from qareview.backends import Completion
from qareview.models import JobState, Project
from qareview.stored_sentences import stored
from qareview.translations import counted

ROUNDS = 4  # of requests; all but one replace empty and repeated texts; chosen; nobody measured


@dataclass
class Quota:
    """A number of different texts to write with the same values of a prompt's variables.

    ``taken`` are the gists of texts that exist already; quotas may share them.
    """

    values: dict[str, str]
    count: int
    taken: set[frozenset[str]]
    passage: int  # id
    next_number: int = 1
    drafts: list[tuple[int, Completion]] = field(default_factory=list)
    error: str = ""

    def next_numbers(self) -> range:
        """Return the numbers of the candidates to request next; each number is returned once."""
        missing = 0 if self.error else self.count - len(self.drafts)
        start, self.next_number = self.next_number, self.next_number + missing
        return range(start, start + missing)

    def add(self, number: int, completion: Completion) -> None:
        """Add a candidate, unless it is empty or has the gist of another."""
        self.error = self.error or completion.error
        own_gist = gist(completion.text)
        if own_gist and own_gist not in self.taken:
            self.taken.add(own_gist)
            self.drafts.append((number, completion))


class Writer(NamedTuple):
    """The variant that writes a text, and the model it runs on."""

    variant: Variant
    model: str


def batch_size() -> int:
    """Return how many passages to draft from together, so that their answers fill a batch.

    More passages would delay a pause or a cancellation.
    """
    waiting = Project.objects.filter(documents__passages__state=JobState.QUEUED)
    most: int = waiting.aggregate(most=Max("items_per_passage"))["most"] or 1
    return max(1, settings.DRAFT_BATCH // most)


def work_off_passages() -> None:
    """Draft items, a batch of passages at a time, until no passage is queued."""
    jobs.work_off(Passage, batch_size(), draft)


def draft(batch: list[Passage]) -> None:
    """Draft the items that claimed passages lack.

    If a project's prompt cannot be filled in, its passages fail. If its model cannot be used, or
    its budget is used up, they go back to the queue. Raises CannotWorkNow at the end if a model
    was unavailable.
    """
    documents = (
        Document.everything.select_related("project")
        .defer("text")
        .in_bulk({row.document_id for row in batch})
    )
    for row in batch:
        row.document = documents[row.document_id]
    jobs.work_in_groups(
        batch, _group_key, lambda rows: _draft_group(rows[0].document.project, rows)
    )


def _group_key(row: Passage) -> tuple[int, str]:
    """Return the key of a passage's group; passages with the same key are drafted together."""
    return row.document.project_id, json.dumps(row.draft_with, sort_keys=True)


def _draft_group(project: Project, rows: list[Passage]) -> None:
    try:
        answers = _ask_for_answers(project, rows)
        drafts = _ask_for_questions(project, rows, answers)
        complete = [draft for draft in drafts if not draft.item.passage.error]
        if project.asks_back:
            round_trip.ask_back(project, complete)
    except RenderingFailed as reason:
        for row in rows:
            jobs.fail_job(row, str(reason))
        return
    except completions.BudgetUsedUp:
        jobs.return_jobs(rows)
        return
    for row in rows:
        if row.error:
            jobs.fail_job(row, row.error)
    done = [row for row in rows if not row.error]
    if done:
        scoring.score_drafts(project, complete)
        with jobs.finishing(done):
            _store(done, complete)


def _ask_for_answers(project: Project, rows: Sequence[Passage]) -> list[Item]:
    """Return new items, without questions, for the passages that lack some."""
    writer = _writer(project, Task.SUMMARISE, rows[0].draft_with)
    quotas = _answer_quotas(project, rows, writer.variant)
    _write(project, writer, quotas.values())
    for row in rows:
        quota = quotas[row.pk]
        row.error, row.note = quota.error, _note(quota, "item")
    return [
        Item(
            project=project,
            document=row.document,
            passage=row,
            variant=writer.variant,
            number=number,
            answer=completion.text,
            flags=[flags.CUT_OFF_ANSWER] if completion.cut_off else [],
            **_provenance(writer, number, completion),
        )
        for row in rows
        for number, completion in quotas[row.pk].drafts
    ]


def _answer_quotas(project: Project, rows: Sequence[Passage], variant: Variant) -> dict[int, Quota]:
    """Return how many answers to write for each passage, by the passages' ids."""
    answers = _current_answers(rows)
    last_numbers = _last_numbers(rows, variant)
    return {
        row.pk: Quota(
            values_of(project, row),
            max(0, project.items_per_passage - len(answers.get(row.pk, ()))),
            {gist(answer) for answer in answers.get(row.pk, ())},
            row.pk,
            last_numbers.get(row.pk, 0) + 1,
        )
        for row in rows
    }


def _ask_for_questions(
    project: Project, rows: Sequence[Passage], items: Sequence[Item]
) -> list[Draft]:
    """Return the items with their questions; an item without questions is left out."""
    writer = _writer(project, Task.ASK, rows[0].draft_with)
    taken = _question_gists(rows)
    quotas = [
        Quota(
            {**values_of(project, item.passage), "answer": item.answer},
            project.questions_per_answer,
            taken[item.document_id],
            item.passage.pk,
        )
        for item in items
    ]
    _write(project, writer, quotas)
    drafts = []
    for item, quota in zip(items, quotas, strict=True):
        item.passage.error = item.passage.error or quota.error
        item.passage.note = item.passage.note or _note(quota, "question")
        if quota.drafts:
            drafts.append(Draft(item, _questions(item, writer, quota)))
    return drafts


def _questions(item: Item, writer: Writer, quota: Quota) -> list[Question]:
    return [
        Question(
            item=item,
            variant=writer.variant,
            text=completion.text,
            flags=[flags.CUT_OFF_QUESTION] if completion.cut_off else [],
            **_provenance(writer, number, completion),
        )
        for number, completion in quota.drafts
    ]


def _writer(project: Project, task: Task, draft_with: dict[str, Any]) -> Writer:
    """Return the writer for a task: what ``draft_with`` names, or what is in production."""
    named = Variant.objects.select_related("prompt").filter(pk=draft_with.get(task, 0))
    variant = named.first() or in_production(project, task)
    return Writer(variant, draft_with.get("model") or model_for(project, variant))


def _write(project: Project, writer: Writer, quotas: Iterable[Quota]) -> None:
    """Request the texts of all quotas together; replace those that are empty or repeated."""
    quotas = [quota for quota in quotas if quota.count]
    inputs = [Input(quota.values, quota.passage) for quota in quotas]
    examples_by_quota = examples_for(project, writer.variant, inputs)
    for _ in range(ROUNDS):
        missing = [
            (quota, examples, number)
            for quota, examples in zip(quotas, examples_by_quota, strict=True)
            for number in quota.next_numbers()
        ]
        requests = [
            request_for(writer.variant, quota.values, number, examples)
            for quota, examples, number in missing
        ]
        if not requests:
            return
        written = completions.complete(project, writer.model, requests)
        for (quota, _, number), completion in zip(missing, written, strict=True):
            quota.add(number, completion)


def _note(quota: Quota, noun: str) -> str:
    """Return why there are fewer texts than were asked for; "" if there are enough."""
    if len(quota.drafts) == quota.count:
        return ""
    return stored(
        "%(found)s of %(wished)s drafted. The model’s other drafts were empty or repeats. "
        "The passage may not have enough content for more.",
        found=len(quota.drafts),
        wished=counted(quota.count, noun),
    )


def _provenance(writer: Writer, number: int, completion: Completion) -> dict[str, Any]:
    return {
        "model": writer.model,
        "parameters": {
            "max_tokens": writer.variant.max_tokens,
            "temperature": writer.variant.temperature_of(number),
            "seed": number,
        },
        "tokens_in": completion.tokens_in,
        "tokens_out": completion.tokens_out,
        "milliseconds": completion.milliseconds,
        "cost": completions.cost_of(writer.model, completion),
    }


def _current_answers(rows: Sequence[Passage]) -> dict[int, list[str]]:
    """Return the answers of the items that are not set aside, by the passages' ids."""
    answers: dict[int, list[str]] = {}
    items = Item.objects.filter(passage__in=rows).exclude(state=ItemState.ASIDE)
    for passage, answer in items.values_list("passage", "answer"):
        answers.setdefault(passage, []).append(answer)
    return answers


def _last_numbers(rows: Sequence[Passage], variant: Variant) -> dict[int, int]:
    """Return the highest number of a variant's items, by the passages' ids."""
    numbers = Item.objects.filter(passage__in=rows, variant=variant).order_by().values("passage")
    return dict(numbers.annotate(last=Max("number")).values_list("passage", "last"))


def _question_gists(rows: Sequence[Passage]) -> dict[int, set[frozenset[str]]]:
    """Return the gists of the questions about the passages' documents, by the documents' ids."""
    gists: dict[int, set[frozenset[str]]] = {row.document_id: set() for row in rows}
    questions = Question.objects.filter(item__document__in=gists).exclude(
        item__state=ItemState.ASIDE
    )
    for document, text in questions.values_list("item__document", "text"):
        gists[document].add(gist(text))
    return gists


def _store(rows: Sequence[Passage], drafts: Sequence[Draft]) -> None:
    for row in rows:
        row.draft_with = {}
    Passage.objects.bulk_update(rows, ["note", "draft_with"])
    in_bin = Document.everything.exclude(binned_at=None).filter(passages__in=rows)
    binned_meanwhile = set(in_bin.values_list("pk", flat=True))
    for draft in drafts:
        if draft.item.document_id in binned_meanwhile:
            draft.item.state = BINNED
    Item.objects.bulk_create(draft.item for draft in drafts)
    for draft in drafts:
        for rank, question in enumerate(draft.questions, 1):
            question.rank = rank
    Question.objects.bulk_create(question for draft in drafts for question in draft.questions)
    search.index_items(draft.item.pk for draft in drafts)
