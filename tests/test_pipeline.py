"""From an uploaded file to items, on the real database with the scripted model."""

import threading
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from generation.checks import flags
from generation.drafting import drafting
from generation.models import Document, Item, Passage, Question
from generation.passages import editing
from generation.reading import documents, pipeline
from prompts.models import Prompt, Task, Variant
from qareview import jobs
from qareview.models import JobState, Project
from tests import files, make
from tests.web import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make.project()


def add(project: Project, data: bytes, name: str = "tides.md") -> Document:
    return documents.add_document(project, ContentFile(data), name)


def work() -> None:
    pipeline.work_off_documents()
    drafting.work_off_passages()


def change_production(project: Project, task: Task, **values: Any) -> None:
    prompt = Prompt.objects.get(project=project, task=task)
    old = prompt.production
    assert old is not None
    fields = {"system": old.system, "template": old.template, "model": old.model, **values}
    prompt.production = Variant.objects.create(prompt=prompt, number=2, **fields)
    prompt.save(update_fields=["production"])


def test_every_passage_becomes_one_item_with_one_question(project: Project) -> None:
    text = "\n\n".join(
        f"## Part {n}\n\n" + f"The tide of day {n} was high. " * 20 for n in range(9)
    )
    document = add(project, text.encode())
    work()
    document.refresh_from_db()
    passages = list(document.passages.all())
    assert (document.state, document.text) == (JobState.DONE, text)
    assert len(passages) == 9
    assert [p.text for p in passages] == [text[p.start : p.end] for p in passages]
    assert [passage.items.count() for passage in passages] == [1] * 9
    assert [passage.state for passage in passages] == [JobState.DONE] * 9
    assert Question.objects.filter(item__passage__document=document).count() == 9


def test_provenance_is_kept(project: Project) -> None:
    add(project, make.TEXT.encode())
    work()
    item = Item.objects.for_item_page().get()
    assert (item.variant.prompt.task, item.question.variant.prompt.task) == ("summarise", "ask")
    assert (item.model, item.question.model) == ("scripted", "scripted")
    assert item.tokens_in > 0
    assert item.tokens_out == len(item.answer.split())
    assert item.question.tokens_out == len(item.question.text.split())


def test_running_again_changes_nothing(project: Project) -> None:
    add(project, make.TEXT.encode())
    work()
    before = list(Item.objects.values()), list(Question.objects.values())
    work()
    assert (list(Item.objects.values()), list(Question.objects.values())) == before


def test_bad_files_fail_on_their_row_and_harm_no_other(team: Any, browse: Any) -> None:
    sent = {
        "empty.md": (b"", "The file is empty."),
        "scan.pdf": (files.pdf_of_pictures(), ""),
        "secret.pdf": (files.pdf(password="x"), "The PDF file is protected by a password."),
        "photo.docx": (files.jpeg(), "This file is a JPEG image, which cannot be read."),
        "ansi.txt": (files.windows_1252(), ""),
        "wide.txt": (files.utf_16(), ""),
        "bare.txt": (files.utf_16(mark=False), ""),
        "../../etc/🌊 passwd.md": (b"# Sea\n\nThe sea is wide, blue and full of small fish.", ""),
        "good.pdf": (files.pdf(), ""),
    }
    files_sent = [(name, data) for name, (data, _) in sent.items()]
    upload(browse(team.engineer), team, *files_sent, ("twice.pdf", files_sent[-1][1]))
    work()
    rows = {row.name: row for row in team.project.documents.all()}
    assert sorted(rows) == sorted(name.rpartition("/")[2] for name in sent)
    for name, (_, error) in sent.items():
        row = rows[name.rpartition("/")[2]]
        assert row.error.startswith(error), name
        assert row.state == (JobState.FAILED if error else JobState.DONE), row.error
        drafted = Passage.objects.filter(document=row, same_as=None)
        assert all(passage.items.count() == 1 for passage in drafted), name
    assert rows["scan.pdf"].note == "Page 1 is a picture, so its text is missing."
    for name in ("ansi.txt", "wide.txt", "bare.txt"):
        assert rows[name].text == files.GERMAN
        assert rows[name].language == "de"
    german = Passage.objects.filter(document__name__in=("ansi.txt", "wide.txt", "bare.txt"))
    assert german.filter(same_as=None).count() * 3 == german.count()
    assert Item.objects.count() == Passage.objects.filter(same_as=None).count()


