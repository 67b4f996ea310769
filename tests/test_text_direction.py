"""Texts of documents and of people have the direction of their script, wherever they are shown."""

from typing import Any

import pytest
from lxml import html

from generation.models import Comment, Document, Item, Passage, Question, Review
from prompts.models import Case, Run
from tests import make
from tests.conftest import Team
from tests.furnished import furnish
from tests.web import page

pytestmark = pytest.mark.django_db

WORD = "الميناء"
TEXT = f"يدفع كل قبطان رسوم {WORD} قبل أن ترسو سفينته."
UNSTYLED = ("title", "option", "script")  # the browser gives these the direction of their text
COLUMNS: list[tuple[Any, str]] = [
    (Item, "answer"),
    (Passage, "text"),
    (Question, "text"),
    (Review, "question"),
    (Review, "answer"),
    (Review, "context"),
    (Review, "comment"),
    (Comment, "text"),
    (Run, "output"),
    (Case, "reference"),
]


def without_direction(shown: str) -> list[str]:
    """Return what stands around the texts with WORD that no element gives a direction."""
    texts = html.fromstring(shown).xpath(f"//text()[contains(., '{WORD}')]/..")
    return [
        html.tostring(element, encoding="unicode")[:200]
        for element in texts
        if element.tag not in UNSTYLED
        and not element.xpath("ancestor-or-self::*[@dir or self::bdi]")
    ]


def test_every_page_gives_each_text_its_direction(team: Team, browse: Any) -> None:
    addresses = furnish(team.admin)
    for model, column in COLUMNS:
        model._base_manager.exclude(**{column: ""}).update(**{column: TEXT})
    Case.objects.update(values={"passage": TEXT})
    Document.objects.exclude(text="").update(text=TEXT * 40, language="ar")
    client = browse(team.admin)
    missing, shown_on = {}, 0
    for path in addresses:
        response = client.get(path)
        if response.streaming or not response["Content-Type"].startswith("text/html"):
            continue
        shown_on += WORD in response.text
        if response.text and (bare := without_direction(response.text)):
            missing[path] = bare
    assert missing == {}, "\n".join(map(str, missing.items()))
    assert shown_on > 15


def test_texts_tell_the_language_of_their_document(team: Team, browse: Any) -> None:
    document = make.document(team.project, language="ar")
    item = make.items(team.project, 1, at=document)[0]
    for path in (f"/items/{item.pk}/", f"/review/?item={item.pk}", f"/documents/{document.pk}/"):
        tree = html.fromstring(page(browse(team.admin).get(team.url + path)))
        sources = tree.xpath("//*[contains(@class, 'source')][@lang]")
        assert [(element.get("lang"), element.get("dir")) for element in sources], path
        assert {(element.get("lang"), element.get("dir")) for element in sources} == {
            ("ar", "auto")
        }
    shown = page(browse(team.admin).get(f"{team.url}/review/?item={item.pk}"))
    assert 'id="answer" name="answer" lang="ar" dir="auto"' in shown


def test_drafts_are_in_the_language_that_the_project_writes_in(team: Team, browse: Any) -> None:
    team.project.language = "de"
    team.project.save()
    item = make.items(team.project, 1, at=make.document(team.project, language="ar"))[0]
    shown = page(browse(team.admin).get(f"{team.url}/items/{item.pk}/"))
    assert f'<p class="pre" lang="de" dir="auto">{item.answer}</p>' in shown


def test_a_text_of_unknown_language_has_none(team: Team, browse: Any) -> None:
    item = make.item(team.project)
    shown = page(browse(team.admin).get(f"{team.url}/items/{item.pk}/"))
    assert f'<p class="pre" dir="auto">{item.answer}</p>' in shown
