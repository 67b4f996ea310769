"""How fast files are read and cut, compared with the libraries that extract text.

``make bench-reading`` prints a JSON object as its last line. Everything runs on one core. Our code
and the bare library read the same files in turn, and the best of several rounds counts for each
file. Our code does what a worker does, without the database: it reads in the reader process,
detects the language and cuts into passages of 220 tokens. The bare library is trafilatura or
kreuzberg on the bytes, in this process.

The last figures compare three ways to keep a hostile file away from the worker: the reader process
that reads one file after another, a fork of a warm parent for each file, and a new Python for each
file. The last two return nothing, which favours them.
"""

import gc
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
for _name in ("DATABASE_URL", "REDIS_URL"):  # neither is asked for anything
    os.environ.setdefault(
        _name, "redis://nowhere" if _name == "REDIS_URL" else "postgres://nowhere"
    )
django.setup()

from reportlab.lib.pagesizes import A4  # noqa: E402  Django is set up first
from reportlab.pdfgen.canvas import Canvas  # noqa: E402

from generation.passages import cutting, near_duplicates  # noqa: E402
from generation.reading import extracted, file_types, reader_process, readers  # noqa: E402
from qareview import languages  # noqa: E402
from qareview.backends.tokens import tokenizer_for  # noqa: E402
from qareview.models import Project  # noqa: E402

MODEL = "smollm2-135m-instruct"
LENGTH: int = Project._meta.get_field("passage_length").default
ROUNDS = 7
ISOLATED_FILES = 10  # a new Python for each takes long
HTML_PAGES = 300
PDF_PAGES = (50, 80, 120, 200)
SYLLABLES = "ka lo mi ra ten sor vel dun ber fin gol har jes kum lan mor nep ost pul qua"
WORD = re.compile("Ġ([a-z]{2,}|a)")  # as the tokenizer of the model writes one with its space


class Writer:
    """Writes prose whose words are as common and as rare as in English (Zipf's law).

    The common ones are the tokenizer's, which learned them by how common they are.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        syllables = SYLLABLES.split()
        rare = ["".join(self.random.choices(syllables, k=2 + n % 3)) for n in range(5_000)]
        vocabulary = tokenizer_for(MODEL).get_vocab()
        tokens = sorted(vocabulary, key=vocabulary.__getitem__)
        common = [match[1] for match in map(WORD.fullmatch, tokens) if match]
        self.words = [*common, *rare]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def some(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=count))

    def sentence(self) -> str:
        return f"{self.some(self.random.randint(8, 26)).capitalize()}."

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self.random.randint(3, 7)))

    def block(self) -> str:
        """Return a part of an article as HTML; most are paragraphs."""
        kind = self.random.random()
        if kind < 0.15:
            return f"<h2>{self.some(4).capitalize()}</h2>"
        if kind < 0.25:
            return f"<ul>{''.join(f'<li>{self.sentence()}</li>' for _ in range(5))}</ul>"
        if kind < 0.3:
            rows = (f"<tr><td>{self.some(2)}</td><td>{n * 7}</td></tr>" for n in range(6))
            return f"<table><tr><th>Name</th><th>Number</th></tr>{''.join(rows)}</table>"
        link = f'<a href="/{self.random.random()}">{self.some(2)}</a>'
        return f"<p>{self.paragraph()} See {link}. <em>{self.some(3)}</em> {self.sentence()}</p>"


def html_page(writer: Writer) -> bytes:
    """Return an article of 5 to 15 kB between menus, a side column and a footer."""
    size = writer.random.randint(5_000, 15_000)
    blocks = [f"<h1>{writer.some(5).capitalize()}</h1>"]
    while sum(map(len, blocks)) < size:
        blocks.append(writer.block())
    menu = "".join(f'<li><a href="/{n}">{writer.some(2)}</a></li>' for n in range(40))
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{writer.some(3)}'
        "</title><style>body { margin: 0 }</style><script>let shown = {};</script></head><body>"
        f'<header><nav><ul>{menu}</ul></nav></header><aside class="sidebar"><ul>{menu}</ul>'
        f"</aside><main><article>{''.join(blocks)}</article></main><footer><ul>{menu}</ul>"
        "<p>Copyright of nobody</p></footer></body></html>"
    )
    return page.encode()


def pdf(writer: Writer, pages: int) -> bytes:
    """Return a book with running heads and page numbers, about 2,600 characters a page."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica-Oblique", 8)
        canvas.drawString(72, 800, "Harbour Handbook, third edition")
        canvas.drawString(290, 40, str(number))
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 770, writer.some(3).capitalize())
        canvas.setFont("Helvetica", 11)
        for line, words in enumerate(_lines(writer)):
            canvas.drawString(72, 745 - 20 * line, words)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _lines(writer: Writer) -> Iterator[str]:
    """Yield the 33 lines of a page, in paragraphs."""
    lines: list[str] = []
    while len(lines) < 33:
        lines += [*textwrap.wrap(writer.paragraph(), 85), ""]
    yield from lines[:33]


