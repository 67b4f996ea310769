"""Read and check the file of models that QAREVIEW_MODELS_FILE names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured

# What a model of each backend has to have: one option of each group.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "openai": (("url",), ("name",)),
    "transformers": (("path", "gguf"),),
    "scripted": (),
}
_SPACE = re.compile(r"\s*")


class Entry(NamedTuple):
    """A model in the file, and the line on which it begins."""

    name: str
    options: Any
    line: int


def models_in(path: str) -> dict[str, dict[str, Any]]:
    """Return the models in a JSON file, by name; none if ``path`` is empty.

    Raises ImproperlyConfigured, with the line, if the file or a model in it is not valid.
    """
    if not path:
        return {}
    try:
        text = Path(path).read_text()
        is_object = isinstance(json.loads(text), dict)
    except (OSError, ValueError) as error:
        raise _Wrong(path, f"cannot be read: {error}") from None
    if not is_object:
        raise _Wrong(path, "has to be an object of models, each with a backend.")
    entries = list(_entries(text))
    for entry in entries:
        if problem := _problem_with(entry.options):
            raise _Wrong(path, f"line {entry.line}: the model “{entry.name}” {problem}")
    return {entry.name: entry.options for entry in entries}


class _Wrong(ImproperlyConfigured):
    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"QAREVIEW_MODELS_FILE, {path}, {problem}")


def _problem_with(options: Any) -> str:
    """Return what is wrong with a model, or an empty string."""
    if not isinstance(options, dict) or "backend" not in options:
        return "has to be an object with a backend."
    backend = options["backend"]
    if not isinstance(backend, str) or backend not in NEEDED:
        known = ", ".join(NEEDED)
        return f"has the unknown backend “{backend}”. The backends are: {known}."
    for names in NEEDED[backend]:
        if not any(isinstance(options.get(name), str) and options[name] for name in names):
            return f"needs “{'” or “'.join(names)}” for the backend “{backend}”."
    if "url" in options and not re.match(r"https?://[^/\s]", options["url"]):
        return f"has an address that is none: “{options['url']}”. It begins with http."
    return ""


def _entries(text: str) -> Iterator[Entry]:
    """Yield the members of the valid JSON object ``text``."""
    decoder = json.JSONDecoder()
    place = _after_space(text, text.index("{") + 1)
    while text[place] != "}":
        line = text.count("\n", 0, place) + 1
        name, place = decoder.raw_decode(text, place)
        colon = _after_space(text, place)
        options, place = decoder.raw_decode(text, _after_space(text, colon + 1))
        yield Entry(name, options, line)
        place = _after_space(text, place)
        if text[place] == ",":
            place = _after_space(text, place + 1)


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
