"""Rows stored by COPY are what ``bulk_create`` would have stored."""

from typing import Any

import pytest

from generation.models import Document, Passage
from qareview.copying import copy_rows
from qareview.stored_sentences import stored
from tests.conftest import Team

pytestmark = pytest.mark.django_db
OWN = {"id", "position", "created", "queued_at"}


def passages(team: Team) -> list[Passage]:
    document = Document.objects.create(project=team.project, name="a.md", size=1, text="…")
    odd = 'tab\t"quotes", \\N \\. and\nlines, 東京, {braces}, NULL'
    return [
        Passage(
            document=document,
            position=number,
            start=number,
            end=number + 1,
            text=text,
            headings=["One", text],
            bands=[-(2**63), 2**63 - 1, number],
            draft_with={"model": text, "number": None},
            note=stored("This passage was imported with its triples, so it cannot be changed."),
        )
        for number, text in enumerate([odd, "", "\\"])
    ]


def values(rows: Any) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in OWN} for row in rows.values()
    ]


def test_each_kind_of_field_comes_back_as_it_was_given(team: Team) -> None:
    copied, created = passages(team), passages(team)
    copy_rows(copied)
    Passage.objects.bulk_create(created)
    first, second = (
        Passage.objects.filter(document=rows[0].document) for rows in (copied, created)
    )
    left, right = values(first), values(second)
    for row in (*left, *right):
        del row["document_id"]
    assert left == right


def test_rows_get_their_ids_in_order_and_can_be_saved_again(team: Team) -> None:
    rows = passages(team)
    copy_rows(rows)
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    rows[1].text = "changed"
    rows[1].save()
    assert Passage.objects.get(pk=rows[1].pk).text == "changed"
    assert Passage.objects.count() == len(rows)


def test_no_rows_are_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        copy_rows([])
