"""Store what was uploaded together, and say which files were taken and which were not."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext

from generation.reading import documents
from qareview.models import Project
from qareview.stored_sentences import NAMED, listed, translated
from qareview.translations import counted, number
from qareview.uploads import Refusal, RefusedFile


def add_uploads(project: Project, files: Sequence[UploadedFile[bytes]], user: Any) -> list[str]:
    """Store files as documents; return sentences, for who sent them, about those not taken.

    A file over the size limit becomes a failed document, and is not among them.
    """
    refused: dict[Refusal, list[str]] = {}
    already_here: list[str] = []
    for file in files:
        if isinstance(file, RefusedFile) and file.refusal != Refusal.SIZE:
            refused.setdefault(file.refusal, []).append(documents.clean_name(file.name or ""))
            continue
        try:
            documents.add_document(project, file, file.name or "", user)
        except documents.AlreadyHere as reason:
            already_here.append(translated(str(reason)))
    return [*_sentences(len(files), refused, already_here), *already_here[:NAMED]]


def _sentences(
    sent: int, refused: dict[Refusal, list[str]], already_here: Sequence[str]
) -> Iterator[str]:
    taken = sent - len(already_here) - sum(map(len, refused.values()))
    more = len(already_here) - NAMED
    if refused or more > 0:
        values = {"taken": number(taken), "files": counted(sent, "file")}
        yield gettext("Taken: %(taken)s of %(files)s.") % values
    for refusal, names in refused.items():
        yield _reason(refusal, names)
    if more > 0:
        values = {"files": counted(more, "file")}
        yield gettext("Besides those named below, %(files)s had been uploaded before.") % values


def _reason(refusal: Refusal, names: Sequence[str]) -> str:
    """Return why files were not taken, with the names of the first."""
    shown = translated(listed(names))
    if refusal == Refusal.NUMBER:
        return gettext(
            "Only %(most)s files are taken at once. Upload the others again: %(names)s."
        ) % {"most": number(settings.UPLOAD_MOST_FILES), "names": shown}
    if refusal == Refusal.TOTAL:
        return gettext(
            "Only %(most)s MB are taken at once. Upload the others again: %(names)s."
        ) % {"most": number(settings.UPLOAD_TOTAL_MB), "names": shown}
    return gettext(
        "The disk of the server is full, and an admin has to make room. Not taken: %(names)s."
    ) % {"names": shown}