def bare_html(data: bytes) -> None:
    import trafilatura

    trafilatura.extract(data.decode(), output_format="markdown", include_tables=True)


def bare_pdf(data: bytes) -> None:
    import kreuzberg

    kreuzberg.extract_bytes_sync(data, file_types.PDF, config=extracted.extraction())


def ours(path: Path) -> tuple[str, list[cutting.Cut]]:
    """Do what pipeline.read_document does of a document, without the database."""
    reading = reader_process.read_isolated(path, path.name, seconds=120, megabytes=2000)
    languages.detect_language(reading.text)
    tokenizer = tokenizer_for(MODEL)
    cuts, _ = cutting.cut(reading.text, LENGTH, reading.page_starts, tokenizer, reading.left_out)
    return reading.text, cuts


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(files: list[Path], bare: Callable[[bytes], None]) -> tuple[float, float]:
    """Return the seconds that ours and bare take for the files: of each file its best round."""
    data = [path.read_bytes() for path in files]
    own, other = [], []
    for _ in range(ROUNDS):
        own.append([seconds(partial(ours, path)) for path in files])
        other.append([seconds(partial(bare, content)) for content in data])
    return _best(own), _best(other)


def _best(rounds: list[list[float]]) -> float:
    return sum(map(min, zip(*rounds, strict=True)))


def in_reader_process(path: Path) -> None:
    reader_process.read_isolated(path, path.name, seconds=120, megabytes=2000)


def in_fork(path: Path) -> None:
    child = os.fork()
    if not child:
        try:
            readers.read_file(path, path.name)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def in_new_python(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from generation.reading import readers;"
        "readers.read_file(Path(sys.argv[1]), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, path, path.name], check=True)


def compare_isolation(html: list[Path], markdown: Path) -> dict[str, float]:
    """Return the milliseconds that each way takes for a web page and for a small Markdown file."""
    readers.load_libraries()
    gc.collect()
    gc.freeze()  # otherwise collecting in the fork copies every page of memory
    figures = {}
    for work in (in_reader_process, in_fork, in_new_python):
        for kind, files in (("html", html), ("markdown", [markdown])):
            rounds = [[seconds(partial(work, path)) for path in files] for _ in range(ROUNDS)]
            figures[f"{kind}_ms_{work.__name__}"] = round(1000 * _best(rounds) / len(files), 1)
    gc.unfreeze()
    return figures


def measure(folder: Path) -> dict[str, float]:
    writer = Writer(seed=1)
    html, pdfs = [], []
    for number in range(HTML_PAGES):
        html.append(folder / f"{number}.html")
        html[-1].write_bytes(html_page(writer))
    for pages in PDF_PAGES:
        pdfs.append(folder / f"{pages}.pdf")
        pdfs[-1].write_bytes(pdf(writer, pages))
    markdown = folder / "notes.md"
    markdown.write_text("# Tides\n\nThe tide rises and falls twice a day in this harbour.\n")
    html_own, html_bare = compare(html, bare_html)
    pdf_own, pdf_bare = compare(pdfs, bare_pdf)
    return {
        "html_pages_per_second": round(HTML_PAGES / html_own),
        "html_overhead": round(html_own / html_bare - 1, 2),
        "pdf_pages_per_second": round(sum(PDF_PAGES) / pdf_own),
        "pdf_overhead": round(pdf_own / pdf_bare - 1, 2),
        **characters_per_second(html),
        **compare_isolation(html[:ISOLATED_FILES], markdown),
    }


def characters_per_second(files: list[Path]) -> dict[str, float]:
    """Return how fast texts are cut, and how fast near-duplicates among passages are prepared."""
    documents = [ours(path) for path in files]
    characters = sum(len(text) for text, _ in documents)
    tokenizer = tokenizer_for(MODEL)
    cut_seconds = seconds(
        lambda: [cutting.cut(text, LENGTH, (), tokenizer) for text, _ in documents]
    )
    parts = [text[cut.start : cut.end] for text, cuts in documents for cut in cuts]
    banding = seconds(lambda: near_duplicates.bands_of(parts))
    return {
        "characters_cut_per_second": round(characters / cut_seconds),
        "characters_banded_per_second": round(characters / banding),
    }


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder))))  # noqa: T201


if __name__ == "__main__":
    main()
