"""How often each flag is right: measured, and in a project."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.checks import flag_trust, flags
from generation.checks.flag_trust import Share
from generation.models import Item, Question, Verdict
from generation.writer.labelled import LabelledItem, data_items, judged_drafts
from qareview import process_cache
from qareview.models import Project
from tests import make
from tests.bench import checks as bench
from tests.conftest import Team
from tests.web import page

Browse = Callable[[User], Client]
ENOUGH = 20  # items with a flag, to say that it is wrong more often than right

OFTEN_RAISED, HARDLY_RAISED = flags.UNSUPPORTED, flags.OTHER_LANGUAGE


def told(name: str) -> str:
    share = flag_trust.measured_share(name)
    return f"Right on {share.right} of {share.raised} labelled items."


def decide(team: Team, count: int, **values: Any) -> list[Item]:
    items = make.items(team.project, count, **values)
    for number, item in enumerate(items):
        if number % 3 == 0:
            make.accept(item, team.reviewer)
        elif number % 3 == 1:
            make.accept(item, team.reviewer, answer="Another answer.")
        else:
            make.accept(item, team.reviewer, verdict=Verdict.REJECTED, reason="Wrong")
    return items


def test_every_flag_was_measured_and_is_right_more_often_than_not() -> None:
    measured = flag_trust.measured()
    assert set(measured["flags"]) == set(flags.EXPLANATIONS) == set(flags.NAMES)
    for name in flags.NAMES:
        share = flag_trust.measured_share(name)
        assert share.raised < ENOUGH or share.right > share.raised / 2, name


def test_a_flag_tells_more_than_how_many_items_are_bad_anyway() -> None:
    measured = flag_trust.measured()
    base = measured["bad"] / measured["items"]
    shares = [flag_trust.measured_share(name) for name in flags.NAMES]
    frequent = [share for share in shares if share.raised >= ENOUGH]
    assert len(frequent) >= 2
    assert all(share.right / share.raised > base for share in frequent)


def test_labelled_items_are_good_and_bad_and_each_document_is_in_one_half() -> None:
    items = list(data_items())
    bad = sum(item.is_bad for item in items)
    assert 0.1 < bad / len(items) < 0.5
    halves = [bench.measures(item.document) for item in items]
    assert 0.4 < sum(halves) / len(halves) < 0.6
    documents = {measures: set[str]() for measures in (True, False)}
    for item, measures in zip(items, halves, strict=True):
        documents[measures].add(item.document)
    assert not documents[True] & documents[False]


def test_judged_drafts_keep_what_was_noted_of_them() -> None:
    drafts = list(judged_drafts())
    assert len(drafts) == 266
    likely = [one for one in drafts if flags.ASKED in one.draft.questions[0].scores]
    assert 100 < len(likely) < 266
    assert any(one.draft.item.parameters["verbatim"] for one in likely)
    assert any(flags.DUPLICATE_ANSWER in one.draft.item.flags for one in drafts)


def test_what_is_counted_is_how_many_of_the_flagged_were_bad() -> None:
    items = list(data_items())[:6]
    labelled = [
        LabelledItem(one.draft, one.document, number < 3) for number, one in enumerate(items)
    ]
    for one in labelled[1:5]:
        one.draft.item.flags = [flags.UNSUPPORTED]
    half = bench._shares(labelled)
    assert (half["items"], half["bad"]) == (6, 3)
    assert half["flags"][flags.UNSUPPORTED] == {"raised": 4, "right": 2}
    figures = bench.with_intervals(half)[flags.UNSUPPORTED]
    assert (figures["precision"], figures["base"]) == (0.5, 0.5)
    assert figures["low"] < 0.5 < figures["high"]


@pytest.mark.django_db
def test_flags_are_shown_with_how_often_they_are_right(team: Team, browse: Browse) -> None:
    item = make.item(team.project, flags=[OFTEN_RAISED, HARDLY_RAISED])
    Question.objects.update(flags=[flags.ANSWER_LEAKED])
    for url in (f"review/?item={item.pk}", f"items/{item.pk}/"):
        text = page(browse(team.reviewer).get(f"{team.url}/{url}"))
        assert told(OFTEN_RAISED) in text
        assert told(flags.ANSWER_LEAKED) in text
        assert "Not measured: too few labelled items (0)." in text
        assert "items with it were rejected" not in text


@pytest.mark.django_db
def test_the_list_offers_flags_with_how_often_they_are_right(team: Team, browse: Browse) -> None:
    text = page(browse(team.reviewer).get(f"{team.url}/items/"))
    share = flag_trust.measured_share(OFTEN_RAISED)
    assert f"unsupported (right on {share.right} of {share.raised})" in text
    assert "different language (not measured)" in text
    assert "empty answer (not measured)" in text


@pytest.mark.django_db
def test_a_project_that_decided_on_enough_tells_its_own_share(team: Team, browse: Browse) -> None:
    decide(team, 12, flags=[OFTEN_RAISED])
    decide(team, 3)
    waiting = make.item(team.project, flags=[OFTEN_RAISED])
    assert flag_trust.decided_shares(team.project) == {OFTEN_RAISED: Share(12, 8)}
    text = page(browse(team.reviewer).get(f"{team.url}/items/{waiting.pk}/"))
    assert f"{told(OFTEN_RAISED)} Here, 8 of 12 items with it were rejected or edited." in text


@pytest.mark.django_db
def test_few_decisions_and_those_of_other_projects_tell_nothing(team: Team) -> None:
    decide(team, flag_trust.FEWEST - 1, flags=[OFTEN_RAISED])
    [flag] = flag_trust.explained(team.project, [OFTEN_RAISED])
    assert flag.trust == told(OFTEN_RAISED)
    other = Project.objects.get(name="Elsewhere")
    assert flag_trust.decided_shares(other) == {}


@pytest.mark.django_db
def test_flags_of_the_first_question_count_and_an_item_only_once(team: Team) -> None:
    items = decide(team, 12, flags=[OFTEN_RAISED])
    Question.objects.filter(item__in=items).update(flags=[OFTEN_RAISED, flags.NOT_A_QUESTION])
    shares = flag_trust.decided_shares(team.project)
    assert shares == {OFTEN_RAISED: Share(12, 8), flags.NOT_A_QUESTION: Share(12, 8)}


@pytest.mark.django_db
def test_it_is_one_query_and_none_without_flags(team: Team, django_assert_num_queries: Any) -> None:
    process_cache.clear()
    with django_assert_num_queries(0):
        assert flag_trust.explained(team.project, []) == []
    with django_assert_num_queries(1):
        flag_trust.explained(team.project, [OFTEN_RAISED, HARDLY_RAISED])


@pytest.mark.django_db
def test_what_people_wrote_by_hand_does_not_count_as_drafts(team: Team) -> None:
    items = decide(team, 12, flags=[OFTEN_RAISED])
    Item.objects.filter(pk__in=[item.pk for item in items[:3]]).update(author=team.engineer)
    assert flag_trust.decided_shares(team.project)[OFTEN_RAISED].raised == 9
