"""What looking for near-duplicates costs, however many passages there are and however alike."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from generation.models import Document
from generation.reading import documents, pipeline
from qareview.models import JobState, Project
from tests import make

pytestmark = pytest.mark.django_db

SAME = "The tide was measured at the quay, and the keeper wrote it down. " * 12


def rows_read() -> int:
    """Return how many rows of passages this transaction has read from the table so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
            " FROM pg_stat_xact_user_tables WHERE relname = 'generation_passage'"
        )
        return int(cursor.fetchone()[0])


@pytest.fixture
def project(kept: Path) -> Project:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as in a table of a million rows
    return make.project()


def read(project: Project, text: str) -> Document:
    document = documents.add_document(project, ContentFile(text.encode()), "log.md")
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert document.state == JobState.DONE
    return document


def days(first: int, count: int) -> str:
    return "\n\n".join(
        f"## Day {day}\n\n" + f"On day {day} heron{day} flew over quay{day} at {day} o'clock. " * 8
        for day in range(first, first + count)
    )


def test_a_document_does_not_read_all_passages_of_its_project(project: Project) -> None:
    read(project, days(0, 400))
    before = rows_read()
    read(project, days(1000, 1))
    assert rows_read() - before < 100


def test_passages_that_are_all_alike_are_not_read_once_for_each_other(project: Project) -> None:
    read(project, "\n\n".join(f"## Day\n\n{SAME}" for _ in range(200)))
    before = rows_read()
    document = read(project, "\n\n".join(f"## Day\n\n{SAME}" for _ in range(201)))
    passages = document.passages.values_list("state", flat=True)
    assert len(passages) > 200
    assert set(passages) == {JobState.HELD}
    # each is stored, checked and marked, which reads it some times
    assert rows_read() - before < 100 * 400
