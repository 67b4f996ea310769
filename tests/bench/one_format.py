"""Measures how long one way of reading takes, and how much memory, in a process of its own.

It imports nothing that reading does not need, so that its memory is that of reading.
"""

import json
import re
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
    """Return the seconds of the processor, in which a busy machine counts for little."""
    start = _processor_seconds()
    work(path)
    return _processor_seconds() - start


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def mebibytes() -> float:
    """Return the most memory that this process has had, and the largest of its children.

    ``ru_maxrss`` of this process would count what its parent had before it started this program.
    """
    status = Path("/proc/self/status").read_text()
    own = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (int(own[1] if own else 0) + children) / 1024


def main(way: str, form: str, *files: str) -> None:
    work = ours if way == "ours" else BARE[form]
    rounds = [[seconds(work, Path(file)) for file in files] for _ in range(ROUNDS)]
    best = sum(map(min, zip(*rounds, strict=True)))
    print(json.dumps({"seconds": best, "mebibytes": mebibytes()}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
