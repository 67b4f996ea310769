"""How fast files are read and cut, and how much memory that takes, beside the bare libraries.

``make bench-reading`` prints a table and, as its last line, a JSON object. Everything runs on one
core. For each format, the same hundred pages are read by our reader and by the library that one
would take otherwise (:mod:`bare_libraries`), each in a process of its own. ``seconds`` are those of
the processor, and the best of some rounds counts for each file. ``overhead`` is what our reader
takes longer, in per cent. ``mebibytes`` is the most memory that the process had, and with it the
largest of its children, such as pandoc.

The figures of isolation compare three ways to keep a hostile file away from the worker: the reader
process that reads one file after another, a fork of a warm parent for each file, and a new Python
for each file. The last two return nothing, which favours them. The last figures tell how fast the
texts are cut into passages of 220 tokens, and how fast near-duplicates among them are prepared.

    python -m tests.bench.reading pdf docx   # only these formats
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
for _name in ("DATABASE_URL", "REDIS_URL"):  # neither is asked for anything
    os.environ.setdefault(
        _name, "redis://nowhere" if _name == "REDIS_URL" else "postgres://nowhere"
    )
django.setup()

from generation.passages import cutting, near_duplicates  # noqa: E402  Django is set up first
from generation.reading import reader_process, readers  # noqa: E402
from qareview.backends.tokens import tokenizer_for  # noqa: E402
from qareview.models import Project  # noqa: E402
from tests.bench import one_format  # noqa: E402
from tests.bench.bare_libraries import BARE  # noqa: E402
from tests.bench.long_files import MODEL, PAGES, Writer, make_files  # noqa: E402

LENGTH: int = Project._meta.get_field("passage_length").default
ROUNDS = 3
ISOLATED_FILES = 10  # a new Python for each takes long


def measure(way: str, form: str, files: list[Path]) -> dict[str, float]:
    """Return the seconds and the memory that reading the files takes, "ours" or "bare"."""
    command = [sys.executable, "-m", one_format.__name__, way, form, *map(str, files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(form: str, files: list[Path]) -> dict[str, float]:
    """Return the figures of a format for a hundred pages."""
    own, bare = (measure(way, form, files) for way in ("ours", "bare"))
    hundred = 100 / _pages(form, files)
    return {
        "seconds": round(own["seconds"] * hundred, 3),
        "bare_seconds": round(bare["seconds"] * hundred, 3),
        "overhead": round(100 * (own["seconds"] / bare["seconds"] - 1)),
        "mebibytes": round(own["mebibytes"]),
        "bare_mebibytes": round(bare["mebibytes"]),
    }


def _pages(form: str, files: list[Path]) -> int:
    import pypdfium2

    return len(pypdfium2.PdfDocument(files[0])) if form.startswith("pdf") else PAGES


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


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


def characters_per_second(files: list[Path]) -> dict[str, float]:
    """Return how fast texts are cut, and how fast near-duplicates among passages are prepared."""
    texts = [readers.read_file(path, path.name).text for path in files]
    characters = sum(map(len, texts))
    tokenizer = tokenizer_for(MODEL)
    cut_seconds = seconds(lambda: [cutting.cut(text, LENGTH, (), tokenizer) for text in texts])
    cuts = [cutting.cut(text, LENGTH, (), tokenizer)[0] for text in texts]
    pairs = zip(texts, cuts, strict=True)
    parts = [text[cut.start : cut.end] for text, some in pairs for cut in some]
    banding = seconds(lambda: near_duplicates.bands_of(parts))
    return {
        "characters_cut_per_second": round(characters / cut_seconds),
        "characters_banded_per_second": round(characters / banding),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", help=", ".join(BARE))
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_all_figures(Path(folder), options.formats)))  # noqa: T201


def _all_figures(folder: Path, formats: list[str]) -> dict[str, Any]:
    writer = Writer(seed=1)
    files = make_files(folder, writer)
    figures: dict[str, Any] = {}
    for form in formats or BARE:
        figures[form] = compare(form, files[form])
        print(form, *figures[form].items(), sep="\t", flush=True)  # noqa: T201
    if formats:
        return figures
    markdown = folder / "notes.md"
    markdown.write_text("# Tides\n\nThe tide rises and falls twice a day in this harbour.\n")
    isolation = compare_isolation(files["html"][:ISOLATED_FILES], markdown)
    return {**figures, **characters_per_second(files["html"]), **isolation}


if __name__ == "__main__":
    main()
