"""Read queued documents, and cut them into passages, import them as tables, or unpack them."""

import tempfile
import threading
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from generation.models import Document
from generation.passages import editing, rereading
from generation.passages.cutting import Cut
from generation.reading import documents, file_types, reader_process, reading_turns
from generation.reading.pdf import recognition
from generation.reading.readings import CannotRead, CannotReadNow, Choices, Reading
from generation.reading.tables import table_import
from qareview import jobs, languages, moving, uploads
from qareview.backends import ModelUnavailable
from qareview.models import JobState
from qareview.stored_sentences import stored
from qareview.time_limits import TimeIsUp, time_limit

READ_FIELDS = [
    *("text", "text_version", "page_starts", "picture_pages", "ocr_pages", "left_out"),
    *("media_type", "metadata", "extent", "language", "columns", "note", "survey"),
]
_threads = threading.Semaphore(reader_process.AT_ONCE)
# The longest that a person waits for a preview; both chosen; nobody measured.
PREVIEW_SECONDS = 30  # for the text
PREVIEW_CUT_SECONDS = 30  # for its passages


def start() -> None:
    """Read queued documents in a thread, so that this worker goes on with its other work."""
    if _threads.acquire(blocking=False):
        threading.Thread(target=_read_all, name="reading", daemon=True).start()


def _read_all() -> None:
    try:
        work_off_documents()
    finally:
        connection.close()
        _threads.release()


def work_off_documents() -> None:
    """Read documents, one by one, in turns of their projects, until none is left to read."""
    jobs.work_off(Document, 1, lambda rows: read_document(rows[0]), reading_turns.turn)


def read_document(document: Document) -> None:
    """Read a claimed document and store its passages, triples or files.

    Raises JobFailed, and CannotWorkNow if a model is unavailable.
    """
    if not document.original:
        raise jobs.JobFailed(stored("The file was refused on upload, so there is nothing to read."))
    _note_unreadable(document, False)
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
            seconds=settings.READ_SECONDS + (recognition.MOST_SECONDS if document.wants_ocr else 0),
            megabytes=settings.READ_MEGABYTES,
        )
        if reading.media_type == file_types.ARCHIVE:
            _unpack(document, path)
            return
    except CannotRead as reason:
        _note_unreadable(document, not isinstance(reason, CannotReadNow))
        raise jobs.JobFailed(str(reason)) from reason
    _store(document, reading)


def _note_unreadable(document: Document, is_unreadable: bool) -> None:
    if document.is_unreadable != is_unreadable:
        document.is_unreadable = is_unreadable
        document.save(update_fields=["is_unreadable"])


def read_again(document: Document, extent: str, ocr: bool) -> bool:
    """Queue a document to be read again; return False if it cannot be read again now."""
    rows = Document.objects.filter(pk=document.pk, state__in=(JobState.DONE, JobState.FAILED))
    with transaction.atomic():
        return bool(rows.update(extent=extent, wants_ocr=ocr) and jobs.queue_again(rows))


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


def propose_reading(document: Document, extent: str) -> list[Cut]:
    """Read a document's file as if it were read again, without recognising the text of pictures.

    The document gets the new text, which is not stored. Returns how it would be cut. Raises
    CannotRead, and ModelUnavailable if the reading model has no tokenizer.
    """
    try:
        reading = reader_process.read_isolated(
            Path(document.original.path),
            document.name,
            Choices(extent=extent),
            seconds=min(settings.READ_SECONDS, PREVIEW_SECONDS),
            megabytes=settings.READ_MEGABYTES,
        )
    finally:
        reader_process.stop_reader()  # a web server reads too rarely to keep it
    try:
        with time_limit(PREVIEW_CUT_SECONDS):
            return _take_text(document, reading)
    except TimeIsUp:
        raise CannotRead(
            stored("This document is too long for a preview. It can be read again without one.")
        ) from None


def _take_text(document: Document, reading: Reading) -> list[Cut]:
    """Give a document the text that was read, unsaved, and return how it is cut."""
    document.text, document.media_type = reading.text, reading.media_type
    document.page_starts = reading.page_starts
    document.language = languages.detect_language(reading.text)
    document.left_out = [part.as_json() for part in reading.left_out]
    document.picture_pages, document.ocr_pages = reading.picture_pages, reading.ocr_pages
    document.metadata, document.extent = reading.metadata, reading.extent
    document.note, document.survey = reading.note, {}
    cuts, left_out = editing.propose_cuts(document, document.project.passage_length)
    document.left_out = [part.as_json() for part in left_out]
    return cuts


def _cut(document: Document, reading: Reading) -> None:
    try:
        with time_limit(settings.CUT_SECONDS):
            _store_passages(document, reading)
    except TimeIsUp:
        raise jobs.JobFailed(
            stored(
                "Cutting the text into passages took longer than %(seconds)s seconds. Split the "
                "file, or raise QAREVIEW_CUT_SECONDS.",
                seconds=settings.CUT_SECONDS,
            )
        ) from None


def _store_passages(document: Document, reading: Reading) -> None:
    moving.note()  # the file was read
    cuts = _take_text(document, reading)
    with jobs.finishing([document]):
        if document.passages.exists():
            rereading.replace_passages(document, cuts)
            document.text_version += 1
        else:
            editing.add_passages(document, cuts)
        document.columns = {}  # chosen at the upload in case it was a table
        document.save(update_fields=READ_FIELDS)


def _unpack(document: Document, path: Path) -> None:
    """Store an archive's files as documents; files that the project already has are left out."""
    if document.archive_id:
        raise CannotRead(
            stored("This is an archive inside another archive. Unpack it and upload its files.")
        )
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        unpacked = reader_process.unpack_isolated(
            path,
            Path(folder),
            uploads.limit_bytes(),
            seconds=settings.READ_SECONDS,
            megabytes=settings.READ_MEGABYTES,
        )
        documents.add_archive_files(document, unpacked)
    document.media_type, document.columns = file_types.ARCHIVE, {}
    with jobs.finishing([document]):
        document.save(update_fields=["media_type", "columns", "note"])
