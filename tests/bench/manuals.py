"""How much of other people's manuals is kept, in HTML, PDF and EPUB.

``make bench-manuals`` measures what lies in the folders of ``tests/fidelity/manuals``, which git
ignores: a folder for each manual, with its pages of HTML and, if there are any, the same manual as
PDF and EPUB. Debian's packages of documentation have many of them:

    apt-get download debian-policy && dpkg -x debian-policy_*.deb policy
    mv policy/usr/share/doc/debian-policy/policy.html tests/fidelity/manuals/policy
    mv policy/usr/share/doc/debian-policy/policy.epub tests/fidelity/manuals/policy

What is right is counted from the HTML, by rules that our readers do not share: paragraphs of twelve
words or more, headings with their levels, items of lists at their depth, cells of tables, lines of
code. ``kept`` is the share of the words on the pages that are in the text or in what was left out.
``besides`` is the share of the text's runs of four words that are in no such block, such as menus
and lists of contents; ``false`` is the share of those that are on no page. A PDF and an EPUB are
compared with all pages together. The last line is a JSON object. Options:

    python -m tests.bench.manuals --worst 5 policy   # the pages that lose most, of one manual
    python -m tests.bench.manuals --lost policy   # what is lost
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from generation.reading.readings import CannotRead, Reading
from tests.fidelity import figures
from tests.fidelity.blocks import PARAGRAPH, Block, shingles, words
from tests.fidelity.comparison import compare
from tests.fidelity.html_truth import blocks_of_page
from tests.fidelity.tally import Tally
from tests.fidelity.visible import share_kept, visible_text
from tests.fidelity.written import parsed, without_left_out

FOLDER = Path(__file__).resolve().parent.parent / "fidelity" / "manuals"
LONG = 12  # words of a paragraph that is counted
SHOWN = (
    "paragraphs", "marks", "alone", "order", "headings_at_all", "headings", "items", "terms",
    "definitions", "cells", "code", "kept", "besides", "false",
)  # fmt: skip


class Manual:
    """The pages of a manual: what they say, and the words that are on them."""

    def __init__(self, folder: Path) -> None:
        self.pages = sorted((*folder.rglob("*.html"), *folder.rglob("*.htm")))
        self.books = sorted((*folder.rglob("*.pdf"), *folder.rglob("*.epub")))
        self.blocks = {page: blocks_of_page(page.read_bytes()) for page in self.pages}
        self.texts = {page: visible_text(_decoded(page)) for page in self.pages}

    def tally_of_page(self, page: Path) -> Tally:
        return _compared(page, self.blocks[page], [self.texts[page]])

    def tally_of_book(self, book: Path) -> Tally:
        blocks = [block for page in self.pages for block in self.blocks[page]]
        return _compared(book, blocks, self.texts.values())


def _decoded(page: Path) -> str:
    """Return the source of a page; most manuals are in UTF-8."""
    data = page.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _compared(path: Path, blocks: list[Block], texts: Iterable[str]) -> Tally:
    try:
        reading = figures.read(path)
    except CannotRead as refused:
        print(f"  {path.name}: {refused}")  # noqa: T201
        reading = Reading("", "")
    written = parsed(without_left_out(reading.text, reading.left_out)).blocks
    tally = compare([block for block in blocks if _is_counted(block)], written)
    texts = list(texts)
    seen = Counter(word for text in texts for word in words(text))
    tally.count("kept", *share_kept(seen, reading.text))
    runs = shingles(text for block in written for text in block.cells or (block.text,))
    said = shingles([" ".join(block.text for block in blocks)])
    tally.count("besides", _missing(runs, said), runs.total())
    tally.count("false", _missing(runs, shingles(texts)), runs.total())
    return tally


def _is_counted(block: Block) -> bool:
    return block.kind != PARAGRAPH or len(words(block.text)) >= LONG


def _missing(runs: Counter[tuple[str, ...]], there: Counter[tuple[str, ...]]) -> int:
    """Return how many runs are not there; a text of fewer words may stand anywhere."""
    return sum(count for run, count in runs.items() if len(run) > 3 and run not in there)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lost", action="store_true", help="what is lost")
    parser.add_argument("--worst", type=int, default=0, help="so many pages that lose most")
    parser.add_argument("manuals", nargs="*", help="names of folders; all if there are none")
    options = parser.parse_args()
    if not FOLDER.exists():
        raise SystemExit(__doc__)
    names = options.manuals or sorted(path.name for path in FOLDER.iterdir())
    print("\t".join(["manual", *SHOWN]))  # noqa: T201
    results = {}
    for name in names:
        manual = Manual(FOLDER / name)
        tallies = {page: manual.tally_of_page(page) for page in manual.pages}
        total = Tally()
        for tally in tallies.values():
            total.add(tally)
        figures_of = {"html": total}
        figures_of |= {book.suffix[1:]: manual.tally_of_book(book) for book in manual.books}
        for kind, tally in figures_of.items():
            print(_line(f"{name} {kind}", tally), flush=True)  # noqa: T201
        for page in sorted(tallies, key=lambda page: _share(tallies[page]))[: options.worst]:
            print(_line(f"  {page.name}", tallies[page]))  # noqa: T201
        if options.lost:
            _print_lost({**tallies, **{Path(kind): t for kind, t in figures_of.items()}})
        results[name] = {kind: _shown(tally) for kind, tally in figures_of.items()}
    print(json.dumps(results))  # noqa: T201


def _share(tally: Tally) -> float:
    return min((tally.per_cent(name) or 100) for name in ("paragraphs", "headings", "kept"))


def _shown(tally: Tally) -> dict[str, float | None]:
    return {name: tally.per_cent(name) for name in SHOWN}


def _line(name: str, tally: Tally) -> str:
    cells = ["-" if share is None else f"{share:g}" for share in _shown(tally).values()]
    return "\t".join([name, *cells])


def _print_lost(tallies: dict[Path, Tally]) -> None:
    for path, tally in tallies.items():
        for line in tally.lost:
            print(f"  {path.name}: {line}")  # noqa: T201


if __name__ == "__main__":
    main()
