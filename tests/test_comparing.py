"""Who compares what: without seeing variants, as often as set and no more often."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from prompts import comparing
from prompts.models import Choice, Comparison, Experiment, Run
from qareview import process_cache
from qareview.models import Role
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


def test_two_outputs_of_one_case_are_shown_and_stay_until_decided(team: Team) -> None:
    experiment = arena.experiment(team.project)
    shown = taken(experiment, team.reviewer)
    runs = Run.objects.in_bulk(shown.runs)
    assert len(runs) == 2
    assert {run.case_id for run in runs.values()} == {shown.case_id}
    assert len({run.variant_id for run in runs.values()}) == 2
    assert [runs[run].variant_id for run in shown.runs] == shown.variants
    assert taken(experiment, team.reviewer) == shown
    arena.decide(shown, Choice.LEFT)
    assert taken(experiment, team.reviewer) != shown


def test_a_pair_goes_to_so_many_people_and_no_more(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=3, reviewers_per_pair=2)
    people = [make.member(team.project) for _ in range(3)]
    counts = [
        arena.prefer(experiment, comparison, experiment.variants.all()[0], 10)
        for comparison in people
    ]
    assert counts == [3, 3, 0]
    pairs = Counter(frozenset(comparison.runs) for comparison in Comparison.objects.standing())
    assert set(pairs.values()) == {2}


def test_a_hold_that_runs_out_gives_its_place_to_others(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=1, reviewers_per_pair=1)
    late = taken(experiment, team.reviewer)
    assert comparing.take_next_comparison(experiment, team.engineer) is None
    Comparison.objects.update(until=timezone.now() - timedelta(seconds=1))
    other = taken(experiment, team.engineer)
    arena.decide(other, Choice.GOOD)
    with pytest.raises(comparing.VoteNotStored, match="time for this comparison ran out"):
        arena.decide(late, Choice.LEFT)
    assert comparing.take_next_comparison(experiment, team.reviewer) is None
    assert Comparison.objects.standing().count() == 1


def test_who_comes_back_late_keeps_the_place_nobody_took(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=1, reviewers_per_pair=1)
    late = taken(experiment, team.reviewer)
    Comparison.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert arena.decide(late, Choice.LEFT).choice == Choice.LEFT


def test_a_double_click_is_one_vote_and_another_window_is_told(team: Team) -> None:
    experiment = arena.experiment(team.project)
    shown = taken(experiment, team.reviewer)
    arena.decide(shown, Choice.LEFT)
    assert arena.decide(shown, Choice.LEFT).pk == shown.pk
    with pytest.raises(comparing.VoteNotStored, match="in another window"):
        arena.decide(shown, Choice.RIGHT)
    assert Comparison.objects.standing().get().choice == Choice.LEFT


def test_undo_opens_it_again_as_it_was_shown(team: Team) -> None:
    experiment = arena.experiment(team.project)
    shown = taken(experiment, team.reviewer)
    arena.decide(shown, Choice.LEFT, comment="Shorter.")
    again = comparing.undo_vote(experiment, team.reviewer)
    assert again
    assert (again.runs, again.comment, again.choice) == (shown.runs, "Shorter.", "")
    assert again.token != shown.token
    assert Comparison.objects.standing().count() == 0
    assert taken(experiment, team.reviewer) == again
    assert comparing.undo_vote(experiment, team.engineer) is None


def test_what_was_skipped_comes_last_and_not_back_if_others_have_it(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=2, reviewers_per_pair=1)
    first = taken(experiment, team.reviewer)
    arena.decide(first, Choice.SKIPPED)
    second = taken(experiment, team.reviewer)
    assert second.case_id != first.case_id
    arena.decide(second, Choice.GOOD)
    assert taken(experiment, team.reviewer).case_id == first.case_id
    assert arena.prefer(experiment, team.engineer, experiment.variants.all()[0], 5) == 0


def test_undo_passes_over_a_skip_whose_place_others_have(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=2, reviewers_per_pair=1)
    decided = taken(experiment, team.reviewer)
    arena.decide(decided, Choice.LEFT)
    arena.decide(taken(experiment, team.reviewer), Choice.SKIPPED)
    assert arena.prefer(experiment, team.engineer, experiment.variants.all()[0], 5) == 1
    again = comparing.undo_vote(experiment, team.reviewer)
    assert again
    assert again.runs == decided.runs


def test_the_same_output_is_a_tie_that_nobody_judges(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=40)
    Run.objects.filter(case__position__lt=20).update(output="The same.")
    first = experiment.variants.all()[0]
    assert arena.prefer(experiment, team.reviewer, first, 50) == 20
    same = Comparison.objects.filter(choice=Choice.SAME)
    assert {comparison.reviewer for comparison in same} == {None}
    assert {comparison.case.position for comparison in same} <= set(range(20))
    count = same.count()
    assert 2 < count <= 20
    assert arena.prefer(experiment, team.engineer, first, 50) == 20
    assert len({frozenset(comparison.runs) for comparison in same}) == same.count()
    count = same.count()
    assert (
        comparing.take_next_comparison(experiment, team.engineer) is None
    )  # nothing is noted for nothing
    assert same.count() == count


def test_nobody_sees_the_same_two_texts_twice(team: Team) -> None:
    experiment = arena.experiment(team.project, count=3, cases=1)
    first, second, third = experiment.variants.order_by("number")
    Run.objects.filter(variant__in=(first, second)).update(output="Alike.")
    assert arena.prefer(experiment, team.reviewer, third, 5) == 1
    assert arena.prefer(experiment, team.engineer, third, 5) == 1


def test_sides_are_drawn_half_and_half() -> None:
    generator = np.random.default_rng(5)
    first = sum(comparing.shuffled([1, 2], generator) == [1, 2] for _ in range(10_000))
    assert abs(first - 5000) < 200  # four standard errors


def test_sides_of_what_is_taken_are_random_and_recorded(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=100, reviewers_per_pair=10)
    production = experiment.variants.get(number=1)
    sides = Counter()
    for _ in range(4):
        user = make.member(team.project)
        for _ in range(50):
            shown = taken(experiment, user)
            sides[shown.variants[0] == production.pk] += 1
            arena.decide(shown, Choice.GOOD)
    assert 70 < sides[True] < 130  # of 200: four standard errors
    assert sides.total() == 200


def test_something_comes_again_with_its_sides_swapped_and_does_not_count(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "REPEAT_SHARE", 1.0)
    experiment = arena.experiment(team.project, cases=20)
    for _ in range(comparing.VOTES_BEFORE_REPEAT + 1):
        arena.decide(taken(experiment, team.reviewer), Choice.LEFT)
    again = taken(experiment, team.reviewer)
    assert again.is_repeat
    before = Comparison.objects.get(runs=again.runs[::-1])
    assert before.decided_at
    arena.decide(again, Choice.RIGHT)
    assert Comparison.objects.counting(experiment).count() == comparing.VOTES_BEFORE_REPEAT + 1


def test_up_to_six_are_put_in_an_order(team: Team) -> None:
    experiment = arena.experiment(
        team.project, count=7, cases=2, shown_at_once=6, reviewers_per_pair=1
    )
    shown = taken(experiment, team.reviewer)
    assert len(shown.runs) == 6
    arena.decide(shown, Choice.RANKED, places=[1, 2, 2, 4, 5, 6])
    pairs = Counter(
        frozenset(pair)
        for comparison in Comparison.objects.standing()
        for pair in combinations(comparison.runs, 2)
    )
    arena.prefer(experiment, team.engineer, experiment.variants.all()[0], 30)
    assert max(pairs.values()) == 1


def test_everything_is_compared_at_last(team: Team) -> None:
    experiment = arena.experiment(team.project, count=4, cases=3, reviewers_per_pair=1)
    people = [make.member(team.project) for _ in range(2)]
    done = sum(
        arena.prefer(experiment, person, experiment.variants.all()[0], 12) for person in people
    )
    assert done == 4 * 3 // 2 * 3


# The page


def test_a_page_tells_nothing_of_variant_model_or_order(team: Team, browse: Browse) -> None:
    with connection.cursor() as cursor:  # so that no id is a number that stands on the page anyway
        for number, table in enumerate(("variant", "run", "comparison", "case"), 1):
            name = f"prompts_{table}_id_seq"
            cursor.execute("SELECT setval(%s, %s)", [name, number * 1_000_003])
    experiment = arena.experiment(team.project, count=3)
    experiment.variants.update(notes="secret-notes", model="scripted", tags=["secret-tag"])
    client = browse(team.reviewer)
    url = f"{team.url}/experiments/{experiment.pk}/compare/"
    for headers in ({}, PART):
        response = client.get(url, headers=headers)
        shown = Comparison.objects.get(reviewer=team.reviewer, choice="")
        sent = response.text + str(response.headers) + str(response.cookies)
        sent = re.sub(r"[\w-]{20,}|\"[^\"]*\d\d:\d\d[^\"]*\"", "", sent)  # hashes and tokens
        for word in ("variant", "scripted", "secret", "model", "wording 2", "production"):
            assert word not in sent.lower(), word
        for output in Run.objects.in_bulk(shown.runs).values():
            assert output.output in response.text
        numbers = set(re.findall(r"\d+", re.sub(r"Output \d+/\d+ on passage|Passage", "", sent)))
        new = [pk for pk in shown.variants if pk > 1_000_000]
        assert new
        assert not numbers & {
            str(each_number) for each_number in (*shown.runs, *new, shown.pk, shown.case_id)
        }


def test_the_desk_takes_a_choice_and_shows_the_next(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project)
    client = browse(team.reviewer)
    page(client.get(f"{team.url}/experiments/{experiment.pk}/compare/"))
    shown = Comparison.objects.get(choice="")
    data = {"choice": "left", "comment": "Shorter.", "seconds": "7"}
    response = client.post(f"{team.url}/compare/{shown.token}/", data, headers=PART)
    assert str(shown.token) not in page(response)
    shown.refresh_from_db()
    assert (shown.choice, shown.comment, shown.seconds) == ("left", "Shorter.", 7)
    before_us = {"shown": str(Comparison.objects.get(choice="").token)}
    url = f"{team.url}/experiments/{experiment.pk}/compare/undo/"
    response = client.post(url, before_us, headers=PART)
    assert "Undone. You can decide again." in page(response)
    assert "Shorter." in response.text


@pytest.mark.parametrize("data", [{}, {"choice": "same"}, {"choice": "ranked"}, {"choice": "x"}])
def test_what_is_no_choice_is_refused(team: Team, browse: Browse, data: dict[str, str]) -> None:
    shown = taken(arena.experiment(team.project), team.reviewer)
    response = browse(team.reviewer).post(f"{team.url}/compare/{shown.token}/", data)
    assert str(shown.token) in page(response, 422)
    shown.refresh_from_db()
    assert shown.choice == ""


def test_nobody_decides_for_somebody_else(team: Team, browse: Browse) -> None:
    shown = taken(arena.experiment(team.project), team.reviewer)
    client = browse(team.engineer)
    assert client.post(f"{team.url}/compare/{shown.token}/", {"choice": "left"}).status_code == 404
    assert client.post(f"{team.url}/compare/{shown.token}/hold/").status_code == 404


def test_a_place_is_kept_as_long_as_the_page_is_open(team: Team, browse: Browse) -> None:
    shown = taken(arena.experiment(team.project), team.reviewer)
    client, url = browse(team.reviewer), f"{team.url}/compare/{shown.token}/hold/"
    assert client.post(url).status_code == 204
    Comparison.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert client.post(url).status_code == 409


def test_when_it_has_ended_nothing_is_stored_and_the_page_says_so(
    team: Team, browse: Browse
) -> None:
    experiment = arena.experiment(team.project)
    shown = taken(experiment, team.reviewer)
    Experiment.objects.update(ended_at=timezone.now())
    client = browse(team.reviewer)
    response = client.post(f"{team.url}/compare/{shown.token}/", {"choice": "left"})
    assert told(response) == ["The experiment has ended, so you can no longer vote."]
    assert "The experiment has ended." in page(client.get(response.url))


# Thirty at once


@pytest.mark.django_db(transaction=True)
def test_thirty_people_at_once_exceed_no_limit_and_lose_no_vote() -> None:
    project = make.project()
    experiment = arena.experiment(project, count=4, cases=10, reviewers_per_pair=3)
    people = [make.member(project, Role.REVIEWER) for _ in range(30)]
    stored: list[int] = []
    failures: list[BaseException] = []

    def work(user: User) -> None:
        try:
            for _ in range(4):
                shown = comparing.take_next_comparison(experiment, user)
                if shown:
                    stored.append(arena.decide(shown, Choice.LEFT).pk)
                    arena.decide(shown, Choice.LEFT)  # a double click
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rows = list(Comparison.objects.standing().exclude(choice=Choice.SAME))
    counting = [comparison for comparison in rows if not comparison.is_repeat]
    assert sorted(stored) == sorted(comparison.pk for comparison in rows)
    places = Counter(
        (frozenset(comparison.runs), comparison.reviewer_id) for comparison in counting
    )
    assert set(places.values()) == {1}
    assert max(Counter(frozenset(comparison.runs) for comparison in counting).values()) <= 3
    assert len(rows) == 4 * 30
