"""Fifty reviewers at once, over HTTP, in one project."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.desks import Desk, sessions
from tests.site import Site, prepared

ITEMS, REVIEWERS, REVIEWS = 200, 50, 3


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    started = prepared(tmp_path / "var").start()
    yield started
    started.stop()


@pytest.mark.slow
def test_fifty_at_once_give_each_item_its_three_reviews_and_not_one_more(site: Site) -> None:
    keys = sessions(site, "many", reviewers=REVIEWERS, items=ITEMS, reviews=REVIEWS)

    def work(number: int) -> None:
        desk = Desk(site, "many", keys[number])
        while True:
            while desk.item:
                desk.decide(times=2 if desk.item % 5 == number % 5 else 1)
            if "All items are reviewed" in desk.html:
                return
            desk.look()  # what is left is on others' desks

    with ThreadPoolExecutor(REVIEWERS) as pool:
        list(pool.map(work, range(REVIEWERS)))
    reviews = site.rows(
        "select item_id, count(*), count(distinct reviewer_id) from generation_review "
        "join generation_item i on i.id = item_id join qareview_project p on p.id = i.project_id "
        "where p.slug = 'many' and withdrawn_at is null group by item_id"
    )
    assert len(reviews) == ITEMS
    assert {(count, people) for _, count, people in reviews} == {(REVIEWS, REVIEWS)}
    states = site.rows(
        "select i.state, count(*) from generation_item i join qareview_project p "
        "on p.id = i.project_id where p.slug = 'many' group by 1"
    )
    assert states == [("accepted", ITEMS)]
    assert site.rows("select count(*) from generation_hold where until > now()") == [(0,)]
