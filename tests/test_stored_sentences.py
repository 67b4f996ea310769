"""Stored sentences keep their message and values, and no code depends on their words."""

import ast
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from generation.models import Passage
from qareview.former_messages import FORMER_MESSAGES
from qareview.jobs import JobFailed
from qareview.stored_sentences import (
    SentenceDecoder,
    SentenceEncoder,
    StoredSentence,
    joined,
    stored,
    translated,
)
from qareview.translations import counted
from tests import make
from tests.catalog import kept
from tests.test_architecture import MODULES, ROOT

LISTED = Path(__file__).parent / "fixtures" / "stored_messages.txt"
EMPTY = "The template is empty."
BECAUSE = "The prompt could not be built. %(reason)s"


def german(text: str) -> str:
    with translation.override("de"):
        return translated(text)


def test_a_sentence_is_english_text_that_can_be_said_in_german() -> None:
    sentence = stored(BECAUSE, reason=stored(EMPTY))
    assert sentence == BECAUSE % {"reason": EMPTY}
    assert german(sentence).endswith(german(stored(EMPTY)))
    assert "template" not in german(sentence)


def test_numbers_in_a_sentence_are_written_as_the_reader_does() -> None:
    sentence = stored("The template is longer than %(most)s characters.", most=100_000)
    assert "100,000" in sentence
    assert "100.000" in german(sentence)
    found = stored(
        "%(found)s of %(wanted)s made. These methods produce no other new wordings of this "
        "variant.",
        found=1,
        wanted=counted(1204, "candidate"),
    )
    assert "1,204 candidates" in found
    assert "1.204 Kandidaten" in german(found) or "1.204" in german(found)


def test_a_sentence_can_be_stored_whatever_it_quotes() -> None:
    sentence = stored(BECAUSE, reason="a\0b \ud83d ö")
    assert sentence == BECAUSE % {"reason": "ab ? ö"}


def test_what_people_typed_is_not_translated() -> None:
    sentence = stored("sent back: %(comment)s", comment="changed by eve")
    assert german(sentence).endswith(": changed by eve")
    assert german("changed by eve") == "changed by eve"


def test_sentences_survive_an_exception_json_and_pickling() -> None:
    sentence = stored(BECAUSE, reason=joined([stored(EMPTY), "100 % of it"], " "))
    assert str(JobFailed(sentence)) is sentence
    for copy in (
        json.loads(json.dumps({"a": [sentence]}, cls=SentenceEncoder), cls=SentenceDecoder)["a"][0],
        pickle.loads(pickle.dumps(sentence)),  # noqa: S301  our own
    ):
        assert copy == sentence
        assert german(copy) == german(sentence)
        assert german(copy).endswith("100 % of it")


def test_joined_sentences_are_translated_one_by_one() -> None:
    both = joined([stored(EMPTY), "", stored("built in")], "; ")
    assert both == f"{EMPTY}; built in"
    assert german(both) == f"{german(stored(EMPTY))}; {german(stored('built in'))}"
    assert joined([]) == ""
    assert joined([stored(EMPTY)]) == EMPTY


@pytest.mark.django_db
def test_a_column_keeps_a_sentence_and_plain_text(team: Any) -> None:
    passage = make.document(team.project).passages.first()
    for value in (stored(EMPTY), "by hand", ""):
        Passage.objects.filter(pk=passage.pk).update(note=value)
        passage.refresh_from_db()
        assert passage.note == value
        assert isinstance(passage.note, StoredSentence) == isinstance(value, StoredSentence)
        assert Passage.objects.filter(note="").count() == Passage.objects.count() - bool(value)


def test_a_reworded_message_is_shown_in_its_present_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMER_MESSAGES, "It holds nothing.", EMPTY)
    written = json.dumps({"message": "It holds nothing.", "values": {}})
    assert json.loads(written, cls=SentenceDecoder) == EMPTY


def stored_messages() -> set[str]:
    """Return the messages that the sources give to ``stored``."""
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            if name == "stored" and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


def test_no_stored_message_is_lost_by_rewording() -> None:
    """Rows keep the messages that were ever given to ``stored``: the file lists them.

    Add a new message to the file. Never take one out: if you reword it, say so in
    ``qareview/former_messages.py``.
    """
    listed = set(LISTED.read_text().splitlines())
    present = stored_messages()
    assert present <= listed, f"add to {LISTED.name}: {sorted(present - listed)}"
    gone = {message for message in listed - present if message not in FORMER_MESSAGES}
    known = {message.id for message in kept("django")}
    assert not gone - known, f"add to former_messages.py: {sorted(gone - known)}"


def test_former_messages_lead_to_present_ones_with_the_same_values() -> None:
    known = {message.id for message in kept("django")}
    for former, present in FORMER_MESSAGES.items():
        assert present in known, present
        assert present not in FORMER_MESSAGES, present
        places = [sorted(re.findall(r"%\(\w+\)s", text)) for text in (former, present)]
        assert places[0] == places[1], former


SENTENCE_COLUMNS = {
    field.name
    for app in ("qareview", "generation", "prompts")
    for model in __import__("django").apps.apps.get_app_config(app).get_models()
    for field in model._meta.get_fields()
    if type(field).__name__ == "SentenceField"
}


def test_no_logic_hangs_on_the_words_of_a_stored_sentence() -> None:
    """Codes tell reasons apart: what is stored for people is compared with nothing but ``""``."""
    names = "|".join(sorted(SENTENCE_COLUMNS - {"text"}))  # `text` is passages' and many others'
    lookups = rf"\b({names})__(startswith|istartswith|contains|icontains|regex|iexact|exact|in)\b"
    compared = rf"\.({names})(\.startswith\(| [!=]= \S)|[\"'][^\"']+[\"'] in \w+\.({names})\b"
    queried = rf"\b({names})=(?!\"\"|self|{{)([A-Z_]{{3,}}|[\"'][^\"'])"
    in_sql = rf"\b({names}) (LIKE|ILIKE|~|=|<>) '[^']"
    pattern = re.compile(f"{lookups}|{compared}|{in_sql}")
    queries = re.compile(rf"(filter|exclude|get|Q)\([^()]*{queried}")
    bad = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line) or queries.search(line)
    ]
    assert bad == []


@pytest.mark.parametrize(
    "line",
    [
        "items.filter(aside__startswith=TOO_LOW)",
        "items.filter(aside=EXCLUDED)",
        "if last.withdrawn_because != REPLACED:",
        'if review.withdrawn_because.startswith("sent back"):',
        "AND withdrawn_because LIKE 'sent back: %'",
    ],
)
def test_the_test_before_finds_what_there_was(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "generation" / "somewhere.py"
    monkeypatch.setattr("tests.test_stored_sentences.MODULES", [_Source(path, line)])
    with pytest.raises(AssertionError):
        test_no_logic_hangs_on_the_words_of_a_stored_sentence()


class _Source:
    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def read_text(self) -> str:
        return self.text

    def relative_to(self, root: Path) -> Path:
        return self.path.relative_to(root)
