"""Agreement of reviewers, and that it reveals nothing about items still to be reviewed."""

from collections.abc import Callable
from random import Random

import krippendorff
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation.models import Item, Purpose, Review, Verdict
from generation.progress.agreement import GoldAgreement, against_gold, overview
from generation.review import decisions, settling
from qareview.krippendorff import FEWEST_ITEMS, agreement
from tests import make
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]


# Alpha


@pytest.mark.parametrize("seed", range(20))
def test_alpha_is_that_of_the_library(seed: int) -> None:
    draw = Random(seed)
    people = draw.randint(2, 6)
    votes = [
        tuple(map(sum, zip(*(vote(draw) for _ in range(people)), strict=True))) for _ in range(60)
    ]
    result = agreement({pattern: votes.count(pattern) for pattern in votes})
    pairable = [pattern for pattern in votes if sum(pattern) > 1]
    expected = krippendorff.alpha(value_counts=pairable, level_of_measurement="nominal")
    assert result.alpha == pytest.approx(expected)
    assert (result.items, result.values) == (len(pairable), sum(map(sum, pairable)))
    assert result.low is not None
    assert result.low < result.alpha < result.high


@pytest.mark.parametrize("seed", range(10))
def test_two_sided_alpha_is_that_of_the_library_whichever_side_is_named_first(seed: int) -> None:
    draw = Random(seed)
    votes = [tuple(draw.choices((0, 0, 1, 2), k=3)) for _ in range(300)]
    turned = [pattern[::-1] if draw.random() < 0.5 else pattern for pattern in votes]
    result, again = (
        agreement({pattern: some.count(pattern) for pattern in some}, is_two_sided=True)
        for some in (votes, turned)
    )
    assert result.alpha == pytest.approx(again.alpha)
    both = [pattern for vote in votes if sum(vote) > 1 for pattern in (vote, vote[::-1])]
    expected = krippendorff.alpha(
        value_counts=both, value_domain=[-1, 0, 1], level_of_measurement="ordinal"
    )
    assert result.alpha == pytest.approx(expected, abs=0.002)  # which has twice the values


def test_two_sided_choices_that_are_all_alike_tell_as_much_either_way() -> None:
    two_sided = agreement({(0, 0, 2): 24, (2, 0, 0): 1}, is_two_sided=True)
    other = agreement({(0, 0, 2): 25}, is_two_sided=True)
    assert (two_sided.alpha, two_sided.note) == (other.alpha, other.note)
    assert agreement({(0, 2, 0): 25}, is_two_sided=True).alpha is None


def vote(draw: Random) -> tuple[int, int]:
    return draw.choice([(1, 0), (1, 0), (0, 1), (0, 0)])


def test_pairs_are_counted() -> None:
    result = agreement({(3, 1): 20, (2, 0): 5, (1, 0): 100})
    assert (result.items, result.values, result.pairs) == (25, 90, 125)


def test_an_interval_is_narrower_for_more_items_and_always_the_same() -> None:
    few, many = ({(2, 0): 20 * n, (0, 2): 8 * n, (1, 1): 6 * n} for n in (1, 100))
    assert agreement(few) == agreement(few)
    narrow, wide = agreement(many), agreement(few)
    assert narrow.alpha == pytest.approx(wide.alpha, abs=0.02)
    assert narrow.high - narrow.low < (wide.high - wide.low) / 5


@pytest.mark.parametrize(
    ("patterns", "note"),
    [
        ({}, "Nothing has been decided by two or more people yet."),
        ({(1, 0): 500, (0, 1): 300}, "Nothing has been decided by two or more people yet."),
        ({(2, 0): FEWEST_ITEMS - 2, (1, 1): 1}, "Not enough data yet: 19 of the 20 items needed."),
        ({(2, 0): 50}, "Everyone made the same choice every time"),
        ({(0, 3): 50}, "Everyone made the same choice every time"),
    ],
)
def test_where_alpha_tells_nothing_it_says_so(
    patterns: dict[tuple[int, int], int], note: str
) -> None:
    result = agreement(patterns)
    assert (result.alpha, result.low, result.high) == (None, None, None)
    assert result.note.startswith(note)


