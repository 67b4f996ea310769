"""Unpack a ZIP archive; each of its files becomes a document.

:mod:`reader_process` runs this in its process; :mod:`documents` stores the files it wrote.
"""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generation.reading import archive_names
from generation.reading.zip_parts import ZIP_ERRORS
from qareview.stored_sentences import stored

MOST_MEMBERS = 10_000  # chosen; nobody measured
MOST_BYTES = 2_000_000_000  # of all unpacked members; chosen; nobody measured


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name, and the path it was written to, or why it was not written."""

    name: str
    path: str = ""
    error: str = ""


@dataclass(frozen=True)
class Unpacked:
    """The files of an archive, and the names of those that are no documents (see archive_names)."""

    members: list[Member]
    left_behind: list[str]


class CannotUnpack(Exception):
    """The archive cannot be unpacked; the message says why and what to do."""


def unpack_archive(path: Path, folder: Path, limit: int) -> Unpacked:
    """Write an archive's files into ``folder``, and return them and what is no document.

    A file of more than ``limit`` bytes is not written. The written files have numbers as names.
    Raises CannotUnpack.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos, left_behind = _documents(archive)
            if len(infos) > MOST_MEMBERS:
                raise CannotUnpack(
                    stored(
                        "The archive has %(chosen)s files. The limit is %(most_members)s. "
                        "Split it into smaller archives.",
                        chosen=len(infos),
                        most_members=MOST_MEMBERS,
                    )
                )
            return Unpacked(_write_members(archive, infos, folder, limit), left_behind)
    except ZIP_ERRORS:
        raise CannotUnpack(
            stored("The archive is damaged. Create it again and upload the new one.")
        ) from None


def _documents(archive: zipfile.ZipFile) -> tuple[list[tuple[zipfile.ZipInfo, str]], list[str]]:
    """Return the files that may be documents, with their names, and the names of the others."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = archive_names.names_of(infos)
    named = zip(infos, names, strict=True)
    taken = [(info, name) for info, name in named if archive_names.is_document(name)]
    return taken, [name for name in names if not archive_names.is_document(name)]


def _write_members(
    archive: zipfile.ZipFile, infos: list[tuple[zipfile.ZipInfo, str]], folder: Path, limit: int
) -> list[Member]:
    members: list[Member] = []
    left = MOST_BYTES
    for number, (info, name) in enumerate(infos):
        target = folder / str(number)  # a name in the archive may lead out of the folder
        error = _write(archive, info, target, min(limit, left))
        size = target.stat().st_size if target.exists() else 0
        if size > left:
            raise CannotUnpack(
                stored(
                    "The archive unpacks to more than %(most_bytes)s MB. Split it into "
                    "smaller archives.",
                    most_bytes=MOST_BYTES // 1_000_000,
                )
            )
        if size > limit:
            target.unlink()
            error = _too_large(limit)
        else:
            left -= size
        members.append(Member(name, "" if error else str(target), error))
    return members


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, limit: int) -> str:
    """Write a member and return ""; if it cannot be written, return why.

    The size that the archive states may be wrong, so the bytes are counted: of a larger member,
    one byte more than ``limit`` is written.
    """
    if info.flag_bits & 1:
        return stored("It is encrypted. Unpack the archive with its password and upload the files.")
    try:
        with archive.open(info) as source, target.open("wb") as file:
            shutil.copyfileobj(_BoundedReader(source, limit + 1), file)
    except (*ZIP_ERRORS, RuntimeError):
        target.unlink(missing_ok=True)
        return stored("It is damaged in the archive. Create the archive again.")
    return ""


def _too_large(limit: int) -> str:
    return stored(
        "It is larger than the %(limit)s MB allowed. Split it into smaller files.",
        limit=limit // 1_000_000,
    )


class _BoundedReader:
    """Reads at most ``limit`` bytes of a file."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self.source, self.left = source, limit

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none after ``limit`` bytes."""
        data = self.source.read(min(size if size >= 0 else self.left, self.left))
        self.left -= len(data)
        return data
