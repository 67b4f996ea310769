"""A worker killed again and again changes nothing of what it drafts."""

import random
import time

import pytest

from tests.killing import MODELS_WORKER, is_in_the_middle, start_project
from tests.site import Site, prepared, until

pytestmark = pytest.mark.slow


def items_of(site: Site, slug: str) -> list[tuple[object, ...]]:
    query = """
        select p.position, p.text, i.number, i.answer, q.rank, q.text, i.tokens_in, q.tokens_out
        from generation_item i join generation_passage p on p.id = i.passage_id
        join generation_question q on q.item_id = i.id
        join qareview_project r on r.id = i.project_id
        where r.slug = %s order by p.position, i.number, q.rank"""
    return site.rows(query, slug)


def test_a_worker_killed_twenty_times_changes_no_item(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("twenty") / "var"
    site = prepared(folder, QAREVIEW_SCRIPTED_SECONDS="0.03")
    try:
        kill_twenty_times(site.start())
    finally:
        site.stop()


def kill_twenty_times(site: Site) -> None:
    undisturbed = start_project(site, "heron", passages=300)
    assert site.manage("wait", undisturbed, "--timeout", "300").returncode == 0
    expected = items_of(site, undisturbed)
    assert len(expected) == 300
    site.rows("delete from qareview_storedcompletion returning id")  # else nothing is drafted anew
    slug = start_project(site, "heron", passages=300)
    moments = random.Random(20)
    for _ in range(20):
        until(lambda: site.pids(MODELS_WORKER) and is_in_the_middle(site, slug), 60)
        time.sleep(moments.uniform(0, 1))
        site.kill(MODELS_WORKER)
    done = site.manage("wait", slug, "--timeout", "300")
    assert done.returncode == 0, done.stderr
    assert items_of(site, slug) == expected
