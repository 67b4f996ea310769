"""A worker whose work stands still is ended, and a long file holds up only its own project."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from generation import tasks
from generation.models import Document
from generation.reading import documents, pipeline, reading_turns
from generation.views import passages
from qareview import completions, jobs, leases, moving
from qareview.machine.supervisor import SILENT_SECONDS, Program
from qareview.models import JobState, Project, Worker
from tests import make
from tests.conftest import Team
from tests.model_server import told
from tests.site import until
from tests.web import page

Browse = Callable[[User], Client]


def add(project: Project, name: str = "tides.md") -> Document:
    return documents.add_document(project, ContentFile(f"{make.TEXT}{name}".encode()), name)


def stand_still() -> None:
    """Let this thread have noted nothing for ten hours."""
    moving._noted[threading.get_ident()] = time.monotonic() - 36_000


@pytest.mark.django_db(transaction=True)
def test_work_that_stands_still_fails_and_ends_its_worker(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 0.4
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    document = add(make.project())
    [row] = jobs.claim(Document, 1)
    with leases.renewing([row]):
        stand_still()
        until(lambda: bool(codes), 20)
    document.refresh_from_db()
    assert document.state == JobState.FAILED
    assert "This took too long: its worker stood still for 47 minutes" in document.error
    with pytest.raises(jobs.LeaseLost), jobs.finishing([row]):
        pytest.fail("nothing is stored after that")
    assert jobs.retry_job(document)


@pytest.mark.django_db
def test_a_step_is_noted_for_each_completion_and_for_each_store() -> None:
    own, project = threading.get_ident(), make.project()
    stand_still()
    assert moving.seconds_still(own) > 30_000
    completions.complete(project, "scripted", told("a"))
    assert moving.seconds_still(own) < 3_000
    stand_still()
    add(project)
    with jobs.storing(jobs.claim(Document, 1)):
        assert moving.seconds_still(own) < 3_000


@pytest.fixture
def program() -> Iterator[Program]:
    """Give a worker that runs and does nothing, for as long as one may be silent."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    made = Program("worker-x", [], worker="x@here", process=process)
    made.started_at = time.monotonic() - SILENT_SECONDS - 1
    yield made
    process.kill()
    process.wait()


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_heart_has_stopped_is_killed_when_it_is_found_so_twice(
    program: Program,
) -> None:
    long_ago = timezone.now() - timedelta(seconds=SILENT_SECONDS + 9)
    Worker.objects.create(name="x@here", heard_at=timezone.now())
    for heard_at, is_running in ((timezone.now(), True), (long_ago, True), (long_ago, False)):
        Worker.objects.update(heard_at=heard_at)
        program.end_if_silent()
        assert program.process
        if not is_running:
            program.process.wait(20)
        assert program.is_running == is_running


# Reading


@pytest.mark.django_db
def test_projects_take_turns_in_having_their_documents_read() -> None:
    many, few = make.project(name="Many"), make.project(name="Few")
    for number in range(3):
        add(many, f"{number}.md")
    for number in range(2):
        add(few, f"{number}.md")
    pipeline.work_off_documents()
    read = Document.objects.filter(state=JobState.DONE).order_by("finished_at")
    assert list(read.values_list("project__name", flat=True)) == [
        *("Many", "Few", "Many", "Few", "Many")
    ]


@pytest.mark.django_db
def test_while_a_document_is_read_those_of_other_projects_are() -> None:
    long, other = make.project(name="Long"), make.project(name="Other")
    add(long)
    with reading_turns.turn():
        add(long, "next.md")
        add(other)
        pipeline.work_off_documents()
        assert set(other.documents.values_list("state", flat=True)) == {JobState.DONE}
        assert set(long.documents.values_list("state", flat=True)) == {JobState.QUEUED}
    pipeline.work_off_documents()
    assert set(long.documents.values_list("state", flat=True)) == {JobState.DONE}


@pytest.mark.django_db(transaction=True)
def test_a_worker_goes_on_with_other_work_while_it_reads(kept: Any) -> None:
    document = add(make.project())
    tasks.read_documents()
    until(lambda: Document.objects.get(pk=document.pk).state == JobState.DONE, 60)
    until(lambda: not any(one.name == "reading" for one in threading.enumerate()), 60)


@pytest.mark.django_db
def test_a_text_that_takes_too_long_to_be_cut_says_so_on_its_row(settings: Any) -> None:
    settings.CUT_SECONDS = -1
    document = add(make.project())
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert document.state == JobState.FAILED
    assert document.error.startswith("Cutting the text into passages took longer than")
    settings.CUT_SECONDS = 60
    jobs.retry_job(document)
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert document.state == JobState.DONE


@pytest.mark.django_db
def test_a_text_that_takes_too_long_is_not_cut_while_somebody_waits(
    team: Team, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, client = make.document(team.project), browse(team.engineer)
    monkeypatch.setattr(passages, "LONGEST_SECONDS", -1)
    monkeypatch.setattr(pipeline, "PREVIEW_CUT_SECONDS", -1)
    before = list(document.passages.values_list("pk", flat=True))
    url = f"{team.url}/documents/{document.pk}"
    assert "too long to be cut while you wait" in page(client.get(f"{url}/cut/"))
    ordered = client.post(f"{url}/cut/", {"length": 60, "for_project": "on"})
    assert "too long to be cut while you wait" in page(ordered, 422)
    assert list(document.passages.values_list("pk", flat=True)) == before
    assert "too long for a preview" in page(client.get(f"{url}/read/"))