def test_where_nobody_differs_there_is_no_interval() -> None:
    result = agreement({(2, 0): 30, (0, 2): 10})
    assert (result.alpha, result.low) == (1, None)
    assert result.note == "Everyone agreed, so there is no interval."


def test_the_order_of_the_patterns_does_not_matter() -> None:
    patterns = {(2, 0): 20, (1, 1): 6, (0, 2): 8, (3, 1): 5}
    assert agreement(patterns) == agreement(dict(reversed(patterns.items())))


# The counting


def decide(item: Item, user: User, word: str) -> Review:
    """Decide with one letter: a for accept, r for reject."""
    if word == "a":
        return make.accept(item, user)
    rejection = make.submission(item, Verdict.REJECTED, reason="Not worth asking")
    return decisions.submit(item.project, item.pk, user, rejection)


def decide_all(team: Team, *words: str, purpose: str = "") -> list[Item]:
    """Make an item of each word; its letters are what reviewer, engineer and admin say."""
    items = make.items(team.project, len(words), purpose=purpose)
    for item, word in zip(items, words, strict=True):
        people = (team.reviewer, team.engineer, team.admin)
        for user, letter in zip(people, word, strict=False):
            decide(item, user, letter)
    return items


@pytest.fixture
def pairs(team: Team) -> Team:
    team.project.reviews_per_item = 2
    team.project.save()
    return team


def seen_by(team: Team, user: User):
    return overview(team.project.memberships.get(user=user))


def test_votes_are_counted_for_project_document_and_week(pairs: Team) -> None:
    decide_all(pairs, *["aa"] * 15, *["rr"] * 5, *["ar"] * 3)
    decide_all(pairs, "aa")
    result = seen_by(pairs, pairs.admin)
    assert (result.whole.items, result.whole.values, result.whole.pairs) == (24, 48, 24)
    expected = agreement({(2, 0): 16, (0, 2): 5, (1, 1): 3})
    assert result.whole == expected
    assert [document.agreement.items for document in result.documents] == [23, 1]
    assert result.documents[1].agreement.alpha is None
    assert [week.agreement for week in result.weeks] == [expected]
    assert result.reasons == [("Not worth asking", 13)]


def test_who_agrees_with_whom(pairs: Team) -> None:
    decide_all(pairs, "aa", "ar", "rr", "a")
    eve, rob = seen_by(pairs, pairs.reviewer).people
    assert (eve.name, rob.name) == ("eve", "rob")
    assert eve.pairs[0] is None
    assert (eve.pairs[1].agreed, eve.pairs[1].items) == (2, 3)
    assert rob.pairs[0] == eve.pairs[1]


def test_what_does_not_count(pairs: Team) -> None:
    """Skips, what was withdrawn, an admin's word on a dispute, and other projects."""
    first, second = decide_all(pairs, "ar", "aa")
    Review.objects.filter(item=second, reviewer=pairs.engineer).update(withdrawn_at=timezone.now())
    adjudicate(first, pairs.admin)
    make.accept(make.item(make.project()), pairs.admin)
    result = seen_by(pairs, pairs.admin)
    assert (result.whole.items, result.whole.values) == (1, 2)


def adjudicate(item: Item, user: User, verdict: Verdict = Verdict.ACCEPTED, **texts: str) -> Review:
    values = {"question": item.question.text, "answer": item.answer, **texts}
    result = Review.objects.create(
        item=item,
        reviewer=user,
        submission=make.submission(item).key,
        is_adjudication=True,
        verdict=verdict,
        **values,
    )
    settling.settle([item.pk])
    return result


