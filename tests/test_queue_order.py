"""Which items are open, and the desk's order: the same in SQL and in the ORM."""

import itertools

import pytest
from django.db import connection

from generation.models import BINNED, Item, ItemState, Purpose
from generation.review import queue
from qareview.models import DeskOrder
from tests import make
from tests.conftest import Team

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", [*ItemState, BINNED])
def test_both_conditions_of_an_open_item_name_the_same_items(team: Team, state: str) -> None:
    """The desk asks in SQL, the other pages with the ORM: for every kind of item alike."""
    me, other = team.reviewer.pk, team.engineer.pk
    kinds = list(itertools.product(Purpose, ([], [me], [other], [other, me])))
    items = make.items(team.project, len(kinds), state=state)
    for item, (purpose, reviewers) in zip(items, kinds, strict=True):
        Item.everything.filter(pk=item.pk).update(purpose=purpose, reviewers=reviewers)
    team.project.reviews_per_item = 9  # so that every item has a place
    with connection.cursor() as cursor:
        cursor.execute(*queue._free(team.project, team.reviewer))
        in_sql = {pk for (pk,) in cursor.fetchall()}
    assert in_sql == set(
        Item.everything.filter(project=team.project)
        .open_to(team.reviewer)
        .values_list("pk", flat=True)
    )
    is_open = {ItemState.PENDING: 3, ItemState.ASIDE: 0, BINNED: 0}
    assert len(in_sql) == 2 * is_open.get(state, 2)  # of each purpose: by nobody, by another


@pytest.mark.parametrize("order", DeskOrder)
def test_both_orders_put_items_alike(team: Team, order: DeskOrder) -> None:
    """The SQL of the desk and the ORM that reads its rows sort by the same table."""
    for score, shuffle in ((0.1, 0.5), (0.9, 0.3), (0.6, 0.4), (0.6, 0.2)):
        make.item(team.project, score=score, shuffle=shuffle)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT item.id FROM generation_item AS item WHERE item.project_id = %s "  # noqa: S608
            f"ORDER BY {queue._order_sql(order)}",
            [team.project.pk],
        )
        in_sql = [pk for (pk,) in cursor.fetchall()]
    by_orm = Item.everything.filter(project=team.project).order_by(*queue._order_by(order))
    assert in_sql == list(by_orm.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (DeskOrder.BEST, [1, 2, 0]),
        (DeskOrder.UNCERTAIN, [2, 0, 1]),
        (DeskOrder.RANDOM, [2, 1, 0]),
        (DeskOrder.DOCUMENT, [0, 1, 2]),
    ],
)
def test_the_order_is_the_projects(team: Team, order: DeskOrder, expected: list[int]) -> None:
    items = make.items(team.project, 3)
    for item, score, place in zip(items, (0.1, 0.95, 0.5), (0.9, 0.5, 0.1), strict=True):
        Item.objects.filter(pk=item.pk).update(score=score, shuffle=place)
    team.project.order = order
    taken = []
    for _ in items:
        item = queue.take_next_item(team.project, team.reviewer)
        assert item
        taken.append(items.index(item))
        make.accept(item, team.reviewer)
    assert taken == expected
