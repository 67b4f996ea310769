"""The German translation is complete, and every text on a page is in the catalogs."""

import gettext
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, JSONField, TextField
from django.test import Client
from django.utils import translation

from generation.models import AsideReason, Item, Passage
from generation.review import aside
from qareview import translations, zones
from qareview.fields import CompressedField
from qareview.stored_sentences import stored, translated
from tests import catalog, make, unmarked
from tests.conftest import Team
from tests.furnished import furnish
from tests.web import page

PLACES = re.compile(r"%\(\w+\)[a-z]|%[a-z%]")
# Files with what people may read and no catalog holds, and why. A single line ends with
# `# not translated: …` instead.
STAYS_ENGLISH = {
    "generation/prompt_values.py": "what prompts are told",
    "qareview/former_messages.py": "messages that the catalog had",
    "qareview/backends/scripted.py": "what a model says in tests",
    "generation/checks/gist.py": "words that are left out when texts are compared",
    "generation/releases/cards.py": "what is written into the files that leave",
    "generation/releases/exports.py": "what is written into the files that leave",
    "generation/checks/focuses.py": "words that lean on other sentences",
    "generation/writer/train.py": "what the console shows",
    "prompts/builtin_prompts.py": "prompts, which models read",
    "prompts/writer_prompts.py": "prompts, which models read",
    "prompts/english_rules.py": "prompts, which models read",
    "prompts/restructuring.py": "prompts, which models read",
    "prompts/trials.py": "prompts, which models read",
    "qareview/environment.py": "what the console shows",
    "qareview/machine/embedded.py": "what the console shows",
    "qareview/machine/servers.py": "what the console shows",
    "qareview/machine/supervisor.py": "what the console shows",
    "qareview/models_file.py": "what the console shows",
    "templates/releases/card.md": "the card of a dataset",
}


@pytest.mark.parametrize("domain", catalog.DOMAINS)
def test_every_message_is_translated(domain: str) -> None:
    kept, found = catalog.kept(domain), catalog.found(domain)
    ids = {(message.id, message.context) for message in kept if message.id}
    assert ids == {(message.id, message.context) for message in found if message.id}, (
        "make messages brings the catalog up to date"
    )
    assert ids
    assert not list(catalog.untranslated(kept))
    assert not list(kept.obsolete)


@pytest.mark.parametrize("domain", catalog.DOMAINS)
def test_what_is_compiled_is_what_is_written(domain: str) -> None:
    compiled = (catalog.FOLDER / f"{domain}.mo").read_bytes()
    assert compiled == catalog.compiled(catalog.kept(domain))
    assert gettext.GNUTranslations(io.BytesIO(compiled)).info()["language"] == "de"


@pytest.mark.parametrize("domain", catalog.DOMAINS)
def test_translations_take_the_same_values(domain: str) -> None:
    for message in catalog.kept(domain):
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        wanted = set(PLACES.findall(ids[-1]))
        for text in texts if message.id else ():
            assert set(PLACES.findall(text)) <= wanted, text
        if message.id:
            assert set(PLACES.findall(texts[-1])) == wanted, texts[-1]


def test_sources_say_nothing_in_no_message() -> None:
    found = [line for line in unmarked.everywhere() if line.split(":")[0] not in STAYS_ENGLISH]
    assert found == []


@pytest.mark.parametrize(
    ("finder", "source", "found"),
    [
        (unmarked.in_template, "<p>Not yet</p>", ["Not yet"]),
        (unmarked.in_template, '<a title="Not yet">{{ x }}</a>', ["title=Not yet"]),
        (unmarked.in_template, '{{ x|default:"nobody" }}', ["nobody"]),
        (unmarked.in_template, '{% include "a.html" with label="Not yet" %}', ["Not yet"]),
        (unmarked.in_template, '<p>{% translate "Not yet" %} {{ x|default:_("no") }}</p>', []),
        (unmarked.in_template, "{% blocktranslate %}Not yet{% endblocktranslate %}", []),
        (unmarked.in_template, "<kbd>Esc</kbd> QAReview {{ day|date:'j F' }}", []),
        (unmarked.in_python, 'raise Refused("Not yet.")', ["Not yet."]),
        (unmarked.in_python, 'say(f"{n} of them are done")', ["… of them are done"]),
        (unmarked.in_python, 'say(f"{user} is now {role}.")', ["… is now …."]),
        (
            unmarked.in_python,
            'say(f"{n} reasons; at most {most} fit.")',
            ["… reasons; at most … fit."],
        ),
        (unmarked.in_python, 'say(f" by {n} people")', [" by … people"]),
        (unmarked.in_python, 'REPLACED = "replaced by a later one"', ["replaced by a later one"]),
        (unmarked.in_python, 'SHORT = f"fewer than {n} words"', ["fewer than … words"]),
        (unmarked.in_python, 'say(f"{name} was asked.")', ["… was asked."]),
        (unmarked.in_python, 'say(_("Not yet.") % {"a": stored("No notices yet.")})', []),
        (unmarked.in_python, '"""A docstring is read."""\nlogger.info("Not yet.")', []),
        (unmarked.in_javascript, 'say("Not yet.");', ["Not yet."]),
        (unmarked.in_javascript, "say(`Kept ${n} times.`);", ["Kept ${n} times."]),
        (unmarked.in_javascript, 'say(gettext("Not yet.")); // Not yet.', []),
        (unmarked.in_javascript, 'say(\n  gettext(\n    "Not yet.",\n  ),\n);', []),
    ],
)
def test_what_is_in_no_message_is_found(finder: Any, source: str, found: list[str]) -> None:
    assert [text for _, text in finder(source)] == found


