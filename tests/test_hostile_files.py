"""Each of a thousand hostile or broken files fails on its own, and the worker goes on."""

import gc
import io
import random
import re
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.files.base import ContentFile
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import generation
from generation.models import Document
from generation.reading import documents, pipeline
from qareview.models import JobState
from tests import files, make

pytestmark = pytest.mark.django_db

COUNT = 1_000
WARM = 100  # files after which memory stays
GROWTH = 60_000_000  # bytes, for what Python and Django keep
SAMPLES = Path(generation.__file__).parent / "samples"
SOUND: list[tuple[str, bytes]] = [
    *((path.name, path.read_bytes()) for path in sorted(SAMPLES.iterdir())),
    ("a.pdf", files.pdf()),
    ("heads.pdf", files.pdf_with_heads(4)),
    ("scan.pdf", files.pdf_of_pictures()),
    ("secret.pdf", files.pdf(password="tide")),
    ("a.docx", files.docx()),
    ("a.pptx", files.pptx()),
    ("a.odt", files.odt()),
    ("a.epub", files.epub()),
    ("a.html", files.HTML.encode()),
    ("a.md", files.MARKDOWN.encode()),
    ("a.rst", files.RST.encode()),
    ("a.txt", files.GERMAN.encode()),
    ("ansi.txt", files.windows_1252()),
    ("wide.txt", files.utf_16()),
    ("a.zip", files.archive({"a.md": files.MARKDOWN, "b/c.txt": files.GERMAN})),
]
Mutation = Callable[[random.Random, bytes], bytes]


def truncated(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(1, len(data))]


def flipped(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 10, 200])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def doubled(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted(chance.choices(range(len(data)), k=2))
    return data[:end] + data[start:]


def deleted(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted(chance.choices(range(len(data)), k=2))
    return data[:start] + data[end:]


MUTATIONS: list[Mutation] = [truncated, flipped, doubled, deleted]


def zipped(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return target.getvalue()


def nested_archive() -> bytes:
    data = files.MARKDOWN.encode()
    for depth in range(20):
        data = zipped(f"{depth}.zip", data)
    return data


def laughing(member: str) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    start = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{entities}]>'
    return zipped(member, f"{start}<d>&e9;</d>".encode())


def built() -> Iterator[tuple[str, bytes]]:
    """Yield files that are hostile by design."""
    yield "nested.zip", nested_archive()
    for member, name in (("word/document.xml", "x.docx"), ("ppt/presentation.xml", "x.pptx")):
        yield name, laughing(member)
        yield f"bomb-{name}", zipped(member, b"<a>" + b" " * 50_000_000)
    for tag in ("div", "ul><li", "blockquote", "table><tr><td", "b"):
        yield "deep.html", f"<html><body>{f'<{tag}>' * 20_000}The tide rises.".encode()
    for mark in ("> ", "- ", "#", "*", "[", "`", "|", "![](", "<a ", "&", "_a ", ". "):
        yield "deep.md", (mark * 50_000 + "The tide rises.").encode()
    yield "steps.md", "\n".join(" " * depth + "- tide" for depth in range(1_000)).encode()
    for letter in ("a", "水", ".", "\u0301", "#", "a-\n", "\u00ad", "x "):
        yield "line.txt", (letter * 300_000).encode()
    yield "heading.md", b"# a" + b" " * 300_000 + b"b"
    yield "spaces.html", b"<html><body><p>" + b" " * 3_000_000 + b"x</p></body></html>"


def random_files() -> SearchStrategy[tuple[str, bytes]]:
    starts = [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<!doctype html>", b"\xff\xfe", b"{\\rtf1", b"# "]
    names = ["a.pdf", "a.docx", "a.html", "a.md", "a.rst", "a.txt", "a.zip", "a"]
    data = st.builds(bytes.__add__, st.sampled_from(starts), st.binary(max_size=2_000))
    return st.tuples(st.sampled_from(names), data)


def hostile() -> Iterator[tuple[str, bytes]]:
    """Yield files without end, the same in each run, no two with the same bytes."""
    chance = random.Random(13)
    seen = set()
    for name, data in (*built(), *drawn(150), *mutated(chance, COUNT * 2)):
        if data not in seen:
            seen.add(data)
            yield name, data


def drawn(count: int) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []

    @hypothesis.settings(derandomize=True, database=None, max_examples=count, deadline=None)
    @hypothesis.given(random_files())
    def draw(file: tuple[str, bytes]) -> None:
        found.append(file)

    draw()
    return found


def mutated(chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    for _ in range(count):
        name, data = chance.choice(SOUND)
        for change in chance.choices(MUTATIONS, k=chance.choice([1, 1, 2])):
            data = change(chance, data) or b"x"
        yield name, data


def assert_told_well(row: Document) -> None:
    assert re.fullmatch(r"[A-Z][^\n]{8,380}\.", row.error), row.error
    assert not re.search(r"Traceback|Error\b|/tmp|/work|0x[0-9a-f]{4}", row.error), row.error


def assert_covered(row: Document) -> None:
    passages = row.passages.values_list("start", "end")
    ranges = sorted([*passages, *((gap["start"], gap["end"]) for gap in row.left_out)])
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges)][: len(ranges)]
    assert (ranges[-1][1] if ranges else 0) == len(row.text)


def resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_a_thousand_hostile_files_leave_a_thousand_rows(team: Any, kept: Path) -> None:
    sent = []
    chosen = list(zip(range(COUNT), hostile(), strict=False))
    for number, (name, data) in chosen:
        sent.append(documents.add_document(team.project, ContentFile(data), f"{number}-{name}").pk)
        if number == WARM:
            pipeline.work_off_documents()
            before = resident()
    pipeline.work_off_documents()
    assert resident() - before < GROWTH
    rows = Document.objects.in_bulk(sent)
    assert len(rows) == COUNT
    for row in Document.objects.all():
        assert row.state in (JobState.DONE, JobState.FAILED), row.name
        if row.state == JobState.FAILED:
            assert_told_well(row)
        else:
            assert_covered(row)
    sound = documents.add_document(team.project, ContentFile(make.TEXT.encode()), "sound.md")
    pipeline.work_off_documents()
    sound.refresh_from_db()
    assert (sound.state, sound.text) == (JobState.DONE, make.TEXT)
