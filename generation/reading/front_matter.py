"""Divide a Markdown file into what its front matter says and its text."""

import re
from typing import Any

# Between lines of “---” in YAML, or of “+++” in TOML, at the beginning of the file.
_YAML = re.compile(r"---[ \t]*\n(?P<source>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<source>(?:.*\n)*?)\+\+\+[ \t]*(?:\n|\Z)")
_FIRST_KEY = re.compile(r"(?:#.*\n)*[\w\"'][^\n:]*:(?:\s|\Z)")
LONGEST = 50_000  # characters of front matter; chosen; nobody measured


def divide(text: str) -> tuple[dict[str, str], str]:
    """Return what the front matter says, by its keys, and the text after it.

    A text that only begins with a rule, or whose front matter cannot be read, stays whole.
    """
    for pattern, parse in ((_YAML, _from_yaml), (_TOML, _from_toml)):
        match = pattern.match(text, 0, LONGEST)
        values = parse(match["source"]) if match else None
        if match and values is not None:
            metadata = {str(key): _written(value) for key, value in values.items()}
            return metadata, text[match.end() :].lstrip("\n")
    return {}, text


def _from_yaml(source: str) -> dict[str, Any] | None:
    import yaml

    if source.strip() and not _FIRST_KEY.match(source):
        return None
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(source)):
            return None  # a few lines of aliases can stand for gigabytes
        values = yaml.load(source, yaml.BaseLoader)  # noqa: S506  makes nothing but text
    except (yaml.YAMLError, RecursionError):
        return None
    return (values or {}) if isinstance(values, dict | None) else None


def _from_toml(source: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _written(value: Any) -> str:
    """Return a value as text; the entries of lists are separated by commas."""
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_written(inner)}" for key, inner in value.items())
    return str(value)
