"""Undo takes back what the page showed, however often it is sent; and what a ranking may name."""

import functools
import re
from typing import Any

import pytest
from django.utils import timezone

from generation.forms.review import ranking_of
from generation.models import Review
from generation.review import decisions
from tests import make
from tests.conftest import Team
from tests.racing import at_once
from tests.web import page


@pytest.mark.django_db(transaction=True)
def test_thirty_undos_at_once_from_one_page_withdraw_one_review(team: Team) -> None:
    for item in make.items(team.project, 3):
        make.accept(item, team.reviewer)
    made_at = timezone.now()
    undo = functools.partial(decisions.undo_review, team.project, team.reviewer, made_at)
    undone = at_once(*[undo] * 30)
    assert sum(item is not None for item in undone) == 1
    assert Review.objects.standing().count() == 2
    assert decisions.undo_review(team.project, team.reviewer, timezone.now()) is not None


def test_places_of_questions_of_other_items_are_not_stored(team: Team) -> None:
    item, other = make.items(team.project, 2)
    own, foreign = str(item.question.pk), str(other.question.pk)
    review = make.accept(item, team.reviewer, ranking={own: 1, foreign: 2, "9" * 19: 3})
    assert review.ranking == {own: 1}


@pytest.mark.parametrize("name", ["rank-", "rank-9999999999999999999", f"rank-{'9' * 5000}"])
def test_a_place_of_what_can_be_no_question_is_passed_over(name: str) -> None:
    assert ranking_of({name: "1", "rank-7": "2"}) == {"7": 2}


def test_a_page_undoes_once_and_the_next_page_again(team: Team, browse: Any) -> None:
    for item in make.items(team.project, 3):
        make.accept(item, team.reviewer)
    client = browse(team.reviewer)
    for left in (2, 1):
        shown = page(client.get(f"{team.url}/review/"))
        [made] = re.findall(r'name="made" value="(\d+)"', shown)
        for _ in range(2):
            client.post(f"{team.url}/review/undo/", {"made": made})
        assert Review.objects.standing().count() == left
