"""A release in the shape a trainer expects: a ZIP with a file per split, a manifest and a card."""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from generation.models import Release, Split
from generation.releases.freezing import line_of

Row = dict[str, Any]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same release gives the same bytes


def triples(row: Row) -> Row:
    """The full record, and the one that imports back."""
    return row


def input_output(row: Row) -> Row:
    """Question and context as one prompt, and the answer: the shape watsonx.ai takes."""
    prompt = (
        f"Answer the question from the passage.\n\nPassage: {row['context']}\n\n"
        f"Question: {row['question']}"
    )
    return {"input": prompt, "output": row["answer"]}


@dataclass(frozen=True)
class Format:
    """A shape of rows, and what the trainer it is for can take (None: any amount)."""

    shape: Callable[[Row], Row]
    purpose: StrOrPromise
    fewest_rows: int = 0
    most_rows: int | None = None
    most_bytes: int | None = None


FORMATS = {
    "triples": Format(triples, _("The full record of every triple; imports back.")),
    "input_output": Format(
        input_output,
        _("Two strings a row, for IBM watsonx.ai tuning."),
        fewest_rows=50,
        most_rows=10_000,
        most_bytes=200_000_000,
    ),
}


def write_zip(release: Release, format_name: str, target: IO[bytes]) -> list[str]:
    """Write a release to ``target`` and return, as sentences, what the trainer may object to.

    The same release and format always give the same bytes. Raises KeyError for an unknown format.
    """
    chosen = FORMATS[format_name]
    files: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for split in Split:
            if release.facts["splits"][split]:  # an empty file stops many a reader
                name = f"{split}.jsonl"
                files[name] = _write_split(archive, name, _lines(release, split, chosen))
        warnings = _warnings(chosen, files)
        manifest = _manifest(release, format_name, files, warnings)
        card = render_to_string("releases/card.md", {"release": release, "manifest": manifest})
        _write(archive, "README.md", card.encode())
        _write(archive, "manifest.json", json.dumps(manifest, indent=2).encode() + b"\n")
    return warnings


def zip_file(release: Release, format_name: str) -> IO[bytes]:
    """Return the ZIP as a file at its start, for a download."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the download closes it
    write_zip(release, format_name, file)
    file.seek(0, io.SEEK_SET)
    return file


def file_name(release: Release, format_name: str) -> str:
    """Return what a download is called."""
    return f"{release.project.slug}-{release.number}-{format_name}.zip"


def _lines(release: Release, split: Split, chosen: Format) -> Iterator[bytes]:
    lines = release.rows.filter(split=split).values_list("line", flat=True)
    for line in lines.iterator(chunk_size=1000):
        yield f"{line_of(chosen.shape(json.loads(line)))}\n".encode()


def _write_split(archive: zipfile.ZipFile, name: str, lines: Iterator[bytes]) -> dict[str, Any]:
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


def _warnings(chosen: Format, files: dict[str, dict[str, Any]]) -> list[str]:
    rows = sum(file["rows"] for file in files.values())
    size = sum(file["bytes"] for file in files.values())
    warnings = []
    if rows < chosen.fewest_rows:
        warnings.append(
            gettext("The trainer wants at least %(fewest_rows)s rows; these are %(rows)s.")
            % {"fewest_rows": chosen.fewest_rows, "rows": rows}
        )
    if chosen.most_rows and rows > chosen.most_rows:
        warnings.append(
            gettext("The trainer takes at most %(most_rows)s rows; these are %(rows)s.")
            % {"most_rows": chosen.most_rows, "rows": rows}
        )
    if chosen.most_bytes and size > chosen.most_bytes:
        warnings.append(
            gettext("The trainer takes at most %(most_bytes)s MB; these are %(size)s.")
            % {"most_bytes": chosen.most_bytes // 1_000_000, "size": f"{size / 1_000_000:.0f}"}
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
