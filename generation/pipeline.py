"""Documents are read and cut, and their passages drafted from, by workers."""

from pathlib import Path

from django.conf import settings

from generation import cutting, drafting, isolation, readers
from generation.models import Document, Passage
from qareview import jobs, languages
from qareview.backends import ModelUnavailable


def work_off_documents() -> None:
    """Read documents, one by one, until none is queued."""
    jobs.work_off(Document, 1, lambda rows: read(rows[0]))


def work_off_passages() -> None:
    """Draft items, a batch of passages at a time, until none is queued."""
    jobs.work_off(Passage, settings.DRAFT_BATCH, drafting.draft)


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
    document.text, document.media_type = reading.text, reading.media_type
    document.page_starts = reading.page_starts
    document.language = languages.detect(reading.text)
    try:
        cuts, left_out = cutting.propose(document, document.project.passage_length)
    except ModelUnavailable as reason:
        raise jobs.CannotWorkNow(str(reason)) from reason
    document.left_out = [part.as_json() for part in left_out]
    with jobs.finishing([document]):
        document.save(update_fields=["text", "media_type", "page_starts", "language", "left_out"])
        cutting.add(document, cuts)
