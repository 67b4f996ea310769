"""Documents are read and cut; passages become items: an answer, then a question for it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from django.conf import settings

from generation import checks, isolation, passages, readers
from generation.models import Document, Item, Passage, Question
from prompts.models import Task, Variant
from prompts.rendering import RenderingFailed, request_for
from qareview import jobs
from qareview.backends import Completion, ModelUnavailable, backend_for
from qareview.backends.tokens import tokenizer_for
from qareview.models import Project

# what is asked about an empty answer
NOTHING = Completion(text="", tokens_in=0, tokens_out=0, milliseconds=0, cut_off=False)


def work_off_documents() -> None:
    """Read documents, one by one, until none is queued."""
    jobs.work_off(Document, 1, lambda rows: read(rows[0]))


def work_off_passages() -> None:
    """Draft items, a batch of passages at a time, until none is queued."""
    jobs.work_off(Passage, settings.DRAFT_BATCH, draft)


def read(document: Document) -> None:
    """Read a claimed document and cut it into passages, which queue themselves to be drafted.

    Raises JobFailed with a sentence for the document's row.
    """
    if not document.original:
        raise jobs.JobFailed("The file was refused when it came, so there is nothing to read.")
    path = Path(document.original.path)
    if not path.exists():
        raise jobs.JobFailed(
            "The original file is missing. Remove this document and upload it again."
        )
    try:
        reading = isolation.read(
            path,
            document.name,
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
    except readers.CannotRead as reason:
        raise jobs.JobFailed(str(reason)) from reason
    try:
        tokenizer = tokenizer_for(model_for(document.project, Task.SUMMARISE))
    except ModelUnavailable as reason:
        raise jobs.CannotWorkNow(str(reason)) from reason
    cuts, left_out = passages.cut(
        reading.text, document.project.passage_length, reading.page_starts, tokenizer
    )
    document.text, document.media_type = reading.text, reading.media_type
    document.page_starts = reading.page_starts
    document.left_out = [part.as_json() for part in left_out]
    with jobs.finishing([document]):
        document.save(update_fields=["text", "media_type", "page_starts", "left_out"])
        Passage.objects.bulk_create(
            Passage(
                document=document,
                position=position,
                start=cut.start,
                end=cut.end,
                text=reading.text[cut.start : cut.end],
                headings=cut.headings,
                first_page=cut.first_page,
                last_page=cut.last_page,
            )
            for position, cut in enumerate(cuts)
        )
        jobs.knock(Passage)


def draft(batch: list[Passage]) -> None:
    """Draft an item for each claimed passage.

    A project whose prompt cannot be filled in fails its own passages only; one whose model cannot
    be used leaves them to go back to the queue. Raises CannotWorkNow at the end in that case.
    """
    projects = {
        project.pk: project
        for project in Project.objects.filter(documents__passages__in=batch).distinct()
    }
    documents = Document.objects.defer("text").in_bulk({row.document_id for row in batch})
    for row in batch:
        row.document = documents[row.document_id]
    batch.sort(key=lambda row: (row.document.project_id, row.pk))
    trouble = ""
    for project_id, rows in groupby(batch, key=lambda row: row.document.project_id):
        try:
            _draft_for_project(projects[project_id], list(rows))
        except ModelUnavailable as reason:
            trouble = str(reason)
    if trouble:
        raise jobs.CannotWorkNow(trouble)


def _draft_for_project(project: Project, rows: list[Passage]) -> None:
    try:
        drafts = _write(project, rows)
    except RenderingFailed as reason:
        for row in rows:
            jobs.fail(row, str(reason))
        return
    with jobs.finishing(rows):
        _store(project, rows, *drafts)


def _write(
    project: Project, rows: Sequence[Passage]
) -> tuple[Variant, list[Completion], Variant, list[Completion]]:
    """Return the variants used and what they brought out: an answer and a question per passage."""
    summarise, ask = (_in_production(project, task) for task in (Task.SUMMARISE, Task.ASK))
    told = [
        {"passage": row.text, "headings": " › ".join(row.headings), "document": row.document.name}
        for row in rows
    ]
    answers = _complete(model_for(project, Task.SUMMARISE), summarise, told)
    asked = [
        {**values, "answer": answer.text}
        for values, answer in zip(told, answers, strict=True)
        if answer.text
    ]
    written = iter(_complete(model_for(project, Task.ASK), ask, asked))
    questions = [next(written) if answer.text else NOTHING for answer in answers]
    return summarise, answers, ask, questions


def model_for(project: Project, task: Task) -> str:
    """Return the name of the model that does a task: the prompt's own, else the project's."""
    return _in_production(project, task).model or project.model or settings.DEFAULT_MODEL


def _in_production(project: Project, task: Task) -> Variant:
    return Variant.objects.select_related("prompt").get(
        produces_for__project=project, produces_for__task=task
    )


def _complete(model: str, variant: Variant, values: Sequence[dict[str, str]]) -> list[Completion]:
    return backend_for(model).complete([request_for(variant, one) for one in values])


def _store(
    project: Project,
    rows: Sequence[Passage],
    summarise: Variant,
    answers: Sequence[Completion],
    ask: Variant,
    questions: Sequence[Completion],
) -> None:
    items = [
        Item(
            project=project,
            passage=row,
            variant=summarise,
            answer=answer.text,
            model=model_for(project, Task.SUMMARISE),
            flags=checks.flags_of_answer(answer, row.text),
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            milliseconds=answer.milliseconds,
        )
        for row, answer in zip(rows, answers, strict=True)
    ]
    Item.objects.bulk_create(items)
    Question.objects.bulk_create(
        Question(
            item=item,
            variant=ask,
            text=question.text,
            model=model_for(project, Task.ASK),
            flags=checks.flags_of_question(question, item.answer),
            tokens_in=question.tokens_in,
            tokens_out=question.tokens_out,
            milliseconds=question.milliseconds,
        )
        for item, question in zip(items, questions, strict=True)
    )
