"""A model answers the drafted questions, with the passage and without it."""

from typing import Any

import pytest

from generation.checks import flags, round_trip
from generation.drafting import drafting
from generation.models import Item, Passage, Question
from prompts.models import Prompt
from qareview import completions
from qareview.backends import Completion
from qareview.models import JobState, Project, StoredCompletion
from tests import make
from tests.conftest import Team
from tests.web import page

ANSWER = "The gate of the basin closes at dusk."


def told(text: str, error: str = "") -> Completion:
    return Completion(text, 1, 1, 1, cut_off=False, error=error)


def judged(from_passage: Completion, by_heart: Completion) -> Question:
    question = Question(item=Item(answer=ANSWER), text="When does the gate close?")
    round_trip.judge([question], [from_passage], [by_heart])
    return question


def test_what_is_answered_alike_from_the_passage_alone_is_sound() -> None:
    question = judged(told("At dusk."), told("In the year 1954, by the mayor of Rome."))
    assert question.flags == []
    assert question.scores[flags.ROUND_TRIP] > 0.6
    assert question.scores[flags.NEED] > 0.8


def test_what_the_passage_answers_otherwise_is_flagged() -> None:
    question = judged(told("Whales sing for their partners."), told("Nobody knows."))
    assert question.flags == [flags.ANSWERED_OTHERWISE]
    assert question.scores[flags.ROUND_TRIP] < round_trip.LEAST_AGREEMENT


def test_what_is_known_without_the_passage_is_flagged() -> None:
    question = judged(told("At dusk."), told("The gate of the basin closes at dusk."))
    assert question.flags == [flags.PASSAGE_NOT_NEEDED]
    assert question.scores[flags.NEED] < 1 - round_trip.MOST_KNOWN


def test_repeating_the_question_is_no_answer() -> None:
    question = judged(told("The gate does close."), told("When does the gate close?"))
    assert question.scores[flags.ROUND_TRIP] <= 0.5
    assert question.scores[flags.NEED] >= 0.5


def test_what_could_not_be_asked_says_nothing() -> None:
    question = judged(told("", error="It is too long."), told("", error="It is too long."))
    assert (question.flags, question.scores) == ([], {})


pytestmark = pytest.mark.django_db


def draft(project: Project, *, asks_back: bool = True) -> Passage:
    Project.objects.filter(pk=project.pk).update(asks_back=asks_back)
    document = make.document(project, text="")
    row = Passage.objects.create(document=document, position=0, start=0, end=1, text=ANSWER)
    drafting.work_off_passages()
    row.refresh_from_db()
    return row


def test_each_question_is_asked_back_and_its_scores_are_shown(team: Team, browse: Any) -> None:
    Project.objects.filter(pk=team.project.pk).update(questions_per_answer=2)
    item = draft(team.project).items.get()
    questions = list(item.questions.all())
    assert len(questions) == 2
    for question in questions:
        assert {flags.ROUND_TRIP, flags.NEED} <= set(question.scores)
    shown = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/"))
    assert "Round trip" in shown
    assert flags.SCORES[flags.NEED][1:] in shown


def test_a_project_does_without_unless_it_is_said(team: Team, browse: Any) -> None:
    question = draft(team.project, asks_back=False).items.get().question
    assert not {flags.ROUND_TRIP, flags.NEED} & set(question.scores)
    assert StoredCompletion.objects.count() == 2  # the answer and the question
    form = {
        "passage_length": 220,
        "items_per_passage": 1,
        "questions_per_answer": 1,
        "asks_back": "on",
    }
    response = browse(team.admin).post(f"{team.url}/settings/drafting/", form)
    assert response.status_code == 302
    team.project.refresh_from_db()
    assert team.project.asks_back


def test_a_budget_that_ends_between_question_and_check_loses_nothing(team: Team) -> None:
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=30)
    row = draft(team.project)
    assert (row.state, row.items.count()) == (JobState.QUEUED, 0)
    spent = completions.spending(team.project).tokens
    assert spent >= 30
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=None)
    drafting.work_off_passages()
    assert flags.NEED in row.items.get().question.scores
    assert StoredCompletion.objects.count() == 4  # answer, question, and the two that check


def test_a_check_on_another_model_is_named_by_its_prompt(team: Team) -> None:
    prompt = Prompt.objects.select_related("production").get(project=team.project, task="answer")
    assert prompt.production is not None
    prompt.production.model = "gone-away"
    prompt.production.save()
    row = draft(team.project)
    assert (row.state, row.items.count()) == (JobState.QUEUED, 0)
