"""How well the article is found on a page of a newspaper, and whether the rest is listed.

    python -m tests.bench.news [--worst 10]

The pages are those of the article extraction benchmark of Scrapinghub (Zyte), which is under the
MIT licence. Nobody fetches them for you:

    git clone https://github.com/scrapinghub/article-extraction-benchmark tests/fidelity/news

The last line is a JSON object. ``f1``, ``precision`` and ``recall`` are those of the benchmark's
own program; the reader decides by itself how much of a page is its main text. ``listed`` is the
share of the words on the pages that are in the text or in what was left out of it.
"""

import argparse
import gzip
import importlib.util
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generation.reading.readings import CannotRead, Reading
from tests.fidelity import figures
from tests.fidelity.visible import share_kept, visible_words
from tests.fidelity.written import parsed, without_left_out

FOLDER = Path(__file__).resolve().parent.parent / "fidelity" / "news"


def f1() -> float | None:
    """Return F1 on the benchmark; None if it is not there."""
    return round(measure()["f1"], 3) if FOLDER.exists() else None


def measure(worst: int = 0) -> dict[str, Any]:
    """Return the figures, and the names of the pages with the lowest recall."""
    evaluate = _load_evaluate()
    truth = json.loads((FOLDER / "ground-truth.json").read_text())
    articles, extents, kept, seen = {}, Counter[str](), 0, 0
    for name, page, reading in _readings(list(truth)):
        articles[name] = {"articleBody": _article(reading)}
        extents[reading.extent] += 1
        there, words = share_kept(visible_words(page), reading.text)
        kept, seen = kept + there, seen + words
    results = evaluate(truth, articles, 0)
    recalls = zip(map(_recall, results["tp_fp_fns"]), truth, strict=True)
    return {
        **{name: round(results[name], 4) for name in ("f1", "precision", "recall")},
        "listed": round(100 * kept / seen, 1),
        "extents": dict(extents),
        "worst": sorted(recalls)[:worst],
    }


def _load_evaluate() -> Any:
    """Return the function of the benchmark that compares all articles with the truth."""
    spec = importlib.util.spec_from_file_location("evaluate", FOLDER / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.evaluate


def _recall(counts: tuple[float, float, float]) -> float:
    right, _, lost = counts
    return round(right / (right + lost), 2) if right + lost else 1


def _readings(names: list[str]) -> Iterator[tuple[str, str, Reading]]:
    """Yield each name, its page, and what the reader made of it; nothing if it was refused."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            page = gzip.decompress((FOLDER / "html" / f"{name}.html.gz").read_bytes())
            path = Path(folder) / f"{name}.html"
            path.write_bytes(page)
            try:
                reading = figures.read(path)
            except CannotRead:
                reading = Reading("", "")
            yield name, page.decode(errors="replace"), reading


def _article(reading: Reading) -> str:
    """Return what passages are cut from, without the marks of Markdown."""
    blocks = parsed(without_left_out(reading.text, reading.left_out)).blocks
    return "\n".join(" ".join(block.cells) or block.text for block in blocks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worst", type=int, default=0, help="name so many pages with low recall")
    options = parser.parse_args()
    if not FOLDER.exists():
        raise SystemExit(__doc__)
    print(json.dumps(measure(options.worst)))  # noqa: T201


if __name__ == "__main__":
    main()
