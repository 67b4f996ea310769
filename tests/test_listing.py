"""Filters of the list of items, and that they reveal nothing a user may not know."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.expressions import RawSQL
from django.test import Client
from django.utils import timezone

from generation.items import listing
from generation.models import Assignment, Item, ItemState, Purpose, Verdict
from generation.review import decisions
from tests import make
from tests.conftest import Team
from tests.test_items import shown
from tests.web import page

Browse = Callable[[User], Client]


@pytest.fixture
def answers(team: Team, browse: Browse) -> Callable[..., list[str]]:
    """Give the answers a member sees with a filter."""

    def seen(query: str, user: User = team.reviewer) -> list[str]:
        return shown(page(browse(user).get(f"{team.url}/items/{query}")))

    return seen


@pytest.fixture
def pair(team: Team) -> list[Item]:
    """Two items that differ in everything that can be filtered by."""
    now = timezone.now()
    first = make.item(
        team.project,
        answer="Answer 1.",
        score=0.2,
        flags=["empty-answer"],
        model="old-model",
        created_at=now - timedelta(days=10),
    )
    second = make.item(team.project, answer="Answer 2.", score=0.9, purpose=Purpose.CALIBRATION)
    Assignment.objects.create(item=first, reviewer=team.reviewer)
    make.accept(first, team.engineer)
    return [first, second]


FIRST, SECOND, BOTH = ["Answer 1."], ["Answer 2."], ["Answer 2.", "Answer 1."]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=accepted", FIRST),
        ("?state=pending", SECOND),
        ("?flag=empty-answer", FIRST),
        ("?reviewer={engineer}", FIRST),
        ("?reviewer={reviewer}", []),
        ("?score_from=0.5", SECOND),
        ("?score_to=0.5", FIRST),
        ("?score_from=0.2&score_to=0.9", BOTH),
        ("?drafted_from={today}", SECOND),
        ("?drafted_to={yesterday}", FIRST),
        ("?decided_from={today}", FIRST),
        ("?decided_to={yesterday}", []),
        ("?decided_from={today}&decided_to={today}", FIRST),
        ("?model=old-model", FIRST),
        ("?variant={variant}", BOTH),
        ("?assigned={reviewer}", FIRST),
        ("?assigned={engineer}", []),
        ("?document={document}", FIRST),
        ("?text=answer", BOTH),
        ("?text=%22answer+2%22", SECOND),
        ("?order=best", BOTH),
        ("?order=lowest", ["Answer 1.", "Answer 2."]),
        ("?order=document", ["Answer 1.", "Answer 2."]),
        ("?text=answer&flag=empty-answer&score_to=0.5&state=accepted", FIRST),
    ],
)
def test_each_filter(
    team: Team, answers: Any, pair: list[Item], query: str, expected: list[str]
) -> None:
    today = timezone.localdate()
    place = query.format(
        engineer=team.engineer.pk,
        reviewer=team.reviewer.pk,
        today=today,
        yesterday=today - timedelta(days=1),
        variant=pair[0].variant_id,
        document=pair[0].document_id,
    )
    assert answers(place) == expected


def test_the_purpose_is_for_admins(team: Team, answers: Any, pair: list[Item]) -> None:
    assert answers("?purpose=calibration", team.admin) == SECOND
    assert answers("?purpose=usual", team.admin) == FIRST
    assert answers("?purpose=calibration") == BOTH


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("?state=burnt", "“State” is not valid"),
        ("?score_from=much", "“Score from” is not valid"),
        ("?drafted_from=2026-99-99", "“Drafted from” is not valid"),
        ("?reviewer=999999", "“Decided by” is not valid"),
        ("?document=99999999999999999999999", "“Document” is not valid"),
        ("?like=1e9", "“Similar to” is not valid"),
        ("?text=%26%26", "“Text” is not valid"),
        ("?text=%00", "“Text” is not valid"),
        (
            "?variant__prompt__project__name=x",
            "“variant__prompt__project__name” is not a filter",
        ),
        ("?held_by__password__startswith=p", "is not a filter"),
        ("?page=x", ""),
        ("?page=-1", ""),
        ("?page=0", ""),
    ],
)
def test_what_is_not_understood_narrows_nothing_and_says_so(
    team: Team, browse: Browse, pair: list[Item], query: str, heading: str
) -> None:
    text = page(browse(team.reviewer).get(f"{team.url}/items/{query}"))
    assert shown(text) == BOTH
    assert heading in text
    assert ("This filter is ignored" in text) == bool(heading)


def test_an_absurd_page_is_empty(team: Team, answers: Any, pair: list[Item]) -> None:
    assert answers(f"?page={'9' * 5000}") == []


def test_an_address_holds_only_what_is_set(team: Team, browse: Browse) -> None:
    response = browse(team.reviewer).get(f"{team.url}/items/?text=&state=pending&flag=&order=")
    assert response.url == f"{team.url}/items/?state=pending"


def test_nothing_of_another_project_is_found(team: Team, answers: Any, pair: list[Item]) -> None:
    other = make.item(make.project(team.reviewer, "Other"), answer="Answer 3.")
    assert answers(f"?document={other.document_id}") == BOTH
    assert answers(f"?variant={other.variant_id}") == BOTH
    assert answers("?text=answer") == BOTH


@pytest.fixture
def calibrated(team: Team) -> Item:
    """An item for everyone, which the engineer has rejected."""
    item = make.item(team.project, answer="Answer 5.", purpose=Purpose.CALIBRATION)
    make.accept(item, team.engineer, answer="Answer 6.")
    return Item.objects.get(pk=item.pk)


@pytest.mark.parametrize(
    "query", ["?state=accepted", "?reviewer={engineer}", "?decided_from={today}", "?text=6"]
)
def test_nobody_learns_a_verdict_by_filtering(
    team: Team, answers: Any, calibrated: Item, query: str
) -> None:
    place = query.format(engineer=team.engineer.pk, today=timezone.localdate())
    assert calibrated.state == ItemState.ACCEPTED
    assert answers(place) == []
    assert answers("?state=pending") == ["Answer 5."]
    if "text" not in query:  # an edited text of an item that is open is found by nobody
        assert answers(place, team.engineer) == ["Answer 6."]
    assert answers("?state=pending", team.engineer) == []


def test_nobody_learns_a_verdict_by_looking(team: Team, browse: Browse, calibrated: Item) -> None:
    client = browse(team.reviewer)
    for place in ("items/", f"items/{calibrated.pk}/"):
        text = page(client.get(f"{team.url}/{place}"))
        assert "Answer 5." in text
        for secret in ("Answer 6.", '"fine">eve', "<strong>eve", ">accepted</span>"):
            assert secret not in text
    rejection = make.submission(calibrated, Verdict.REJECTED, reason="Not worth asking")
    decisions.submit(team.project, calibrated.pk, team.reviewer, rejection)
    text = page(client.get(f"{team.url}/items/{calibrated.pk}/"))
    assert "<strong>eve" in text


def test_similar_ones_come_nearest_first(team: Team, answers: Any) -> None:
    def towards(angle: float) -> list[float]:
        return [1 - angle, angle, *([0.0] * 382)]

    items = [
        make.item(team.project, answer=f"Answer {number}.", embedding=towards(number / 10))
        for number in (3, 1, 2)
    ]
    make.item(team.project, answer="Answer 9.")
    assert answers(f"?like={items[1].pk}") == ["Answer 1.", "Answer 2.", "Answer 3."]
    assert answers(f"?like={items[1].pk}&text=3") == ["Answer 3."]


def test_more_than_so_many_are_not_counted(
    team: Team, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 3)
    monkeypatch.setattr(listing, "ITEMS_A_PAGE", 2)
    make.items(team.project, 4)
    assert "More than 3 items" in page(browse(team.reviewer).get(f"{team.url}/items/"))


def test_counting_ends_in_time(team: Team, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    make.items(team.project, 2)
    slow = RawSQL("SELECT pg_sleep(0.2) IS NULL", [])
    result = team.project.items.annotate(is_slow=slow).filter(is_slow=False)
    monkeypatch.setattr(listing, "COUNT_MILLISECONDS", 50)
    assert listing._count(result) is None
    assert listing._count(team.project.items.all()) == 2
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    monkeypatch.setattr(listing, "ITEMS_A_PAGE", 1)
    monkeypatch.setattr(listing, "_count", lambda items: None)
    assert "Not counted" in page(browse(team.reviewer).get(f"{team.url}/items/"))


def test_what_many_have_is_found_among_the_newest(team: Team, monkeypatch: Any) -> None:
    items = make.items(team.project, 70)
    rare = make.items(team.project, 3, answer="A rare sill.")
    newest = [item.pk for item in reversed([*items, *rare])]

    def pks(text: str, number: int = 1) -> list[int]:
        result = listing.page_of_items(team.project, {"text": text}, team.reviewer, number)
        return [row.item.pk for row in result.rows]

    for looked_through in (listing.NEWEST_SEARCHED, 60, 2):
        monkeypatch.setattr(listing, "NEWEST_SEARCHED", looked_through)
        assert pks("tells") == newest[:50]
        assert pks("tells", 2) == newest[50:]
        assert pks("rare") == newest[:3]


@pytest.mark.parametrize("name", ["drafted_to", "decided_to", "drafted_from"])
def test_the_last_day_of_all_is_refused(team: Team, browse: Any, name: str) -> None:
    text = page(browse(team.admin).get(f"{team.url}/items/?{name}=9999-12-31"))
    assert "is not valid. This filter is ignored." in text
