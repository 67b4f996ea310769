"""Store uploaded files as documents.

The original is stored byte for byte. A project has the same file only once.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction

from generation.models import Document
from generation.reading.archives import Unpacked
from generation.reading.readings import ALL_SHEETS
from qareview import jobs, uploads
from qareview.models import JobState, Project
from qareview.stored_sentences import joined, listed, stored

LONGEST_NAME = 255  # characters, the length of the column
NO_ROOM = stored("The disk of the server is full, and an admin has to make room.")


class AlreadyHere(Exception):
    """The project has a document with the same bytes; the message names it."""

    def __init__(self, message: str, document: Document) -> None:
        super().__init__(message)
        self.document = document


def add_document(
    project: Project,
    file: File[bytes],
    name: str,
    user: Any = None,
    archive: Document | None = None,
    columns: Mapping[str, str] | None = None,
) -> Document:
    """Store a file, possibly from an archive, queue it to be read, and return its document.

    ``columns`` maps roles to columns if the file is a table; without it, a table waits until its
    columns are chosen. A file over the size limit becomes a failed document without content. Raises
    AlreadyHere.
    """
    name = clean_path(name) if archive else clean_name(name)
    if (file.size or 0) > uploads.limit_bytes():
        return _store_refused(project, file, name, user)
    digest = _sha256(file.chunks())
    document = Document(
        project=project,
        name=name,
        size=file.size or 0,
        sha256=digest,
        uploaded_by=user,
        archive=archive,
        columns=dict(columns or {}),
    )
    try:
        with transaction.atomic():
            document.save()
            document.original.save(name, file)
            jobs.wake_workers(Document)
    except IntegrityError:
        same = Document.objects.filter(project=project, sha256=digest).first()
        if same is None:
            raise
        raise AlreadyHere(_already_uploaded(name, same), same) from None
    return document


def _already_uploaded(name: str, same: Document) -> str:
    return stored(
        "%(name)s has already been uploaded as %(name2)s. The content is the same.",
        name=name,
        name2=same.name,
    )


def _store_refused(project: Project, file: File[bytes], name: str, user: Any) -> Document:
    megabytes = (file.size or 0) / 1_000_000
    return Document.objects.create(
        project=project,
        name=name,
        size=file.size or 0,
        uploaded_by=user,
        state=JobState.FAILED,
        error=(
            stored(
                "The file is %(megabytes)s MB. The limit is %(limit)s MB. Split the file, "
                "or raise QAREVIEW_UPLOAD_LIMIT_MB.",
                megabytes=round(megabytes),
                limit=uploads.limit_bytes() // 1_000_000,
            )
        ),
    )


def add_archive_files(archive: Document, unpacked: Unpacked) -> None:
    """Store the files of an unpacked archive as documents.

    Files that could not be unpacked become failed documents. The archive's note, which the caller
    saves, names the files that the project already has, and says what was not taken.
    """
    notes = [_left_behind(unpacked.left_behind)]
    for member in unpacked.members:
        name = clean_path(member.name)
        error = member.error or (NO_ROOM if not uploads.has_room() else "")
        if error:
            _store_failed(archive, name, error)
            continue
        user, columns = archive.uploaded_by, archive.columns
        with Path(member.path).open("rb") as file:
            try:
                add_document(archive.project, File(file, name), name, user, archive, columns)
            except AlreadyHere as reason:
                same = reason.document
                is_read_again = (same.archive_id, same.name) == (archive.pk, name)
                if not is_read_again:
                    notes.append(str(reason))
    archive.note = joined(notes)


def _store_failed(archive: Document, name: str, error: str) -> None:
    Document.objects.get_or_create(
        project=archive.project,
        archive=archive,
        name=name,
        state=JobState.FAILED,
        defaults={"size": 0, "error": error, "uploaded_by": archive.uploaded_by},
    )


def _left_behind(names: Sequence[str]) -> str:
    if not names:
        return ""
    return stored(
        "Hidden files and files of programs were not taken: %(names)s.",
        names=listed([clean_path(name) for name in names]),
    )


def choose_columns(document: Document, columns: Mapping[str, str]) -> bool:
    """Choose the columns of a table that waits for them; return False if it does not wait."""
    waiting = Document.objects.filter(pk=document.pk, state=JobState.HELD)
    with transaction.atomic():
        return bool(waiting.update(columns=dict(columns)) and jobs.queue_again(waiting))


def take_all_sheets(document: Document) -> bool:
    """Read a workbook that waits for its columns as text; return False if none waits."""
    waiting = Document.objects.filter(pk=document.pk, state=JobState.HELD, survey__has_key="sheets")
    with transaction.atomic():
        return bool(waiting.update(extent=ALL_SHEETS, columns={}) and jobs.queue_again(waiting))


def clean_name(name: str) -> str:
    """Return the last part of a file's path without control characters, for display only."""
    return _printable(PurePosixPath(name.replace("\\", "/")).name)[:LONGEST_NAME] or "unnamed"


def clean_path(name: str) -> str:
    """Return the path of a file in an archive with its folders, for display only.

    Parts that lead out of the archive are dropped; of a long path, the end is kept.
    """
    parts = [_printable(part) for part in name.replace("\\", "/").split("/")]
    path = "/".join(part for part in parts if part not in ("", ".", "..") and part[1:] != ":")
    return (path if len(path) <= LONGEST_NAME else f"…{path[1 - LONGEST_NAME :]}") or "unnamed"


def _printable(name: str) -> str:
    """Return a name as it is shown: composed (NFC), without control characters."""
    composed = unicodedata.normalize("NFC", name)
    return "".join(character for character in composed if character.isprintable()).strip()


def _sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
