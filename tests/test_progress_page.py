"""The progress page: numbers, forecast and problems, and only what each user may see."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation.models import Item, ItemState, Purpose, Review, Verdict
from generation.progress import counts
from generation.progress.forecast import CHARTED_DAYS, Pace, pace
from generation.progress.outcomes import outcomes
from generation.progress.reviewers import reviewers
from generation.review import decisions
from prompts.models import Variant
from qareview import process_cache
from qareview.confidence_intervals import wilson
from tests import make
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]


def reject(item: Item, user: User) -> Review:
    rejection = make.submission(item, Verdict.REJECTED, reason="Not worth asking", seconds=9)
    return decisions.submit(item.project, item.pk, user, rejection)


# Pace and forecast


def days(*counts: int) -> list[tuple[date, int]]:
    """So many decisions on the last days, none before."""
    padded = [0] * (CHARTED_DAYS - len(counts)) + list(counts)
    return [(date(2026, 11, 1) + timedelta(days=n), count) for n, count in enumerate(padded)]


@pytest.mark.parametrize(
    ("counts", "left", "words"),
    [
        ((10,) * 14, 30, "About 3 days left at the pace of the last 7 days."),
        ((10,) * 14, 12, "About a day left at"),
        ((10,) * 14, 3, "Less than a day left at"),
        ((90, 0, 0, 0, 0, 0, 0, 7), 20, "About 20 days left at"),
        ((12,), 24, "About 2 days left at"),  # begun today
        ((1,) * 7, 90, "About 3 months left at"),
        ((1,) * 7, 9000, "More than two years left at"),
        ((5, 0, 0, 0, 0, 0, 0, 0), 9, "No recent decisions, so no forecast"),
        ((), 9, "No recent decisions, so no forecast"),
        ((3,) * 7, 0, "No decisions are left to make."),
    ],
)
def test_the_forecast_is_in_words(counts: tuple[int, ...], left: int, words: str) -> None:
    assert Pace(days(*counts), left).forecast.startswith(words)


def test_decisions_are_counted_by_day(team: Team) -> None:
    for item, ago in zip(make.items(team.project, 4), (0, 1, 1, 20), strict=True):
        review = make.accept(item, team.reviewer)
        then = timezone.now() - timedelta(days=ago)
        Review.objects.filter(pk=review.pk).update(created_at=then)
    skipped = make.submission(item := make.item(team.project), Verdict.SKIPPED)
    decisions.submit(team.project, item.pk, team.reviewer, skipped)
    make.accept(make.item(make.project()), team.reviewer)
    result = pace(team.project)
    assert [count for _, count in result.days] == [0] * 12 + [2, 1]
    assert result.days[-1][0] == timezone.localdate()


def test_what_is_left_are_the_decisions_that_are_missing(team: Team) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    first, second, _ = make.items(team.project, 3)
    make.item(team.project, state=ItemState.ASIDE, aside="It was put aside.")
    make.accept(first, team.reviewer)
    make.accept(second, team.reviewer)
    make.accept(second, team.engineer)
    assert pace(team.project).left == 2 + 1 + 3


# People


def adjudicate(item: Item, user: User, verdict: Verdict, **texts: str) -> None:
    values = {"question": item.question.text, "answer": item.answer, **texts}
    Review.objects.create(
        item=item,
        reviewer=user,
        submission=uuid.uuid4(),
        is_adjudication=True,
        verdict=verdict,
        **values,
    )


def test_what_each_person_did(team: Team) -> None:
    first, second, third = make.items(team.project, 3)
    make.accept(first, team.reviewer, seconds=10)
    make.accept(second, team.reviewer, answer="Better.", seconds=30)
    reject(third, team.reviewer)
    make.accept(make.item(team.project), team.engineer)
    rob, eve = reviewers(team.project)
    assert (rob.name, rob.decided, rob.edited, rob.rejected) == ("rob", 3, 1, 1)
    assert rob.seconds == 10
    assert (eve.name, eve.decided, eve.seconds) == ("eve", 1, None)


@pytest.mark.parametrize(
    ("word", "verdict", "texts", "overturned"),
    [
        ("accept", Verdict.ACCEPTED, {}, 0),
        ("accept", Verdict.REJECTED, {}, 1),
        ("accept", Verdict.EDITED, {"answer": "Other."}, 1),
        ("edit", Verdict.EDITED, {"answer": "Mine."}, 0),
        ("edit", Verdict.ACCEPTED, {}, 1),
        ("reject", Verdict.REJECTED, {}, 0),
        ("reject", Verdict.ACCEPTED, {}, 1),
    ],
)
def test_what_an_admin_decided_otherwise_is_overturned(
    team: Team, word: str, verdict: Verdict, texts: dict[str, str], overturned: int
) -> None:
    item, other = make.items(team.project, 2)
    make.accept(other, team.reviewer)
    if word == "reject":
        reject(item, team.reviewer)
    else:
        make.accept(item, team.reviewer, **({"answer": "Mine."} if word == "edit" else {}))
    adjudicate(item, team.admin, verdict, **texts)
    (rob,) = reviewers(team.project)
    assert (rob.decided, rob.adjudicated, rob.overturned) == (2, 1, overturned)


def test_of_others_only_admins_learn(team: Team, browse: Browse) -> None:
    make.accept(make.item(team.project), team.reviewer)
    make.accept(make.item(team.project), team.engineer)
    url = f"{team.url}/progress/"
    row = '<th scope="row">{}</th>'
    for user, seen in ((team.admin, {"rob", "eve"}), (team.engineer, {"eve"})):
        text = page(browse(user).get(url))
        assert {name for name in ("rob", "eve") if row.format(name) in text} == seen
    newcomer = make.member(team.project)
    text = page(browse(newcomer).get(url))
    assert "You have not decided on any item yet." in text


# Outcomes


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_is_as_in_the_textbook(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == (
        pytest.approx(low, abs=1e-4),
        pytest.approx(high, abs=1e-4),
    )


def test_outcomes_by_variant_model_and_document(team: Team) -> None:
    first = make.items(team.project, 3)
    second = make.items(team.project, 2, model="other")
    old = Variant.objects.get(prompt__project=team.project, prompt__task="summarise")
    new = Variant.objects.create(prompt=old.prompt, number=2, template="Sum up: {{ passage }}")
    Item.objects.filter(pk__in=[item.pk for item in second]).update(variant=new)
    make.accept(first[0], team.reviewer)
    make.accept(first[1], team.reviewer, answer="Better.")
    reject(first[2], team.reviewer)
    reject(second[0], team.reviewer)
    result = outcomes(team.project)
    counts = [
        [(outcome.name, outcome.decided, outcome.accepted, outcome.edited) for outcome in kind]
        for kind in (result.summarise, result.ask, result.models)
    ]
    assert counts == [
        [("summarise 1", 3, 2, 1), ("summarise 2", 1, 0, 0)],
        [("ask 1", 4, 2, 1)],
        [("scripted", 3, 2, 1), ("other", 1, 0, 0)],
    ]
    assert [(outcome.decided, outcome.accepted) for outcome in result.documents] == [(3, 2), (1, 0)]


def test_what_no_model_wrote_is_called_imported(team: Team) -> None:
    item = make.item(team.project)
    Item.objects.update(variant=None, model="")
    item.questions.update(variant=None, model="")
    make.accept(item, team.reviewer)
    result = outcomes(team.project)
    assert [kind[0].name for kind in (result.summarise, result.ask, result.models)] == [
        "imported"
    ] * 3


def test_items_for_everyone_are_left_out(team: Team) -> None:
    make.accept(make.item(team.project, purpose=Purpose.CALIBRATION), team.reviewer)
    assert outcomes(team.project).documents == []


# The page


def test_the_page_of_an_empty_project(team: Team, browse: Browse) -> None:
    assert "No items yet. Items come from documents." in page(
        browse(team.reviewer).get(f"{team.url}/progress/")
    )


def test_the_page_tells_how_far_it_is(team: Team, browse: Browse) -> None:
    items = make.items(team.project, 4)
    make.accept(items[0], team.reviewer)
    make.accept(items[1], team.reviewer, answer="Better.")
    text = page(browse(team.reviewer).get(f"{team.url}/progress/"))
    assert "2 items decided, 2 items left." in text
    assert "About a day left at the pace of the last 7 days." in text
    assert "100 % of 2 accepted, 50 % edited" in text
    assert '<td class="n">34 to 100 %</td>' in text
    assert 'aria-current="page">Progress</a>' in text


@pytest.mark.parametrize("count", [1, 12])
def test_queries_do_not_grow(
    team: Team, browse: Browse, count: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    for item in make.items(team.project, count):
        make.accept(item, team.reviewer)
    client = browse(team.reviewer)
    with django_assert_num_queries(12):
        client.get(f"{team.url}/progress/")


# Keeping


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A process's clock that stands still until its number is changed."""
    now = [1000.0]
    monkeypatch.setattr(process_cache.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("took", "stays"), [(0.5, 10), (2, 40), (30, 60)])
