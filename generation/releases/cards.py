"""The dataset card of an export: what Hugging Face's tools read of it, and what people read."""

from typing import Any

from django.template.loader import render_to_string

from generation.models import Release

# What is no text. Each column has one type, whatever the rows of a split happen to hold: from a
# split whose lists are all empty, the type of what is in them cannot be told.
_TYPES = {
    "headings": "sequence: string",
    "pages": "sequence: int64",
    "reviewers": "sequence: string",
    "edited": "dtype: bool",
}
_TEXT = "dtype: string"


def card(release: Release, manifest: dict[str, Any], columns: list[str]) -> str:
    """Return the card of a release's export, in Markdown with metadata in YAML."""
    documents = [{**each, "name": _cell(each["name"])} for each in manifest["documents"]]
    context = {
        "release": release,
        "manifest": manifest,
        "documents": documents,
        "title": yaml_text(f"{release.project.name}, release {release.number}"),
        "features": [(name, _TYPES.get(name, _TEXT)) for name in columns],
        "decided_by": sorted(
            (int(people), rows) for people, rows in manifest["decided_by"].items()
        ),
    }
    return render_to_string("releases/card.md", context)


def yaml_text(text: str) -> str:
    """Return a text in double quotes, as every reader of YAML reads it."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\' or not character.isprintable():
        return f"\\U{ord(character):08X}"
    return character


def _cell(text: str) -> str:
    """Return a text for a cell of a table, where a bar would end it."""
    return text.replace("|", "\\|")
