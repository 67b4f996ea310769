"""Edge cases of comparing and of results."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from prompts import comparing, comparison_pool, experiments, results
from prompts.models import (
    LAST_RUNG,
    Choice,
    Comparison,
    Experiment,
)
from qareview import process_cache
from qareview.models import JobState
from tests import arena, make
from tests.conftest import Team
from tests.web import PART, page, told

Browse = Callable[[User], Client]


pytestmark = pytest.mark.usefixtures("no_repeats")


def taken(experiment: Experiment, user: User) -> Comparison:
    process_cache.clear()
    comparison = comparing.take_next_comparison(experiment, user)
    assert comparison
    return comparison


# Who compares what


def test_short_answers_are_compared_on_every_case(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=20)
    first, second = experiment.variants.order_by("number")
    experiment.runs.filter(variant=first).update(output="Yes")
    experiment.runs.filter(variant=second).update(output="No")
    assert arena.prefer(experiment, team.reviewer, first, 50) == 20


def test_what_was_decided_in_another_window_does_not_come_again(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=1, reviewers_per_pair=2)
    shown = taken(experiment, team.reviewer)
    own = list(Comparison.objects.filter(pk=shown.pk))  # what the other window knew
    arena.decide(shown, Choice.LEFT)
    process_cache.clear()
    search = comparing._NextComparison(
        experiment, team.reviewer, comparison_pool.pool_of(experiment), own, np.random.default_rng()
    )
    assert search.still_open() is None
    assert search.draw(is_skipped=False) is None
    assert results.result_of(experiment)["comparisons"] == 1


def test_votes_that_were_taken_out_give_their_places_back(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=3, reviewers_per_pair=1)
    first = experiment.variants.all()[0]
    assert arena.prefer(experiment, team.reviewer, first, 9) == 3
    results.exclude_votes(experiment, team.reviewer.pk, True)
    experiment.refresh_from_db()
    assert arena.prefer(experiment, team.engineer, first, 9) == 3


def test_a_variant_set_aside_is_not_shown_any_more(team: Team) -> None:
    experiment = arena.experiment(team.project, count=3, cases=20)
    aside = experiment.entrants.get(variant__number=2)
    comparing.take_next_comparison(
        experiment, team.reviewer
    )  # holds something, and the board is kept
    assert experiments.set_entrant_aside(aside, "by hand")
    for _ in range(12):
        shown = comparing.take_next_comparison(
            experiment, team.reviewer
        )  # with the board of before
        assert shown
        assert aside.variant_id not in shown.variants
        arena.decide(shown, Choice.LEFT)


def test_nothing_is_compared_before_the_screening_is_over(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=20, screens_by="words")
    url = f"{team.url}/experiments/{experiment.pk}/compare/"
    assert comparing.take_next_comparison(experiment, team.reviewer) is None
    assert "are still being screened" in page(browse(team.reviewer).get(url))
    Experiment.objects.update(rung=LAST_RUNG)
    experiment.refresh_from_db()
    assert comparing.take_next_comparison(experiment, team.reviewer)


def test_a_token_that_gave_way_to_another_says_so(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project)
    late = taken(experiment, team.reviewer)
    Comparison.objects.update(until=timezone.now() - timedelta(seconds=1))
    taken(experiment, team.reviewer)
    data = {"choice": "left", "comment": "Kept?"}
    response = browse(team.reviewer).post(f"{team.url}/compare/{late.token}/", data)
    assert told(response) == [
        "This comparison is no longer open. It was undone or replaced by another."
    ]


def test_a_second_click_on_undo_takes_nothing_more_back(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project)
    for _ in range(2):
        arena.decide(taken(experiment, team.reviewer), Choice.LEFT)
    shown = taken(experiment, team.reviewer)
    client, url = browse(team.reviewer), f"{team.url}/experiments/{experiment.pk}/compare/undo/"
    for _ in range(2):
        page(client.post(url, {"shown": str(shown.token)}, headers=PART))
    assert Comparison.objects.standing().count() == 1


def test_a_vote_that_was_taken_back_is_not_stored_again(team: Team) -> None:
    experiment = arena.experiment(team.project)
    shown = taken(experiment, team.reviewer)
    arena.decide(shown, Choice.LEFT)
    comparing.undo_vote(experiment, team.reviewer)
    with pytest.raises(comparing.VoteNotStored, match="was undone"):
        arena.decide(shown, Choice.LEFT)


def test_a_place_in_the_order_is_needed_for_each_output(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, count=3, cases=2, shown_at_once=3)
    shown = taken(experiment, team.reviewer)
    client, url = browse(team.reviewer), f"{team.url}/compare/{shown.token}/"
    for places in ({}, {"place-1": "1"}):
        text = page(client.post(url, {"choice": "ranked", "comment": "Mine.", **places}), 422)
        assert "Give each output a place" in text
        assert "Mine." in text
    assert 'value="1" selected' in text
    data = {"choice": "ranked", "place-1": "2", "place-2": "1", "place-3": "2"}
    client.post(url, data)
    shown.refresh_from_db()
    assert shown.places == [2, 1, 2]


def test_two_that_are_left_of_a_ranking_are_ranked_too(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, count=2, cases=2, shown_at_once=4)
    client = browse(team.reviewer)
    text = page(client.get(f"{team.url}/experiments/{experiment.pk}/compare/"))
    assert "Save ranking" in text
    shown = Comparison.objects.get(choice="")
    url = f"{team.url}/compare/{shown.token}/"
    page(client.post(url, {"choice": "left"}), 422)
    client.post(url, {"choice": "ranked", "place-1": "2", "place-2": "1"})
    shown.refresh_from_db()
    assert shown.places == [2, 1]


# What it tells


def test_the_figures_of_a_row_belong_together_when_something_is_set_aside(team: Team) -> None:
    experiment = arena.experiment(team.project, count=3, cases=12, reviewers_per_pair=3)
    for _ in range(12):
        arena.decide(taken(experiment, team.reviewer), Choice.BAD)
    experiments.set_entrant_aside(experiment.entrants.get(variant__number=3), "by hand")
    process_cache.clear()
    result = results.result_of(experiment)
    assert [row["variant"] for row in result["rows"]] == [1, 2]
    for row in result["rows"]:
        assert row["bad"] <= row["comparisons"] == row["wins"] + row["ties"] + row["losses"]
    assert result["comparisons"] == result["rows"][0]["comparisons"]


def test_a_ranking_is_one_comparison_and_tells_nothing_of_sides(team: Team) -> None:
    experiment = arena.experiment(
        team.project, count=6, cases=4, shown_at_once=6, reviewers_per_pair=1
    )
    for _ in range(4):
        arena.decide(taken(experiment, team.reviewer), Choice.RANKED, places=[1, 2, 3, 4, 5, 6])
    result = results.result_of(experiment)
    assert (result["comparisons"], result["left"]) == (4, None)
    assert result["rows"][0]["comparisons"] == 4 * 5
    assert result["reviewers"][0]["comparisons"] == 4


def test_a_variant_without_an_output_does_not_keep_others_from_a_verdict(
    team: Team, browse: Browse
) -> None:
    experiment = arena.experiment(team.project, count=3, cases=40, reviewers_per_pair=1)
    experiment.runs.filter(variant__number=3).update(state=JobState.FAILED, error="No.")
    best = experiment.variants.get(number=1)
    assert arena.prefer(experiment, team.reviewer, best, 60) == 40
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "Variant 1 wins." in text
    assert "Variant 3 is not included because none of its runs is done." in text


def test_it_does_not_ask_for_comparisons_that_cannot_be_made(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=25, reviewers_per_pair=1)
    for position, case in enumerate(experiment.cases.all()):
        runs = list(experiment.runs.filter(case=case).order_by("variant"))
        Comparison.objects.create(
            experiment=experiment,
            case=case,
            runs=[run.pk for run in runs],
            variants=[run.variant_id for run in runs],
            reviewer=team.reviewer,
            choice=Choice.LEFT if position % 2 else Choice.RIGHT,
        )
    process_cache.clear()
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "This experiment has only 0 comparisons left" in text
    assert text.count("Still needed") == 1


def test_two_people_taken_out_at_once_are_both_out(team: Team) -> None:
    experiment = arena.experiment(team.project)
    stale = Experiment.objects.get(pk=experiment.pk)
    results.exclude_votes(experiment, 7, True)
    results.exclude_votes(stale, 8, True)
    experiment.refresh_from_db()
    assert experiment.without == [7, 8]


def test_people_who_disagree_give_no_preference(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=1, reviewers_per_pair=3)
    people = (team.reviewer, team.engineer, team.admin)
    best = experiment.variants.get(number=2)
    url = f"{team.url}/experiments/{experiment.pk}/result/preference/"
    for person, is_for in zip(people, (True, False, True), strict=True):
        shown = taken(experiment, person)
        is_left = (shown.variants[0] == best.pk) == is_for
        arena.decide(shown, Choice.LEFT if is_left else Choice.RIGHT)
        lines = page(browse(team.engineer).get(url)).splitlines()
        assert len(lines) == (0 if person == team.engineer else 1)


def test_nothing_of_a_variant_set_aside_comes_again(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = arena.experiment(team.project, count=3, cases=20)
    for _ in range(comparing.VOTES_BEFORE_REPEAT + 5):
        arena.decide(taken(experiment, team.reviewer), Choice.LEFT)
    comparison_pool.pool_of(experiment)  # is kept
    monkeypatch.setattr(comparing, "REPEAT_SHARE", 1.0)
    aside = experiment.entrants.get(variant__number=2)
    experiments.set_entrant_aside(aside, "by hand")
    for _ in range(4):
        shown = comparing.take_next_comparison(experiment, team.reviewer)
        assert shown
        assert aside.variant_id not in shown.variants
        arena.decide(shown, Choice.LEFT)


def test_identical_outputs_are_told_of(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=25)
    experiment.runs.update(output="Yes")
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "The outputs are the same on every case" in text


def test_ties_that_nobody_judged_do_not_keep_others_from_being_drawn(team: Team) -> None:
    experiment = arena.experiment(team.project, count=2, cases=12, reviewers_per_pair=2)
    experiment.runs.filter(case__position__lt=6).update(output="Yes")
    assert arena.prefer(experiment, team.reviewer, experiment.variants.all()[0], 20) == 6
    board = comparison_pool.pool_of(experiment)
    chooser = comparing._NextComparison(
        experiment, team.engineer, board, [], np.random.default_rng(1)
    )
    first, second = board.entrants
    noted = [
        pair for pair in board.pairs(first, second) if board.judged[pair] and board.is_same(pair)
    ]
    assert noted
    shown = chooser.draw(is_skipped=False)
    assert shown
    assert not {frozenset(shown.runs)} & set(chooser.same)
    assert not set(noted) & set(chooser.same)


def test_what_is_missing_is_counted_as_what_was_done(team: Team) -> None:
    experiment = arena.experiment(
        team.project, count=6, cases=30, shown_at_once=6, reviewers_per_pair=1
    )
    for _ in range(10):
        arena.decide(taken(experiment, team.reviewer), Choice.RANKED, places=[1, 2, 3, 4, 5, 6])
    process_cache.clear()
    result = results.result_of(experiment)
    assert (result["comparisons"], result["left_over"]) == (10, 20)


@pytest.mark.django_db(transaction=True)
def test_votes_cast_at_once_in_two_windows_are_one() -> None:
    project = make.project()
    experiment = arena.experiment(project, cases=3, reviewers_per_pair=5)
    user = make.member(project)
    shown = taken(experiment, user)
    outcomes: list[Any] = []

    def say(choice: Choice) -> None:
        try:
            outcomes.append(arena.decide(shown, choice).choice)
        except comparing.VoteNotStored as reason:
            outcomes.append(reason)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=say, args=(choice,)) for choice in (Choice.LEFT, Choice.RIGHT)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(choice, comparing.VoteNotStored) for choice in outcomes) == 1
    assert Comparison.objects.standing().count() == 1