def test_a_result_is_kept_as_long_as_it_was_dear(
    clock: list[float], took: float, stays: float
) -> None:
    counted = []

    def count() -> int:
        clock[0] += took
        counted.append(1)
        return len(counted)

    assert process_cache.cached("key", count).value == 1
    clock[0] += stays - 0.01
    assert process_cache.cached("key", count).value == 1
    assert process_cache.cached("another", count).value == 2
    clock[0] += 0.02
    assert process_cache.cached("key", count).value == 3


def test_when_it_was_counted_is_told(clock: list[float]) -> None:
    first = process_cache.cached(
        "key", lambda: clock.append(0) or clock.__setitem__(0, clock[0] + 1)
    )
    assert process_cache.cached("key", lambda: None).counted_at == first.counted_at


def test_what_is_too_old_takes_no_room(clock: list[float]) -> None:
    for number in range(100):
        process_cache.cached(number, lambda: None)
        clock[0] += 1
    assert len(process_cache._results) <= 1


def test_more_than_matters_is_not_counted(
    team: Team, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MOST_LEFT", 2)
    make.items(team.project, 3)
    client = browse(team.reviewer)
    assert 'at least <span id="left">2</span> left' in page(client.get(f"{team.url}/review/share/"))
    make.accept(team.project.items.first(), team.engineer)
    make.accept(team.project.items.last(), team.engineer)
    process_cache.clear()
    assert '<span id="left">1</span> left' in page(client.get(f"{team.url}/review/share/"))
