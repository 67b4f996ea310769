"""The processes that this one has started."""

import os
from pathlib import Path


def processes_of(module: str) -> list[int]:
    """Return the ids of the processes that do a module's work for this one."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    children = [child for task in tasks for child in _read(task / "children").split()]
    lines = {int(child): _read(Path(f"/proc/{child}/cmdline")) for child in children}
    return sorted(child for child, line in lines.items() if module in line)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):  # the thread or process has ended
        return ""
