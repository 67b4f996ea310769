"""What is made once for all processes of a run of the tests."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a path in the folder of this run, which the first process that asks makes."""
    path = Path(os.environ["QAREVIEW_TEST_RUN"]) / name
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(path)
    return path
