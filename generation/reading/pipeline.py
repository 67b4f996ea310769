"""Documents are read and cut, and their passages drafted from, by workers."""

import tempfile
from pathlib import Path

from django.conf import settings

from generation import (
    acceptance,
    cutting,
    documents,
    drafting,
    importing,
    isolation,
    passages,
    readers,
    scoring,
)
from generation.models import Acceptance, Document, Passage
from qareview import jobs, languages, uploads
from qareview.backends import ModelUnavailable
from qareview.stored import stored

READ_FIELDS = ["text", "media_type", "page_starts", "language", "left_out", "columns"]
LEARNED = ["decisions", "accepted", "weights", "auc", "auc_low", "auc_high", "note"]


def work_off_documents() -> None:
    """Read documents, one by one, until none is queued."""
    jobs.work_off(Document, 1, lambda rows: read(rows[0]))


def work_off_passages() -> None:
    """Draft items, a batch of passages at a time, until none is queued."""
    jobs.work_off(Passage, drafting.batch_size(), drafting.draft)


def work_off_acceptance() -> None:
    """Learn from decisions what reviewers accept, a project at a time, until none is queued."""
    jobs.work_off(Acceptance, 1, lambda rows: learn(rows[0]))


def learn(found: Acceptance) -> None:
    """Train a claimed classifier and order the project's pending items by it."""
    acceptance.learn(found)
    with jobs.storing([found]):
        found.save(update_fields=LEARNED)
    scoring.score_anew(found)
    with jobs.finishing([found]):
        pass


def read(document: Document) -> None:
    """Read a claimed document and cut it into passages, which queue themselves to be drafted.

    Raises JobFailed with a sentence for the document's row.
    """
    if not document.original:
        raise jobs.JobFailed(
            stored("The file was refused when it came, so there is nothing to read.")
        )
    path = Path(document.original.path)
    if not path.exists():
        raise jobs.JobFailed(
            stored(
                "The original file is missing. Move this document to the bin and upload it again."
            )
        )
    try:
        reading = isolation.read(
            path,
            document.name,
            document.columns,
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
        if reading.media_type == readers.ARCHIVE:
            _unpack(document, path)
            return
    except readers.CannotRead as reason:
        raise jobs.JobFailed(str(reason)) from reason
    _store(document, reading)


def _store(document: Document, reading: readers.Reading) -> None:
    try:
        if reading.survey:
            importing.ask_for_columns(document, reading)
        elif reading.rows:
            importing.import_rows(document, reading)
        else:
            _cut(document, reading)
    except ModelUnavailable as reason:
        raise jobs.CannotWorkNow(str(reason)) from reason


def _cut(document: Document, reading: readers.Reading) -> None:
    document.text, document.media_type = reading.text, reading.media_type
    document.page_starts = reading.page_starts
    document.language = languages.detect(reading.text)
    document.left_out = [passages.LeftOut(*part).as_json() for part in reading.furniture]
    cuts, left_out = cutting.propose(document, document.project.passage_length)
    document.left_out = [part.as_json() for part in left_out]
    with jobs.finishing([document]):
        document.columns = {}  # they were meant for tables
        document.save(update_fields=READ_FIELDS)
        cutting.add(document, cuts)


def _unpack(document: Document, path: Path) -> None:
    """Make documents of an archive's files; one that is read again adds nothing twice."""
    if document.archive_id:
        raise readers.CannotRead(
            stored("This is an archive within an archive. Unpack it and upload its files.")
        )
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        members = isolation.unpack(
            path,
            Path(folder),
            uploads.limit(),
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
        documents.add_members(document, members)
    document.media_type, document.columns = readers.ARCHIVE, {}
    with jobs.finishing([document]):
        document.save(update_fields=["media_type", "columns", "note"])
