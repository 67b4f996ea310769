"""The whole program in real processes, some killed with -9: nothing is lost or doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.killing import MODELS_WORKER, is_in_the_middle, start_project
from tests.site import Site, prepared, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose model takes its time, so that it can be killed in the middle of a batch."""
    folder = tmp_path_factory.mktemp("kills") / "var"
    started = prepared(folder, QAREVIEW_SCRIPTED_SECONDS="0.1").start()
    yield started
    started.stop()


def assert_all_drafted_once(site: Site, slug: str) -> None:
    done = site.manage("wait", slug, "--timeout", "300")
    assert done.returncode == 0, done.stderr
    items_per_passage = """
        select p.id, count(distinct i.id), count(q.id) from generation_passage p
        join generation_document d on d.id = p.document_id
        join qareview_project r on r.id = d.project_id
        left join generation_item i on i.passage_id = p.id
        left join generation_question q on q.item_id = i.id
        where r.slug = %s group by p.id"""
    counts = [tuple(row[1:]) for row in site.rows(items_per_passage, slug)]
    assert len(counts) > 40
    assert set(counts) == {(1, 1)}


def test_a_second_start_in_the_same_folder_is_refused(site: Site) -> None:
    done = site.manage("up", "--port", "1")
    assert done.returncode == 1
    assert f"QAReview is already running at {site.url}/" in done.stderr


def test_a_port_that_is_taken_is_told_of(tmp_path: Path, site: Site) -> None:
    other = Site(tmp_path / "var")
    other.var.mkdir()
    done = other.manage("up", "--port", str(site.port))
    assert done.returncode == 1
    assert f"Choose another: make run PORT={site.port + 1}" in done.stderr


def test_a_file_of_200_mb_is_refused_before_it_takes_memory(site: Site) -> None:
    session = site.sign_in()
    page = session.get(f"{site.url}/projects/sample/")
    sent = {"files": ("huge.txt", b"tide " * 40_000_000)}
    answer = session.post(
        page.url,
        files=sent,
        data={"csrfmiddlewaretoken": session.cookies["csrftoken"]},
        headers={"Referer": page.url},
    )
    assert "The file is 200 MB. The limit is 100 MB." in answer.text
    peaks = [peak_memory(pid) for pid in site.pids("gunicorn")]
    assert len(peaks) == 3
    assert max(peaks) < 200_000_000


def peak_memory(pid: int) -> int:
    """Return the most memory a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_worker_killed_in_the_middle_of_a_batch(site: Site) -> None:
    slug = start_project(site)
    for _ in range(2):
        until(lambda: site.pids(MODELS_WORKER) and is_in_the_middle(site, slug), 60)
        site.kill(MODELS_WORKER)
    assert_all_drafted_once(site, slug)


def test_valkey_killed(site: Site) -> None:
    slug = start_project(site)
    until(lambda: is_in_the_middle(site, slug), 60)
    site.kill("valkey-server")
    assert_all_drafted_once(site, slug)


def test_the_keeper_of_both_servers_killed(site: Site) -> None:
    slug = start_project(site)
    until(lambda: is_in_the_middle(site, slug), 60)
    site.kill("qareview.machine.servers")
    assert_all_drafted_once(site, slug)


def test_postgres_killed_while_drafting_and_while_a_review_is_sent(site: Site) -> None:
    slug = start_project(site)
    until(lambda: is_in_the_middle(site, slug), 60)
    session, form = open_desk(site)
    site.kill(r"bin/postgres -D")
    until(lambda: send(site, session, form), 60)  # as a person does who presses again
    assert send(site, session, form)
    reviews = site.rows(
        "select verdict, answer from generation_review where submission = %s", form["key"]
    )
    assert reviews == [("edited", "An answer that must not be lost.")]
    assert_all_drafted_once(site, slug)


def open_desk(site: Site) -> tuple[requests.Session, dict[str, str]]:
    """Return the form of the item that the admin has on the desk in the sample project."""
    session = site.sign_in()
    page = session.get(f"{site.url}/projects/sample/review/").text

    def value(name: str) -> str:
        return page.split(f'name="{name}" value="')[1].split('"')[0]

    form = {name: value(name) for name in ("csrfmiddlewaretoken", "key", "replaces")}
    form |= {
        "action": page.split('id="review" method="post" action="')[1].split('"')[0],
        "verdict": "accepted",
        "question": "Will it be kept?",
        "answer": "An answer that must not be lost.",
    }
    return session, form


def send(site: Site, session: requests.Session, form: dict[str, str]) -> bool:
    """Send the form; return whether the server took it."""
    try:
        answer = session.post(
            site.url + form["action"], data=form, headers={"Referer": site.url}, timeout=10
        )
    except requests.RequestException:
        return False
    return answer.ok


def test_supervisor_killed(site: Site) -> None:
    slug = start_project(site)
    until(lambda: is_in_the_middle(site, slug), 60)
    session, form = open_desk(site)
    assert send(site, session, form)
    site.kill("manage.py up")
    until(lambda: site.pids("") == [], 30)  # nothing is left behind
    site.start()
    assert_all_drafted_once(site, slug)
    kept = site.rows("select answer from generation_review where submission = %s", form["key"])
    assert kept == [("An answer that must not be lost.",)]
