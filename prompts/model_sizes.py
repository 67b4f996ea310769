"""Which models are large enough to follow instructions, as far as their names and files tell."""

import re
from pathlib import Path
from typing import Any

# Parameters. Smaller models need worked examples to write real questions; chosen; nobody measured.
FEWEST = 3e9
BYTES_PER_PARAMETER = 2  # of weights in bfloat16
_SIZE = re.compile(r"(?<![a-z\d.])(\d+(?:\.\d+)?)\s?([mb])(?![a-z\d])", re.IGNORECASE)
_WEIGHTS = (".safetensors", ".bin", ".gguf")


def is_large(options: dict[str, Any]) -> bool:
    """Whether a model with these options is large; on a server it is, unless its name denies it."""
    if options["backend"] == "openai":
        named = size_in(Path(options["name"]).name)
        return named is None or named >= FEWEST
    folder = Path(options.get("path") or "none")
    named = size_in(folder.name)
    return (_size_of_files(folder) if named is None else named) >= FEWEST


def size_in(name: str) -> float | None:
    """Return the number of parameters that a model's name tells, such as “qwen2.5:0.5b”."""
    sizes = [
        float(number) * {"m": 1e6, "b": 1e9}[unit.lower()] for number, unit in _SIZE.findall(name)
    ]
    return max(sizes, default=None)


def _size_of_files(folder: Path) -> float:
    if not folder.is_dir():
        return 0
    sizes = (file.stat().st_size for file in folder.iterdir() if file.suffix in _WEIGHTS)
    return sum(sizes) / BYTES_PER_PARAMETER
