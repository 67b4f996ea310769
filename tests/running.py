"""The processes that this one has started."""

import os
from pathlib import Path


def processes_of(module: str) -> list[int]:
    """Return the ids of the processes that do a module's work for this one."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    lines = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return sorted(child for child, line in lines.items() if module.encode() in line)
