"""Projects take turns, servers wait for no local model, and pages say that a model is loaded."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from generation.drafting import drafting
from generation.models import Item, Passage
from qareview import backends, jobs, shares, tasks
from qareview.backends import loading
from qareview.models import JobState, Project
from qareview.shares import Place
from tests import make
from tests.conftest import Team
from tests.model_server import Server, good
from tests.site import until
from tests.test_drafting import SENTENCES, ask_for, passages_of

Browse = Callable[[User], Client]


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def work_off_servers() -> None:
    try:
        shares.work_off(Place.SERVERS)
    finally:
        connection.close()


def work_off_here() -> None:
    try:
        shares.work_off(Place.HERE)
    finally:
        connection.close()


def project_with(model: str, passages: int) -> Project:
    project = make.project(name=model)
    ask_for(project, model=model)
    passages_of(project, *(f"{model} {n} {SENTENCES}" for n in range(passages)))
    return project


def woken_by_sweep(capture_on_commit: Any) -> int:
    with capture_on_commit() as messages:
        jobs.sweep()
    return len(messages)


def drafted(project: Project) -> int:
    """Return how many passages are done; some items repeat others and are not kept."""
    return Passage.objects.filter(document__project=project, state=JobState.DONE).count()


@pytest.mark.django_db
def test_a_later_project_waits_for_a_batch_of_an_earlier_one_at_most(settings: Any) -> None:
    settings.DRAFT_BATCH = 8
    many, few = project_with("scripted", 50), project_with("scripted", 20)
    drafting.work_off_passages()
    order = list(Item.objects.order_by("pk").values_list("project", flat=True))
    assert order[:4] == [many.pk] * 4  # the first batch of a document is small
    assert order[4:8] == [few.pk] * 4
    assert order[8:40] == [*[many.pk] * 8, *[few.pk] * 8] * 2
    assert order[40:] == [many.pk] * 30


@pytest.mark.django_db(transaction=True)
def test_a_project_on_a_server_waits_for_no_local_batch(server: Server, settings: Any) -> None:
    settings.MODELS |= {
        "slow": {"backend": "scripted", "seconds": 0.2},
        "far": {"backend": "openai", "url": server.url, "name": "tiny"},
    }
    local, far = project_with("slow", 20), project_with("far", 6)
    here = threading.Thread(target=work_off_here)
    here.start()
    until(lambda: local.documents.filter(passages__state=JobState.RUNNING).exists(), 10)
    shares.work_off(Place.SERVERS)
    assert drafted(far) == 6
    assert drafted(local) < 20
    assert Passage.objects.filter(document__project=local, state=JobState.RUNNING).exists()
    here.join()
    assert drafted(local) == 20


@pytest.mark.django_db(transaction=True)
def test_models_of_servers_are_asked_side_by_side_but_each_by_one_batch(
    server: Server, settings: Any
) -> None:
    slow, may_answer = Server(), threading.Event()

    def slowly(handler: Any, body: dict[str, Any], tries: int) -> None:
        may_answer.wait(100)
        good(handler, body, tries)

    slow.script = slowly
    settings.MODELS |= {
        "fast": {"backend": "openai", "url": server.url, "name": "tiny"},
        "slow": {
            "backend": "openai",
            "url": slow.url,
            "name": "tiny",
            "concurrency": 2,
            "seconds": 100,
        },
    }
    waiting, quick = project_with("slow", 12), project_with("fast", 6)
    threads = [threading.Thread(target=work_off_servers) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: drafted(quick) == 6, 60)
    assert drafted(waiting) == 0
    may_answer.set()
    for thread in threads:
        thread.join()
    slow.close()
    assert drafted(waiting) == 12
    assert slow.most_at_once == 2


@pytest.mark.django_db
def test_a_project_without_its_model_keeps_no_other_waiting_and_is_told_of() -> None:
    project_with("gone-away", 2)
    other = project_with("scripted", 2)
    drafting.work_off_passages()
    assert drafted(other) == 2
    without = Project.objects.get(name="gone-away")
    assert jobs.worker_trouble(without.pk).startswith("There is no model named “gone-away”.")


@pytest.mark.django_db
def test_the_trouble_of_a_project_is_over_once_it_waits_no_more_though_no_other_does(
    django_capture_on_commit_callbacks: Any,
) -> None:
    project = project_with("gone-away", 2)
    drafting.work_off_passages()
    assert jobs.worker_trouble(project.pk)
    Passage.objects.update(state=JobState.HELD)
    assert woken_by_sweep(django_capture_on_commit_callbacks)
    drafting.work_off_passages()
    assert jobs.worker_trouble(project.pk) == ""
    assert not woken_by_sweep(django_capture_on_commit_callbacks)


@pytest.mark.django_db
def test_the_trouble_of_a_project_is_over_once_it_waits_for_a_server(settings: Any) -> None:
    project = project_with("later", 2)
    tasks.ask_models_here()
    assert jobs.worker_trouble(project.pk)
    settings.MODELS["later"] = {"backend": "openai", "url": "http://127.0.0.1:9", "name": "tiny"}
    tasks.ask_models_here()
    assert jobs.worker_trouble(project.pk) == ""


@pytest.mark.django_db
def test_the_trouble_of_a_project_is_told_to_its_own_members_alone(
    team: Team, browse: Browse
) -> None:
    secret = project_with("gone-away", 2)
    passages_of(team.project, SENTENCES)
    Passage.objects.filter(document__project=team.project).update(state=JobState.RUNNING)
    drafting.work_off_passages()
    sentence = "There is no model named “gone-away”."
    assert sentence in jobs.worker_trouble(secret.pk)
    assert jobs.worker_trouble(team.project.pk) == ""
    browser = browse(team.admin)
    for name in ("documents", "review"):
        assert sentence not in browser.get(reverse(name, args=[team.project.slug])).text
    jobs.report_worker("The embedding model is missing.")
    assert jobs.worker_trouble(team.project.pk) == "The embedding model is missing."
    assert sentence not in jobs.worker_trouble(0)


@pytest.mark.django_db
def test_the_model_is_loaded_while_the_document_is_read(settings: Any) -> None:
    settings.MODELS["asleep"] = {"backend": "scripted"}
    project = make.project()
    ask_for(project, model="asleep")
    tasks.ask_models_here()
    assert "asleep" not in backends._backends
    make.document(project, text="", state=JobState.RUNNING)
    tasks.ask_models_here()
    assert "asleep" in backends._backends


def test_that_a_model_is_loaded_is_said_while_it_is(team: Team, browse: Browse) -> None:
    passages_of(team.project, SENTENCES)
    said = "The model is being loaded."
    pages = [reverse(page, args=[team.project.slug]) for page in ("documents", "review")]

    def shown() -> set[bool]:
        browser = browse(team.admin)
        return {said in browser.get(page).content.decode() for page in pages}

    assert shown() == {False}
    with loading.said_to_be_loading("another"):
        until(lambda: "another" in loading.models_loading(), 5)
        assert shown() == {False}
    with loading.said_to_be_loading(team.project.model or "scripted"):
        until(loading.models_loading, 5)
        assert shown() == {True}
    assert shown() == {False}


def test_missing_items_are_offered_only_where_some_are(team: Team, browse: Browse) -> None:
    passages_of(team.project, SENTENCES)
    drafting.work_off_passages()
    offered = "Draft missing items"
    address = reverse("documents", args=[team.project.slug])
    assert offered not in browse(team.engineer).get(address).content.decode()
    ask_for(team.project, items=2)
    assert offered in browse(team.engineer).get(address).content.decode()
