"""A book of 3,000 pages and a web page of 50 MB are read completely in constant memory."""

import io
import random
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from generation.models import Document
from generation.reading import documents, pipeline
from qareview.models import JobState

pytestmark = pytest.mark.django_db

PDF_PAGES = 3_000
HTML_BYTES = 50_000_000
# Bytes the worker may need at its peak: the text as it comes from the reader, decoded, as
# passages and on its way into the database, and the passages' rows; beside what any file needs.
FOR_ANY, PER_CHARACTER = 150_000_000, 8


class Prose:
    """Sentences of words that no other part of the text has in this order."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        letters = "bdfgklmnprst"
        self.words = [
            "".join(f"{self.random.choice(letters)}{vowel}" for vowel in f"{n % 5}{n % 3}")
            .translate({48: "a", 49: "e", 50: "i", 51: "o", 52: "u"})
            for n in range(4_000)
        ]  # fmt: skip

    def sentences(self, count: int) -> str:
        return " ".join(
            " ".join(self.random.choices(self.words, k=14)).capitalize() + "." for _ in range(count)
        )


def book() -> bytes:
    prose, target = Prose(), io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    for number in range(1, PDF_PAGES + 1):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 770, f"Chapter {number}")
        canvas.setFont("Helvetica", 11)
        for line, words in enumerate(textwrap.wrap(prose.sentences(12), 85)):
            canvas.drawString(72, 740 - 15 * line, words)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def web_page() -> bytes:
    prose = Prose()
    parts = ["<!doctype html><html><body><nav><ul><li>Home of everything</li></ul></nav><main>"]
    size = number = 0
    while size < HTML_BYTES:
        number += 1
        parts.append(f"<h2>Part {number}</h2><p>{prose.sentences(10)}</p>")
        size += len(parts[-1])
    return "".join([*parts, "</main></body></html>"]).encode()


def peak() -> int:
    """Return the most memory this process had since the peak was forgotten, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(("make", "name"), [(book, "book.pdf"), (web_page, "page.html")])
def test_a_large_file_is_read_whole_in_flat_memory(
    make: Callable[[], bytes], name: str, team: Any, kept: Path
) -> None:
    document = documents.add_document(team.project, ContentFile(make()), name)
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    pipeline.work_off_documents()
    grown = peak() - before
    document.refresh_from_db()
    assert (document.state, document.error) == (JobState.DONE, "")
    assert grown < FOR_ANY + PER_CHARACTER * len(document.text)
    last = f"Chapter {PDF_PAGES}" if name == "book.pdf" else "Part "
    assert last in document.text[-20_000:]
    assert len(document.page_starts) == (PDF_PAGES if name == "book.pdf" else 0)
    assert_covered(document)


def assert_covered(document: Document) -> None:
    passages = document.passages.values_list("start", "end")
    gaps = [(gap["start"], gap["end"]) for gap in document.left_out]
    ranges = sorted([*passages, *gaps])
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges[:-1])]
    assert ranges[-1][1] == len(document.text)
