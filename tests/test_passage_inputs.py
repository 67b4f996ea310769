"""The passages that the playground offers to try a prompt with."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation import passage_inputs
from generation.models import Passage
from tests import make
from tests.conftest import Team

pytestmark = pytest.mark.django_db

NAMES = ("passage",)


def drawn(team: Team, count: int) -> list[int]:
    return [each.passage for each in passage_inputs.drawn(team.project, NAMES, count)]


def test_passages_are_drawn_from_different_documents(team: Team) -> None:
    documents = {make.document(team.project).pk for _ in range(3)}
    make.document(team.project, text="")  # without passages
    found = Passage.objects.filter(pk__in=drawn(team, 3))
    assert {row.document_id for row in found} == documents


def test_a_document_gives_each_of_its_passages_once(team: Team, passage: Passage) -> None:
    both = set(passage.document.passages.values_list("pk", flat=True))
    assert len(both) == 2
    assert set(drawn(team, 3)) == both
    assert drawn(team, 0) == []


def test_as_many_are_drawn_as_wanted_if_a_document_has_few(team: Team, passage: Passage) -> None:
    passage.delete()  # the other one of its document stays
    whole = {make.document(team.project).pk for _ in range(2)}
    assert Passage.objects.filter(document__in=whole).count() == 4
    assert {len(drawn(team, 5)) for _ in range(10)} == {5}


def test_any_passage_may_be_drawn(team: Team, passage: Passage) -> None:
    seen = {pk for _ in range(40) for pk in drawn(team, 1)}
    assert seen == set(passage.document.passages.values_list("pk", flat=True))


def test_drawing_reads_single_passages_and_sorts_none_at_random(
    team: Team, passage: Passage
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        drawn(team, 1)
    reading = [query["sql"] for query in captured if '"generation_passage"."text"' in query["sql"]]
    assert reading
    assert all("LIMIT 1" in sql and "RANDOM()" not in sql for sql in reading)
