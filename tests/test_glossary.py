"""The interface speaks the words of docs/glossary.md, and none that it rules out."""

import re
from pathlib import Path

import pytest

from tests.catalog import kept

GLOSSARY = (Path(__file__).resolve().parent.parent / "docs" / "glossary.md").read_text()
RULED_OUT = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", GLOSSARY, re.MULTILINE)[1:]
MESSAGES = [
    text
    for domain in ("django", "djangojs")
    for message in kept(domain)
    for text in (message.id if isinstance(message.id, tuple | list) else [message.id])
    if text
]


def phrases(cell: str) -> list[str]:
    return [phrase.strip() for phrase in re.sub(r"\(.*?\)", "", cell).split(",")]


@pytest.mark.parametrize("cell", RULED_OUT)
def test_no_message_has_a_word_that_is_ruled_out(cell: str) -> None:
    for phrase in phrases(cell):
        word = re.compile(rf"(?<!in the )\b{re.escape(phrase)}\b", re.IGNORECASE)
        assert [message for message in MESSAGES if word.search(_without_places(message))] == []


def _without_places(message: str) -> str:
    return re.sub(r"%\(\w+\)s", "", message)


def test_words_that_are_ruled_out_would_be_found() -> None:
    assert len(RULED_OUT) > 5
    assert "anew" in phrases(next(cell for cell in RULED_OUT if "anew" in cell))


def test_every_german_word_of_the_glossary_is_used() -> None:
    """The German in brackets is what the German pages say."""
    german = " ".join(
        text.lower()
        for domain in ("django", "djangojs")
        for message in kept(domain)
        for text in (
            message.string if isinstance(message.string, tuple | list) else [message.string]
        )
    )
    entries = re.findall(r"\*\*[^*]+\*\*\s+\(([^);:]+)", GLOSSARY)
    stems = {entry.split()[0].rstrip(",").lower()[:6] for entry in entries}
    assert len(stems) > 40
    missing = {stem for stem in stems if stem not in german}
    assert missing == set()
