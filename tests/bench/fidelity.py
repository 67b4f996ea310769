"""How much of a document is kept on its way from a file of any format to the text.

``make bench-fidelity`` reads the files in ``tests/fidelity/converted`` and compares each text with
the source that the file was made from. It prints a table, and as its last line a JSON object with
the most important figures in per cent. Options:

    python -m tests.bench.fidelity --each pdf_print docx   # a line for every file of two formats
    python -m tests.bench.fidelity --lost odt   # what is lost in each file, and what nobody wrote
    python -m tests.bench.fidelity --floors   # the table of tests/test_fidelity.py
"""

import argparse
import json
import math

from tests.bench import news
from tests.fidelity import figures
from tests.fidelity.tally import Tally

SHOWN = (  # in per cent
    "paragraphs", "marks", "blanks", "alone", "order", "headings_at_all", "headings",
    "items_whole", "items_as_items", "items", "terms", "definitions", "cells", "code", "languages",
    "footnotes", "notes_marked", "notes_called", "captions", "quotes", "admonitions", "math",
    "pages", "kept", "false_text", "doubled_text",
)  # fmt: skip
COUNTED = ("false_headings", "furniture", "glued", "tags_left")
SUMMARY = (
    "paragraphs", "alone", "headings", "items", "cells", "code", "footnotes", "captions", "quotes",
    "pages", "order", "false_text",
)  # fmt: skip


def shown(tally: Tally) -> list[str]:
    """Return the cells of a line of the table."""
    shares = [tally.per_cent(name) for name in SHOWN]
    counts = [str(int(tally.get(name, (0, 0))[0])) for name in COUNTED]
    return ["-" if share is None else f"{share:g}" for share in shares] + counts


def summary(tally: Tally) -> dict[str, float]:
    """Return the most important figures in per cent; what a format never has is not there."""
    shares = {name: tally.per_cent(name) for name in SUMMARY}
    glued = {"glued": tally["glued"][0]} if "glued" in tally else {}
    return {name: share for name, share in shares.items() if share is not None} | glued


def floors(variant: str, tally: Tally) -> str:
    """Return the line of a variant in the table of tests/test_fidelity.py."""
    shares = [tally.per_cent(name) for name in figures.KEPT]
    cells = ["-" if share is None else str(math.floor(share)) for share in shares]
    right, of = tally["false_text"]
    cells.append(str(math.ceil(1000 * right / of) / 10))
    return " ".join([f"{variant:16}", *(f"{cell:>3}" for cell in cells)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", action="store_true", help="a line for every file")
    parser.add_argument("--lost", action="store_true", help="what is lost, and what nobody wrote")
    parser.add_argument("--floors", action="store_true", help="the table of the test")
    parser.add_argument("formats", nargs="*", default=[], help=", ".join(figures.VARIANTS))
    options = parser.parse_args()
    totals = {}
    print("\t".join(["format", *SHOWN, *COUNTED]))  # noqa: T201
    for variant in options.formats or figures.VARIANTS:
        totals[variant] = Tally()
        for measured in figures.measure(variant):
            totals[variant].add(measured.tally)
            _print_file(measured, each=options.each, lost=options.lost)
        print("\t".join([variant, *shown(totals[variant])]), flush=True)  # noqa: T201
    if options.floors:
        print(*map(floors, totals, totals.values()), sep="\n")  # noqa: T201
    results = {variant: summary(total) for variant, total in totals.items()}
    print(json.dumps({**results, "news_f1": news.f1()}))  # noqa: T201


def _print_file(measured: figures.Measured, *, each: bool, lost: bool) -> None:
    if each:
        print("\t".join([f"  {measured.name}", *shown(measured.tally)]))  # noqa: T201
    if measured.refused:
        print(f"  {measured.name}: {measured.refused}")  # noqa: T201
    if lost:
        for line in measured.tally.lost:
            print(f"  {measured.name}: {line}")  # noqa: T201


if __name__ == "__main__":
    main()
