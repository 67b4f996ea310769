"""Read queued documents, and cut them into passages, import them as tables, or unpack them."""

import tempfile
from pathlib import Path

from django.conf import settings

from generation.models import Document
from generation.passages import editing
from generation.reading import documents, file_types, reader_process, table_import
from generation.reading.readings import CannotRead, Choices, Reading
from qareview import jobs, languages, uploads
from qareview.backends import ModelUnavailable
from qareview.stored_sentences import stored

READ_FIELDS = [
    *("text", "media_type", "page_starts", "picture_pages", "ocr_pages", "metadata", "extent"),
    *("language", "left_out", "columns", "note"),
]


def work_off_documents() -> None:
    """Read documents, one by one, until none is queued."""
    jobs.work_off(Document, 1, lambda rows: read_document(rows[0]))


def read_document(document: Document) -> None:
    """Read a claimed document and store its passages, triples or files.

    Raises JobFailed, and CannotWorkNow if a model is unavailable.
    """
    if not document.original:
        raise jobs.JobFailed(stored("The file was refused on upload, so there is nothing to read."))
    path = Path(document.original.path)
    if not path.exists():
        raise jobs.JobFailed(
            stored(
                "The original file is missing. Move this document to the bin and upload it again."
            )
        )
    try:
        reading = reader_process.read_isolated(
            path,
            document.name,
            Choices(document.columns, document.extent, document.wants_ocr),
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
        if reading.media_type == file_types.ARCHIVE:
            _unpack(document, path)
            return
    except CannotRead as reason:
        raise jobs.JobFailed(str(reason)) from reason
    _store(document, reading)


def _store(document: Document, reading: Reading) -> None:
    try:
        if reading.survey:
            table_import.ask_for_columns(document, reading)
        elif reading.rows:
            table_import.import_rows(document, reading)
        else:
            _cut(document, reading)
    except ModelUnavailable as reason:
        raise jobs.CannotWorkNow(str(reason)) from reason


def _cut(document: Document, reading: Reading) -> None:
    document.text, document.media_type = reading.text, reading.media_type
    document.page_starts = reading.page_starts
    document.language = languages.detect_language(reading.text)
    document.left_out = [part.as_json() for part in reading.left_out]
    document.picture_pages, document.ocr_pages = reading.picture_pages, reading.ocr_pages
    document.metadata, document.extent = reading.metadata, reading.extent
    document.note = reading.note
    cuts, left_out = editing.propose_cuts(document, document.project.passage_length)
    document.left_out = [part.as_json() for part in left_out]
    with jobs.finishing([document]):
        document.columns = {}  # chosen at the upload in case it was a table
        document.save(update_fields=READ_FIELDS)
        editing.add_passages(document, cuts)


def _unpack(document: Document, path: Path) -> None:
    """Store an archive's files as documents; files that the project already has are left out."""
    if document.archive_id:
        raise CannotRead(
            stored("This is an archive inside another archive. Unpack it and upload its files.")
        )
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        members = reader_process.unpack_isolated(
            path,
            Path(folder),
            uploads.limit_bytes(),
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
        documents.add_archive_files(document, members)
    document.media_type, document.columns = file_types.ARCHIVE, {}
    with jobs.finishing([document]):
        document.save(update_fields=["media_type", "columns", "note"])
