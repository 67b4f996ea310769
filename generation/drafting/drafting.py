"""Draft items from passages: answers, and questions for each answer.

Drafting adds the items that a passage lacks of the number its project asks for, so it may run
again. The first candidate is the model's likeliest text. The others are sampled, each with its own
seed; a text with the gist of another is sampled again.
"""

import json
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Max

from generation import exchanges, search
from generation.checks import likelihood_scores, round_trip, scoring
from generation.checks.scoring import Draft
from generation.drafting import answers, questions, selection
from generation.models import BINNED, Document, Item, Passage, Question
from prompts.rendering import RenderingFailed
from qareview import completions, jobs
from qareview.models import JobState, Project


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
        begun = answers.write_answers(project, rows)
        drafts = questions.write_questions(project, rows, begun)
        complete = [draft for draft in drafts if not draft.item.passage.error]
        likelihood_scores.score_by_likelihood(project, complete)
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
        complete = selection.keep_best(project, done, complete)
        with jobs.finishing(done):
            _store(done, complete)


def _store(rows: Sequence[Passage], drafts: Sequence[Draft]) -> None:
    for row in rows:
        row.draft_with = {}
    Passage.objects.bulk_update(rows, ["note", "draft_with"])
    in_bin = Document.everything.exclude(binned_at=None).filter(passages__in=rows)
    binned_meanwhile = set(in_bin.values_list("pk", flat=True))
    for draft in drafts:
        if draft.item.document_id in binned_meanwhile:
            draft.item.state = BINNED
    for draft in drafts:
        for rank, question in enumerate(draft.questions, 1):
            question.rank = rank
    exchanges.store(drafts)
    Item.objects.bulk_create(draft.item for draft in drafts)
    Question.objects.bulk_create(question for draft in drafts for question in draft.questions)
    search.index_items(draft.item.pk for draft in drafts)