# What a page shows, with a language in which every message stands between marks

BEGIN, END = "⟦", "⟧"


class Texts(HTMLParser):
    """Collects what people read of a page: its texts and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style", "code", "kbd"}
        read_out = {"alt", "aria-label", "placeholder", "title", "data-confirm"}
        self.found += [value for name, value in attrs if name in read_out and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style", "code", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def outside_messages(html: str) -> Iterator[str]:
    reader = Texts()
    reader.feed(html)
    depth = 0
    for part in re.split(f"([{BEGIN}{END}])", "\n".join(reader.found)):
        depth += {BEGIN: 1, END: -1}.get(part, 0)
        if not depth:
            yield from words(unmarked.NAMES.sub("", part))


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text))


def words_of_people() -> set[str]:
    """Return every word in the database: what people, models and files say."""
    found: set[str] = set()
    for model in apps.get_models():
        kinds = (ArrayField, CharField, CompressedField, JSONField, TextField)
        fields = [field.name for field in model._meta.fields if isinstance(field, kinds)]
        for row in model._default_manager.values_list(*fields) if fields else ():
            found |= words(" ".join(map(str, row)).replace(r"\n", " "))
    return found


@pytest.fixture
def marked_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    def mark(text: str) -> str:
        return f"{BEGIN}{text}{END}"

    def one_or_many(one: str, many: str, number: int) -> str:
        return mark(one if number == 1 else many)

    trans = translation._trans  # type: ignore[attr-defined]
    monkeypatch.setattr(trans, "gettext", mark)
    monkeypatch.setattr(trans, "ngettext", one_or_many)
    monkeypatch.setattr(trans, "pgettext", lambda _, text: mark(text))
    monkeypatch.setattr(trans, "npgettext", lambda _, *given: one_or_many(*given))


def test_pages_show_nothing_in_no_message(team: Team, browse: Any, marked_messages: None) -> None:
    addresses = furnish(team.admin)
    admin = browse(team.admin)
    admin.cookies["language"] = "de"  # what is stored in English is not shown so
    said = words_of_people() | {"English", "Deutsch"} | words(" ".join(settings.MODELS))
    said |= words(" ".join(zones.names()))  # the same in all languages
    found = {}
    for path in [*addresses, "/projects/none/", f"{team.url}/items/?flag=unsupported&nothing=1"]:
        response = admin.get(path)
        assert response.status_code in (200, 301, 302, 308, 403, 404, 405), path
        if response.streaming or not response["Content-Type"].startswith("text/html"):
            continue
        outside = set(outside_messages(response.text)) - said
        if outside:
            found[path] = outside
    assert found == {}, "\n".join(f"{path}: {sorted(words)}" for path, words in found.items())


def test_what_is_not_found_is_told_in_words_of_people(team: Team, browse: Any) -> None:
    client = browse(team.admin)
    for path in ("/nonsense/", f"{team.url}/items/0/"):
        shown = page(client.get(path), 404)
        assert "The address is wrong" in shown


# The language of a reader


def test_the_language_is_chosen_and_kept(team: Team, browse: Any) -> None:
    client = browse(team.reviewer)
    assert '<html lang="en">' in page(client.get(f"{team.url}/items/"))
    client.post("/language/", {"language": "de", "next": "/"})
    shown = page(client.get(f"{team.url}/items/"))
    assert '<html lang="de">' in shown
    assert "Einträge" in shown
    script = client.get(re.search(r"/messages\.js\?de-\w{12}", shown)[0])
    assert "gettext" in page(script)
    assert "immutable" in script["Cache-Control"]
    client.post("/language/", {"language": "en", "next": "/"})
    assert '<html lang="en">' in page(client.get(f"{team.url}/items/"))


def test_a_browser_says_which_language_it_wants(db: None) -> None:
    shown = page(Client(headers={"Accept-Language": "de-AT,de;q=0.9"}).get("/accounts/sign-in/"))
    assert '<html lang="de">' in shown
    assert "Anmelden" in shown


def test_what_is_stored_in_english_is_shown_in_german(team: Team, browse: Any) -> None:
    item = make.item(team.project)
    aside.set_items_aside(Item.objects.filter(pk=item.pk), AsideReason.DRAFTED_AGAIN)
    Passage.objects.filter(pk=item.passage_id).update(
        note=stored(
            "%(found)s of %(wished)s drafted. The model’s other drafts were empty or "
            "repeats. The passage may not have enough content for more.",
            found=1,
            wished=translations.counted(2, "item"),
        )
    )
    client = browse(team.engineer)
    client.cookies["language"] = "de"
    shown = page(client.get(f"{team.url}/items/{item.pk}/"))
    shown += page(client.get(f"{team.url}/documents/{item.document_id}/"))
    item.refresh_from_db()
    assert item.aside == "It was drafted again."
    assert "drafted" not in shown


def test_scores_and_drafts_of_an_item_are_named_in_german(team: Team, browse: Any) -> None:
    item = make.item(team.project, scores={"support": 0.5, "new answer": 0.25})
    client = browse(team.engineer)
    client.cookies["language"] = "de"
    shown = page(client.get(f"{team.url}/items/{item.pk}/"))
    assert "<dt>Beleg 0,50</dt>" in shown
    assert "<p>Antwort:" in shown
    assert "Support" not in shown
    assert "New answer" not in shown


@pytest.mark.parametrize("text", ["", "changed by eve", "1 item", "12 : 7 %"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    with translation.override("de"):
        assert translated(text) == text


def test_numbers_are_written_as_the_language_does() -> None:
    assert translations.counted(1204, "item") == "1,204 items"
    with translation.override("de"):
        assert translations.counted(1204, "item") == "1.204 Einträge"