@pytest.mark.parametrize(
    ("marker", "of_answer", "of_question"),
    [
        ("", [], []),
        ("[[cut off]]", [flags.CUT_OFF_ANSWER], []),
        ("[[copy]]", [], [flags.NOT_A_QUESTION, flags.COPY_OF_ANSWER]),
    ],
)
def test_bad_drafts_are_flagged(
    project: Project, marker: str, of_answer: list[str], of_question: list[str]
) -> None:
    add(project, f"The old lock stands since the year 1784 at the quay. {marker}.".encode())
    work()
    item = Item.objects.for_item_page().get()
    assert item.flags == of_answer
    assert item.question.flags == of_question


def test_a_prompt_that_cannot_be_filled_in_fails_its_own_project_only(project: Project) -> None:
    broken = make.project(name="Broken")
    change_production(broken, Task.SUMMARISE, template="{{ passage }} in {{ colour }}")
    for one in (broken, project):
        add(one, make.TEXT.encode())
    work()
    assert Item.objects.filter(project=project).count() == 1
    [row] = Passage.objects.filter(document__project=broken)
    assert row.state == JobState.FAILED
    assert "variables that have no value here: colour" in row.error


def test_a_model_that_is_missing_fails_nothing_and_is_told(project: Project) -> None:
    change_production(project, Task.ASK, model="gone-away")
    add(project, make.TEXT.encode())
    work()
    [row] = Passage.objects.all()
    assert (row.state, row.attempts) == (JobState.QUEUED, 0)
    assert jobs.worker_trouble(project.pk).startswith(
        "There is no model named “gone-away”. The models are"
    )


def test_a_project_without_its_model_keeps_no_other_waiting(
    project: Project, settings: Any
) -> None:
    settings.DRAFT_BATCH = 2
    change_production(project, Task.ASK, model="gone-away")
    make.document(project, text="\n\n".join(f"## {n}\n\nWater {'rises ' * 9}." for n in range(9)))
    healthy = make.project(name="Healthy")
    make.document(healthy)
    for _ in range(6):  # as often as a sweep knocks
        drafting.work_off_passages()
    assert Item.objects.filter(project=healthy).count() == 2
    states = Passage.objects.filter(document__project=project).values_list("state", "attempts")
    assert set(states) == {(JobState.QUEUED, 0)}


def test_an_original_that_is_gone_is_told_of(project: Project) -> None:
    document = add(project, make.TEXT.encode())
    document.original.storage.delete(str(document.original.name))
    work()
    document.refresh_from_db()
    assert document.error.startswith("The original file is missing.")


@pytest.mark.django_db(transaction=True)
def test_a_merge_waits_for_a_worker_that_stores_at_this_moment(project: Project) -> None:
    document = make.document(project)
    first = document.passages.all()[0]
    is_storing, has_stored = threading.Event(), threading.Event()

    def work() -> None:
        [row] = jobs.claim(Passage, 1)
        with jobs.finishing([row]):
            is_storing.set()
            threading.Event().wait(0.5)
            Item.objects.create(project=project, document=document, passage=row, answer="So.")
        has_stored.set()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    is_storing.wait()
    editing.merge_with_next(first)
    worker.join()
    assert has_stored.is_set()
    assert not Item.everything.filter(document=document).exists()
    assert [row.state for row in document.passages.all()] == [JobState.QUEUED]
