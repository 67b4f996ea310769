"""Learning from decisions which drafts reviewers will accept."""

import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from generation.checks import acceptance_prediction, acceptance_training, flags, prior, scoring
from generation.models import Acceptance, Item, ItemState, Question
from generation.review import queue
from qareview import jobs
from qareview.models import JobState, Project
from tests import make
from tests.conftest import Team
from tests.web import page

pytestmark = pytest.mark.django_db

TOPICS = {True: "The gate of the harbour closes at hour", False: "The price of bread is number"}


def decided(project: Project, count: int, *, is_told: bool = True) -> list[Item]:
    """Items about harbours, which are accepted, and bread, which is not; or by the toss of a coin.

    As scored as drafting leaves them.
    """
    coin = random.Random(7)
    items = scored(project, count)
    for number, item in enumerate(items):
        is_good = number % 2 == 0 if is_told else coin.random() < 0.5
        Item.objects.filter(pk=item.pk).update(
            state=ItemState.ACCEPTED if is_good else ItemState.REJECTED
        )
    return items


def scored(project: Project, count: int) -> list[Item]:
    items = make.items(project, count)
    drafts = []
    for number, item in enumerate(items):
        item.answer = f"{TOPICS[number % 2 == 0]} {number}."
        question = item.question
        question.text = f"What is said in {number}?"
        drafts.append(scoring.Draft(item, [question]))
    scoring.score_drafts(project, drafts)
    for draft in drafts:
        draft.item.save()
        draft.questions[0].save()
    return items


def learn(project: Project) -> Acceptance | None:
    acceptance_training.order_learning()
    acceptance_training.work_off_acceptance()
    return Acceptance.objects.filter(project=project).first()


def test_nothing_is_learned_from_fewer_than_fifty_decisions(team: Team) -> None:
    decided(team.project, acceptance_training.FEWEST_DECISIONS - 1)
    assert learn(team.project) is None
    decided(team.project, 1)
    found = learn(team.project)
    assert found is not None
    assert (found.state, found.decisions, found.accepted) == (JobState.DONE, 50, 26)


def test_what_is_likely_to_be_accepted_comes_first(team: Team, browse: Any) -> None:
    decided(team.project, 60)
    waiting = scored(team.project, 6)
    found = learn(team.project)
    assert found is not None
    assert found.auc is not None
    assert found.auc > 0.9
    assert found.orders_the_desk
    rows = {item.pk: item for item in Item.objects.filter(state=ItemState.PENDING)}
    chances = [rows[item.pk].scores[flags.ACCEPTANCE] for item in waiting]
    assert min(chances[0::2]) > 0.6 > 0.4 > max(chances[1::2])
    assert [rows[item.pk].score for item in waiting] == chances
    first = queue.take_next_item(team.project, team.reviewer)
    assert first is not None
    assert first.answer.startswith(TOPICS[True])
    text = page(browse(team.reviewer).get(f"{team.url}/items/"))
    assert "learned from 60 decisions" in text
    assert f"AUC {found.auc:.2f}" in text
    shown = page(browse(team.reviewer).get(f"{team.url}/items/{first.pk}/"))
    assert flags.SCORES[flags.ACCEPTANCE][1:] in shown


def test_new_drafts_are_scored_by_what_was_learned(team: Team) -> None:
    decided(team.project, 60)
    learn(team.project)
    good, bad = scored(team.project, 2)
    assert good.scores[flags.ACCEPTANCE] == good.score > 0.6 > 0.4 > bad.score
    elsewhere = scored(make.project(name="Elsewhere too"), 1)[0]
    assert flags.ACCEPTANCE not in elsewhere.scores


def test_what_is_no_better_than_chance_orders_nothing(team: Team, browse: Any) -> None:
    decided(team.project, 60, is_told=False)
    [waiting] = scored(team.project, 1)
    before = waiting.score
    found = learn(team.project)
    assert found is not None
    assert found.auc_low is not None
    assert found.auc_low < 0.5
    waiting.refresh_from_db()
    assert flags.ACCEPTANCE not in waiting.scores
    assert waiting.score == before
    text = page(browse(team.reviewer).get(f"{team.url}/items/"))
    assert "It is not yet possible to predict from 60 decisions" in text