def test_the_most_even_split_comes_first(team: Team) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    third = make.member(team.project)
    uneven, alike = decide_all(team, "aar", "aaa")
    even = make.item(team.project, purpose=Purpose.CALIBRATION)
    for user, word in zip((team.reviewer, team.engineer, team.admin, third), "arar", strict=True):
        decide(even, user, word)
    result = seen_by(team, team.reviewer).disagreements
    assert [(row.item, row.accepted, row.rejected) for row in result] == [
        (even.pk, 2, 2),
        (uneven.pk, 2, 1),
    ]
    assert alike.pk not in [row.item for row in result]


def test_nobody_learns_what_they_may_still_be_asked(team: Team, browse: Browse) -> None:
    (item,) = decide_all(team, "ar", purpose=Purpose.CALIBRATION)
    asked = make.member(team.project)
    for user in (asked, team.admin):
        assert seen_by(team, user).disagreements == []
    assert seen_by(team, asked).whole.items == 0
    assert seen_by(team, asked).people == seen_by(team, asked).reasons == []
    text = page(browse(asked).get(f"{team.url}/agreement/"))
    assert "Nothing has been decided by two or more people yet." in text
    assert f"/items/{item.pk}/" not in text
    assert seen_by(team, team.admin).whole.items == 1  # as a number, it tells an admin nothing
    decide(item, asked, "a")
    assert [disagreement.item for disagreement in seen_by(team, asked).disagreements] == [item.pk]


def test_the_same_items_are_kept_back_as_by_the_item_itself(team: Team) -> None:
    for purpose in Purpose.values:
        decide_all(team, "", "a", purpose=purpose)
        aside = make.item(team.project, purpose=purpose, aside="Put aside.", state="aside")
        assert not aside.is_open
    for user in (team.reviewer, team.engineer):
        shown = set(team.project.items.reviews_shown_to(user))
        assert shown == {item for item in Item.objects.all() if item.shows_reviews_to(user)}


def test_gold_items_are_for_admins(team: Team, browse: Browse) -> None:
    good, bad, unknown = decide_all(team, "aa", "ar", "aa", purpose=Purpose.GOLD)
    adjudicate(good, team.admin)
    adjudicate(bad, team.admin, Verdict.REJECTED)
    assert unknown.purpose == Purpose.GOLD
    assert against_gold(team.project) == [GoldAgreement("eve", 2, 2), GoldAgreement("rob", 2, 1)]
    make.accept(bad, team.reviewer, verdict=Verdict.REJECTED, reason="Not worth asking")
    assert against_gold(team.project)[1] == GoldAgreement("rob", 2, 1)  # the first one counts
    text = page(browse(team.admin).get(f"{team.url}/agreement/"))
    assert "1 of 2" in text
    assert "Gold items" not in page(browse(team.engineer).get(f"{team.url}/agreement/"))


# The page


def test_the_page_says_that_there_is_too_little(pairs: Team, browse: Browse) -> None:
    decide_all(pairs, "aa", "ar")
    text = page(browse(pairs.reviewer).get(f"{pairs.url}/agreement/"))
    assert "Not enough data yet: 2 of the 20 items needed." in text
    assert "too few: 2 of 20 items" in text
    assert "alpha is" not in text


def test_the_page_shows_alpha_with_its_interval(pairs: Team, browse: Browse) -> None:
    decide_all(pairs, *["aa"] * 15, *["rr"] * 5, *["ar"] * 3)
    text = page(browse(pairs.reviewer).get(f"{pairs.url}/agreement/"))
    result = seen_by(pairs, pairs.reviewer).whole
    assert f"alpha is {result.alpha:.2f}</strong>" in text
    assert f"95 % interval {result.low:.2f} to {result.high:.2f}" in text
    assert "46 decisions, 23 pairs" in text
    assert 'aria-current="page">Progress</a>' in text


def test_queries_do_not_grow(pairs: Team, browse: Browse, django_assert_max_num_queries) -> None:
    decide_all(pairs, *["aa"] * 15, *["rr"] * 5, *["ar"] * 15)
    client = browse(pairs.reviewer)
    with django_assert_max_num_queries(13):
        client.get(f"{pairs.url}/agreement/")
