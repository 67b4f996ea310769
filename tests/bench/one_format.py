"""Measures how long one way of reading takes, and how much memory, in a process of its own.

It imports nothing that reading does not need, so that its memory is that of reading.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.bare_libraries import BARE

ROUNDS = 3


def ours(path: Path) -> None:
    from generation.reading import readers

    readers.read_file(path, path.name)


def seconds(work: Callable[[Path], None], path: Path) -> float:
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start


def mebibytes() -> float:
    """Return the most memory that this process has had, and the largest of its children."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


def main(way: str, form: str, *files: str) -> None:
    work = ours if way == "ours" else BARE[form]
    rounds = [[seconds(work, Path(file)) for file in files] for _ in range(ROUNDS)]
    best = sum(map(min, zip(*rounds, strict=True)))
    print(json.dumps({"seconds": best, "mebibytes": mebibytes()}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