def test_decisions_that_all_agree_teach_nothing_and_say_so(team: Team, browse: Any) -> None:
    decided(team.project, 50)
    Item.objects.update(state=ItemState.ACCEPTED)
    found = learn(team.project)
    assert found is not None
    assert found.note.startswith("50 of 50 decisions were to accept")
    assert found.note in page(browse(team.reviewer).get(f"{team.url}/items/"))


def test_it_is_learned_anew_when_there_is_more_to_learn_from(team: Team) -> None:
    decided(team.project, 50)
    learn(team.project)
    decided(team.project, 9)
    assert learn(team.project).decisions == 50  # type: ignore[union-attr]
    decided(team.project, 1)
    assert learn(team.project).decisions == 60  # type: ignore[union-attr]


def test_items_from_before_there_were_vectors_get_theirs(team: Team) -> None:
    decided(team.project, 60)
    Item.objects.filter(pk__in=Item.objects.order_by("pk")[:10]).update(embedding=None)
    Question.objects.update(embedding=None)
    found = learn(team.project)
    assert found is not None
    assert (found.decisions, found.note) == (60, "")
    assert not Item.objects.filter(embedding=None).exists()
    assert not Question.objects.filter(embedding=None).exists()
    assert learn(team.project).finished_at == found.finished_at  # type: ignore[union-attr]
    unscored = make.item(team.project)
    assert acceptance_prediction.acceptance_chances(
        team.project, [(unscored, unscored.question)]
    ) == [None]


def test_decisions_on_few_passages_teach_nothing_and_say_so(team: Team) -> None:
    decided(team.project, 60)
    rejected = Item.objects.filter(state=ItemState.REJECTED).values_list("pk", flat=True)
    Item.objects.exclude(pk__in=list(rejected)[:4]).update(state=ItemState.ACCEPTED)
    found = learn(team.project)
    assert found is not None
    assert found.note.startswith("56 of 60 decisions were to accept. To learn from them")
    assert not found.orders_the_desk


def test_a_failed_lesson_is_tried_again_when_there_is_more_to_learn(team: Team) -> None:
    decided(team.project, 50)
    learn(team.project)
    Acceptance.objects.update(state=JobState.FAILED)
    decided(team.project, 10)
    assert learn(team.project).state == JobState.DONE  # type: ignore[union-attr]


def test_the_limit_on_scores_is_held_against_the_checks(team: Team) -> None:
    decided(team.project, 60)
    learn(team.project)
    _, before = scored(team.project, 2)
    known = {**before.scores, **before.question.scores}
    del known[flags.ACCEPTANCE]
    checked = prior.overall_score(known, {*before.flags, *before.question.flags})
    assert before.score < checked
    limit = (before.score + checked) / 2
    Project.objects.filter(pk=team.project.pk).update(lowest_score=limit)
    team.project.refresh_from_db()
    _, bad = scored(team.project, 2)
    assert bad.score < limit
    assert bad.state == ItemState.PENDING


def test_a_worker_that_dies_while_learning_leaves_it_to_the_next(team: Team) -> None:
    decided(team.project, 60)
    acceptance_training.order_learning()
    jobs.claim(Acceptance, 1)
    Acceptance.objects.update(lease_until="2020-01-01T00:00Z")
    jobs.sweep()
    acceptance_training.work_off_acceptance()
    assert Acceptance.objects.get().state == JobState.DONE


def test_the_interval_holds_the_true_auc_as_often_as_it_says() -> None:
    dice = np.random.default_rng(3)
    wanted = np.array([True] * 40 + [False] * 40)
    true = 0.76  # of two normal distributions a standard deviation apart
    hits = 0
    for _ in range(400):
        chances = np.concatenate([dice.normal(1, 1, 40), dice.normal(0, 1, 40)])
        low, high = acceptance_training.interval(float(roc_auc_score(wanted, chances)), 40, 40)
        hits += low <= true <= high
    assert 0.91 <= hits / 400 <= 0.98


def test_a_question_keeps_its_vector(team: Team) -> None:
    scored(team.project, 1)
    [question] = Question.objects.all()
    assert question.embedding is not None
    assert abs(float(np.array(question.embedding) @ np.array(question.embedding)) - 1) < 1e-5
