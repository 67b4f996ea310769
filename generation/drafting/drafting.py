"""Draft items from passages: answers, and questions for each answer.

Drafting adds the items that a passage lacks of the number its project asks for, so it may run
again. The first candidate is the model's likeliest text. The others are sampled, each with its own
seed; a text with the gist of another is sampled again.
"""

import functools
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.models import Q

from generation import exchanges, search
from generation.checks import likelihood_scores, round_trip, scoring
from generation.checks.scoring import Draft
from generation.drafting import answers, questions, quotas, selection, stating
from generation.models import BINNED, Document, Item, Passage, Question
from prompts.models import Task
from prompts.rendering import RenderingFailed
from prompts.variants import in_production, model_for
from qareview import completions, jobs, shares
from qareview.backends import ModelUnavailable, backend_for
from qareview.embeddings import embed
from qareview.models import JobState, Project
from qareview.shares import Share, Work

FIRST_BATCH = 4  # passages of a document, so that the desk soon has items; chosen


def work_off_passages() -> None:
    """Draft items, a batch of passages at a time, until no passage is queued."""
    shares.work_off(works=[WORK])


def _shares() -> list[Share]:
    """Return the queued passages of each project that are drafted from with the same models."""
    names = ("document__project", "draft_with")
    queued = list(jobs.queued(Passage).order_by().values_list(*names).distinct())
    projects = Project.objects.in_bulk({project for project, _ in queued})
    return [
        Share(
            project,
            Q(document__project=project, draft_with=draft_with),
            functools.partial(_models_of, projects[project], draft_with),
        )
        for project, draft_with in queued
    ]


def _models_of(project: Project, draft_with: dict[str, Any]) -> frozenset[str]:
    """Return the models that draft, and that check what was drafted."""
    writers = [quotas.writer_of(project, task, draft_with) for task in (Task.SUMMARISE, Task.ASK)]
    checking = [Task.ANSWER, Task.RECALL] if project.asks_back else []
    checked = [model_for(project, in_production(project, task)) for task in checking]
    return frozenset([*(writer.model for writer in writers), *checked])


def batch_size(share: Share) -> int:
    """Return how many passages of a share to draft from together.

    Their requests fill a batch; more passages would come to the desk later, and delay a pause or a
    cancellation. The first batch of a document is small, unless the whole document is.
    """
    project = Project.objects.get(pk=share.project)
    requests = project.items_per_passage
    if stating.states_sentences(in_production(project, Task.SUMMARISE)):
        requests = (requests + stating.SPARES) * questions.DRAWN
    size = max(1, settings.DRAFT_BATCH // requests)
    return min(size, FIRST_BATCH) if _begins_a_document(share) else size


def _begins_a_document(share: Share) -> bool:
    """Whether the next passages are of a document that nothing has been drafted from."""
    first = jobs.next_in_queue(Passage, share.jobs).values("document")[:1]
    of_document = Passage.objects.filter(document__in=first)
    begun = of_document.exclude(state=JobState.QUEUED).exists()
    return not begun and of_document.count() > FIRST_BATCH


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


def load_models() -> None:
    """Load the models of this machine that documents which are being read will need."""
    moving = (JobState.QUEUED, JobState.RUNNING)
    for project in Project.objects.filter(documents__state__in=moving).distinct():
        models = _models_of(project, {})
        if shares.place_of(models) is shares.Place.HERE:
            with suppress(ModelUnavailable):  # whoever asks it will say so
                for model in models:
                    backend_for(model)
                embed([project.name])


WORK = Work(Passage, _shares, batch_size, draft, load_models)


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
            scoring.draw_purposes(project, (draft.item for draft in complete))
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
