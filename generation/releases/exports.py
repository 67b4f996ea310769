"""Export a release as a ZIP: a file for each split in a format, a manifest and a dataset card."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import IO, Any

from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from generation.models import Release, Split
from generation.releases.cards import card
from generation.releases.freezing import line_of

Record = dict[str, Any]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of all files, so that the same release gives the same bytes
CHUNK = 1000  # rows read from the database together; chosen; nobody measured


def triples(triple: Record) -> Record:
    """Return the full record, which can be imported again."""
    return triple


def input_output(triple: Record) -> Record:
    """Return the question and context as a prompt, and the answer, as watsonx.ai expects them."""
    prompt = (
        f"Answer the question from the passage.\n\nPassage: {triple['context']}\n\n"
        f"Question: {triple['question']}"
    )
    return {"input": prompt, "output": triple["answer"]}


@dataclass(frozen=True)
class ReleaseFormat:
    """How to write a triple, and the limits of the trainer; None is no limit."""

    write: Callable[[Record], Record]
    purpose: StrOrPromise
    fewest_rows: int = 0
    most_rows: int | None = None
    most_bytes: int | None = None


FORMATS = {
    "triples": ReleaseFormat(
        triples, _("The full record of every triple. You can import it again.")
    ),
    "input_output": ReleaseFormat(
        input_output,
        _("Two strings per row, for IBM watsonx.ai tuning."),
        fewest_rows=50,
        most_rows=10_000,
        most_bytes=200_000_000,
    ),
}


def write_zip(release: Release, format_name: str, target: IO[bytes]) -> list[str]:
    """Write a release to ``target``; return sentences about limits of the trainer it does not meet.

    The same release and format always give the same bytes, in English and with times in UTC for
    whoever asks. Raises KeyError for an unknown format.
    """
    with translation.override("en"), timezone.override(UTC):
        return _write_zip(release, format_name, target)


def _write_zip(release: Release, format_name: str, target: IO[bytes]) -> list[str]:
    release_format = FORMATS[format_name]
    files: dict[str, dict[str, Any]] = {}
    told = _Told()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for split in Split:
            if release.facts["splits"][split]:  # many programs fail on an empty file
                name = f"{split}.jsonl"
                lines = _lines(release, split, release_format, told)
                files[name] = _write_split(archive, name, lines)
        warnings = _warnings(release_format, files)
        manifest = _manifest(release, format_name, files, warnings)
        manifest["decided_by"] = told.decided_by
        _write(archive, "README.md", card(release, manifest, told.columns).encode())
        _write(archive, "manifest.json", json.dumps(manifest, indent=2).encode() + b"\n")
    return warnings


def zip_file(release: Release, format_name: str) -> IO[bytes]:
    """Return the ZIP as an open file, positioned at its start.

    Raises KeyError for an unknown format.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115  the download closes it
    write_zip(release, format_name, file)
    file.seek(0, io.SEEK_SET)
    return file


def file_name(release: Release, format_name: str) -> str:
    """Return the name of the ZIP for a download."""
    return f"{release.project.slug}-{release.number}-{format_name}.zip"


@dataclass
class _Told:
    """What the rows tell as they are written, for the card and the manifest."""

    columns: list[str] = field(default_factory=list)
    decided_by: Counter[int] = field(default_factory=Counter)  # rows by the number of people

    def note(self, triple: Record, row: Record) -> None:
        self.columns = self.columns or list(row)
        self.decided_by[len(triple["reviewers"])] += 1


def _lines(
    release: Release, split: Split, release_format: ReleaseFormat, told: _Told
) -> Iterator[bytes]:
    lines = release.rows.filter(split=split).values_list("line", flat=True)
    for line in lines.iterator(chunk_size=CHUNK):
        triple = json.loads(line)
        row = release_format.write(triple)
        told.note(triple, row)
        yield f"{line_of(row)}\n".encode()


def _write_split(archive: zipfile.ZipFile, name: str, lines: Iterator[bytes]) -> dict[str, Any]:
    """Write the file of a split; return its entry in the manifest."""
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(_entry(name), "w", force_zip64=True) as file:
        for line in lines:
            file.write(line)
            digest.update(line)
            rows, size = rows + 1, size + len(line)
    return {"rows": rows, "bytes": size, "sha256": digest.hexdigest()}


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _warnings(release_format: ReleaseFormat, files: dict[str, dict[str, Any]]) -> list[str]:
    rows = sum(file["rows"] for file in files.values())
    size = sum(file["bytes"] for file in files.values())
    warnings = []
    if rows < release_format.fewest_rows:
        warnings.append(
            gettext("The trainer needs at least %(fewest_rows)s rows. This export has %(rows)s.")
            % {"fewest_rows": release_format.fewest_rows, "rows": rows}
        )
    if release_format.most_rows and rows > release_format.most_rows:
        warnings.append(
            gettext("The trainer accepts up to %(most_rows)s rows. This export has %(rows)s.")
            % {"most_rows": release_format.most_rows, "rows": rows}
        )
    if release_format.most_bytes and size > release_format.most_bytes:
        warnings.append(
            gettext("The trainer accepts up to %(most_bytes)s MB. This export has %(size)s MB.")
            % {
                "most_bytes": release_format.most_bytes // 1_000_000,
                "size": f"{size / 1_000_000:.0f}",
            }
        )
    return warnings


def _manifest(
    release: Release, format_name: str, files: dict[str, dict[str, Any]], warnings: list[str]
) -> dict[str, Any]:
    return {
        "project": release.project.slug,
        "release": release.number,
        "format": format_name,
        "frozen_at": release.finished_at.isoformat() if release.finished_at else None,
        "sha256_of_triples": release.sha256,
        "files": files,
        "warnings": warnings,
        **release.facts,
    }
