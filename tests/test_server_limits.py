"""The limits of a model on a server: its context, and the time that is left while it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.drafting import drafting
from generation.models import Passage
from generation.progress.counts import project_progress
from prompts.builtin_prompts import (
    BUILTIN,
    FOR_LARGE_MODELS,
    FOR_THE_WRITER,
    ONE_TEXT_A_REQUEST,
    wordings_for,
    wordings_of,
)
from prompts.model_sizes import is_large
from prompts.models import Task
from qareview import jobs
from qareview.backends import backend_for
from qareview.models import JobState, Project
from tests import make, models
from tests.added import add
from tests.model_server import Server, first, good, told
from tests.web import page

pytestmark = pytest.mark.django_db


def with_passages(team: Any, model: str, count: int) -> list[Passage]:
    Project.objects.filter(pk=team.project.pk).update(model=model)
    document = make.document(team.project, text="")
    return [
        Passage.objects.create(
            document=document, position=n, start=n, end=n + 1, text=f"Gate {n} closes at {n}."
        )
        for n in range(count)
    ]


def test_a_prompt_that_does_not_fit_the_context_of_a_server_is_told_on_its_passage(
    root: Client, server: Server, team: Any, browse: Callable[[User], Client]
) -> None:
    add(root, server, context="150")
    long, short = with_passages(team, "big", 2)
    Passage.objects.filter(pk=long.pk).update(text="The gate closes at dusk. " * 40)
    for task in (Task.SUMMARISE, Task.ASK):
        prompt = team.project.prompts.get(task=task)
        prompt.variants.update(examples=[], max_tokens=50)
    drafting.work_off_passages()
    long.refresh_from_db()
    short.refresh_from_db()
    assert (long.state, short.state) == (JobState.FAILED, JobState.DONE)
    assert all("Gate 1 closes" in str(body["messages"]) for body in server.bodies)
    text = page(browse(team.engineer).get(f"{team.url}/documents/{long.document_id}/"))
    assert (
        "tokens and the output may need 50 more, but the model takes at most 150 in total" in text
    )
    assert "fewer output tokens for the prompt" in text


def test_the_context_of_a_model_in_a_folder_is_kept_as_well(tmp_path: Any, settings: Any) -> None:
    path = str(models.decoder(tmp_path))
    settings.MODELS = {"small": {"backend": "transformers", "path": path, "context": 30}}
    long, short = backend_for("small").complete(told("the gate " * 20, "the gate", max_tokens=9))
    assert "the output may need 9 more, but the model takes at most 30" in long.error
    assert short.error == ""


def test_no_time_left_is_told_while_the_key_is_refused(
    root: Client, server: Server, team: Any, browse: Callable[[User], Client], settings: Any
) -> None:
    settings.DRAFT_BATCH = 1
    add(root, server)
    with_passages(team, "big", 3)
    jobs.report_worker("")
    client = browse(team.engineer)
    rows = jobs.claim(Passage, 1)
    drafting.draft(rows)
    assert "left." in page(client.get(f"{team.url}/"))
    server.script = first(401, 99)
    drafting.work_off_passages()
    text = page(client.get(f"{team.url}/"))
    assert "does not accept the key" in text
    assert "left." not in text
    jobs.report_worker("", {})  # as a worker that was started again
    assert project_progress(team.project).seconds_left is None
    server.script = good
    [row, *_] = jobs.claim(Passage, 1)
    drafting.draft([row])
    assert project_progress(team.project).seconds_left is not None


# Which wordings suit a model


@pytest.mark.parametrize(
    ("name", "large"),
    [
        ("gpt-4o-mini", True),
        ("Qwen/Qwen3-30B-A3B-Instruct", True),
        ("llama3.1:8b", True),
        ("qwen2.5:0.5b", False),
        ("/models/SmolLM2-135M-Instruct.Q4_1", False),
        ("gemma-3-1b-it", False),
    ],
)
def test_a_server_runs_a_large_model_unless_its_name_says_otherwise(
    name: str, large: bool, settings: Any
) -> None:
    settings.MODELS = {"it": {"backend": "openai", "url": "http://here/v1", "name": name}}
    assert wordings_for("it") is (FOR_LARGE_MODELS if large else BUILTIN)


def test_a_folder_has_a_large_model_if_its_name_or_its_files_say_so(tmp_path: Any) -> None:
    (tmp_path / "model.safetensors").touch()
    options = {"backend": "transformers", "path": str(tmp_path)}
    assert not is_large(options)
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(7_000_000_000)  # a file with a hole, which takes no space
    assert is_large(options)
    assert is_large({**options, "path": "/models/Mistral-7B"})
    assert not is_large({"backend": "scripted"})


def test_each_task_offers_its_different_wordings() -> None:
    assert list(wordings_of(Task.SUMMARISE)) == ["examples", "sentences", "instruction", "items"]
    assert list(wordings_of(Task.ASK)) == ["examples", "sentences", "instruction"]
    assert list(wordings_of(Task.RECALL)) == ["examples"]
    assert wordings_of("translate") == {}
    assert wordings_for("lost") is BUILTIN
    assert wordings_for("embedded-writer") is FOR_THE_WRITER
    assert ONE_TEXT_A_REQUEST[Task.ASK] is FOR_LARGE_MODELS[Task.ASK]
