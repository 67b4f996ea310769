"""How much of a document is kept on its way from a file of any format to the text.

``make bench-fidelity`` reads the files in ``tests/fidelity/converted`` and compares each text with
the source that the file was made from. It prints a table, and as its last line a JSON object with
the most important figures in per cent. Options:

    python -m tests.bench.fidelity --each pdf_print docx   # a line for every file of two formats
"""

import argparse
import json

from tests.bench import news
from tests.fidelity import figures
from tests.fidelity.comparison import Tally

SHOWN = (  # in per cent
    "paragraphs", "marks", "blanks", "alone", "order", "headings_at_all", "headings",
    "items_whole", "items_as_items", "items", "terms", "definitions", "cells", "code", "languages",
    "footnotes", "notes_marked", "notes_called", "captions", "quotes", "admonitions", "math",
    "pages", "kept", "false_text", "doubled_text",
)  # fmt: skip
COUNTED = ("furniture", "glued", "furniture_as_heading", "tags_left")
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
    figures_there = {name: tally.per_cent(name) for name in SUMMARY}
    glued = {"glued": tally["glued"][0]} if "glued" in tally else {}
    return {name: share for name, share in figures_there.items() if share is not None} | glued


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", action="store_true", help="a line for every file")
    parser.add_argument("formats", nargs="*", default=[], help=", ".join(figures.VARIANTS))
    options = parser.parse_args()
    results = {}
    print("\t".join(["format", *SHOWN, *COUNTED]))  # noqa: T201
    for variant in options.formats or figures.VARIANTS:
        total = Tally()
        for measured in figures.measure(variant):
            total.add(measured.tally)
            if options.each:
                print("\t".join([f"  {measured.name}", *shown(measured.tally)]))  # noqa: T201
            if measured.refused:
                print(f"  {measured.name}: {measured.refused}")  # noqa: T201
        print("\t".join([variant, *shown(total)]), flush=True)  # noqa: T201
        results[variant] = summary(total)
    print(json.dumps({**results, "news_f1": news.f1()}))  # noqa: T201


if __name__ == "__main__":
    main()
