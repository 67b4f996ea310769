"""A passage that goes on with a table is shown and drafted from with the table's header."""

from typing import Any

import pytest

from generation.checks import flags, scoring
from generation.drafting import drafting
from generation.models import Document, EarlierText, Passage
from generation.passages import editing
from generation.prompt_values import values_of
from tests import make
from tests.test_passage_editing import assert_covered, passage
from tests.web import page

pytestmark = pytest.mark.django_db

ROWS = "".join(f"| T{number:03} | cargo of kind {number} | {number}.50 |\n" for number in range(60))
HEADER = "| Code | Cargo | Fee |\n|---|---|---|"
TARIFFS = f"# Tariffs\n\n{HEADER}\n{ROWS}"


@pytest.fixture
def tariffs(team: Any, kept: Any) -> Document:
    made = make.document(team.project, text=TARIFFS, name="tariffs.md", language="de")
    made.passages.all().delete()
    editing.recut(made, 120)
    assert made.passages.count() > 3
    return made


def headers(document: Document) -> list[str]:
    return [row.header for row in document.passages.filter(superseded_at=None)]


def test_passages_of_a_table_have_its_header_after_each_change(tariffs: Document) -> None:
    count = tariffs.passages.count()
    assert headers(tariffs) == [""] + [HEADER] * (count - 1)
    middle = passage(tariffs, 1)
    editing.split_passage(middle, middle.text.index("\n") + 1)
    assert headers(tariffs) == [""] + [HEADER] * count
    editing.merge_with_next(passage(tariffs, 1))
    assert headers(tariffs) == [""] + [HEADER] * (count - 1)
    editing.merge_with_next(passage(tariffs, 0))
    assert headers(tariffs) == [""] + [HEADER] * (count - 2)
    assert_covered(tariffs)


def test_a_first_part_that_is_split_gives_its_second_half_the_header(tariffs: Document) -> None:
    first = passage(tariffs, 0)
    editing.split_passage(first, first.text.index("| T001"))
    assert headers(tariffs)[:2] == ["", HEADER]


def test_what_is_drafted_from_begins_with_the_header(tariffs: Document) -> None:
    row = passage(tariffs, 1)
    assert values_of(tariffs.project, row)["passage"] == f"{HEADER}\n{row.text}"
    assert values_of(tariffs.project, passage(tariffs, 0))["passage"] == passage(tariffs, 0).text


def test_the_header_of_a_passage_from_an_earlier_text_is_of_that_text(tariffs: Document) -> None:
    row = passage(tariffs, 1)
    row.earlier_text = EarlierText.objects.create(document=tariffs, text=tariffs.text)
    row.save()
    Document.objects.filter(pk=tariffs.pk).update(text="Nothing of it.")
    assert Passage.objects.get(pk=row.pk).header == HEADER


def test_a_part_of_a_table_is_shown_as_a_table_with_its_header(
    team: Any, browse: Any, tariffs: Document
) -> None:
    drafting.work_off_passages()
    shown = page(browse(team.admin).get(f"{team.url}/documents/{tariffs.pk}/"))
    count = tariffs.passages.count()
    assert shown.count("<th>Cargo</th>") == count
    assert shown.count("its header is repeated") == count - 1
    item = passage(tariffs, 1).items.all()[0]
    for path in (f"/items/{item.pk}/", f"/review/?item={item.pk}"):
        shown = page(browse(team.admin).get(team.url + path))
        assert shown.count("<thead>") == shown.count("its header is repeated") == 1


def test_the_header_supports_an_answer(tariffs: Document) -> None:
    row = passage(tariffs, 1)
    code = row.text.split()[1]
    item = make.item(tariffs.project, answer=f"The cargo code of the fee is {code}.")
    item.passage = row
    scoring.check_drafts([scoring.Draft(item, [item.question])])
    assert flags.FOREIGN_NUMBER not in item.flags
    assert all(place["to"] <= len(row.text_with_header) for place in item.support)


def test_a_footnote_that_stands_elsewhere_is_shown_and_drafted_from_with_the_passage(
    team: Any, browse: Any, kept: Any
) -> None:
    paragraph = "The gates of the basin close by themselves as soon as the tide has fallen.[^{}]"
    notes = "[^1]: Not on Sundays.\n\n[^b]: Unless it\nfreezes.\n"
    text = f"{paragraph.format(1)}\n\n{paragraph.format('b')}\n\n# Notes\n\n{notes}"
    made = make.document(team.project, text=text, name="notes.md", language="en")
    made.passages.all().delete()
    editing.recut(made, 30)
    first, second = (passage(made, number) for number in (0, 1))
    assert first.notes == "[^1]: Not on Sundays."
    assert values_of(team.project, second)["passage"] == (
        f"{paragraph.format('b')}\n\n[^b]: Unless it\nfreezes."
    )
    shown = page(browse(team.admin).get(f"{team.url}/documents/{made.pk}/"))
    assert shown.count("<sup>1</sup>: Not on Sundays.") == 2
    assert shown.count("footnotes stand elsewhere") == 2


def test_a_footnote_in_the_passage_that_calls_it_comes_once(team: Any, kept: Any) -> None:
    text = "It rains here on each day of the year.[^1]\n\n[^1]: Twice on Sunday."
    made = make.document(team.project, text=text, name="notes.md", language="en")
    assert [row.text_with_header for row in made.passages.all()] == [text]
