"""Models are tried and found, and what they are worth is told where one is chosen."""

import json
import threading
from typing import Any

import pytest
from django.test import Client

from generation.models import Verdict
from generation.progress import worth
from prompts.models import Task
from qareview import trials
from qareview.backends import servers
from qareview.models import Project
from tests import make
from tests.added import KEY, add, tried
from tests.conftest import Team
from tests.model_server import Server, answer, first, items, sends
from tests.site import free_port
from tests.web import PART, page

pytestmark = pytest.mark.django_db

# Trying


def test_a_test_sends_a_request_of_each_task_and_shows_what_came(
    root: Client, server: Server
) -> None:
    server.script = sends(200, answer("Anna <b>Weiss</b> built it."))
    add(root, server, price_in="100000", price_out="100000")
    text = tried(root, "big")
    assert len(server.bodies) == len(Task)
    assert text.count("Anna &lt;b&gt;Weiss&lt;/b&gt; built it.") == len(Task)
    assert "7 tokens read, 3 tokens written, " in text
    assert "This test cost 5." in text
    assert 'href="/projects/new/?model=big"' in text
    whole = page(root.post("/models/test/", {"name": "big"}))
    assert "<html" in whole


def test_a_test_sends_what_drafting_would_send(root: Client, server: Server) -> None:
    server.script = sends(200, answer(items("Anna Weiss built the town bridge in 1812.")))
    add(root, server)
    assert "has no item" not in tried(root, "big")
    formats = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert sorted(map(str, formats)) == ["None"] * (len(Task) - 1) + ["json_schema"]
    [asked] = [body for body in server.bodies if "response_format" in body]
    assert "with their answers: 1 at most." in asked["messages"][-1]["content"]


def test_a_reply_that_drafting_could_not_read_is_told(root: Client, server: Server) -> None:
    server.script = sends(200, answer("I would rather not."))
    add(root, server)
    text = tried(root, "big")
    assert text.count("The model’s reply has no item that can be read") == 1
    assert text.count("I would rather not.") == len(Task)


@pytest.mark.parametrize(
    ("script", "more", "served", "sentence"),
    [
        (first(401, 99), {}, True, "does not accept the key; check it: Not now."),
        (first(403, 99), {}, True, "does not allow this key to use org/big: Not now."),
        (
            first(404, 99),
            {"served_name": "bigg"},
            True,
            "has no model named “bigg”. It has: org/big, small.",
        ),
        (
            first(400, 99),
            {"served_name": "bigg"},
            True,
            "has no model named “bigg”. It has: org/big, small.",
        ),
        (first(404, 99), {}, False, "but not with OpenAI’s API. Check the address"),
        (
            sends(200, b"<html>Hello</html>"),
            {},
            False,
            "but not with OpenAI’s API. Check the address",
        ),
        (sends(200, b'{"hello": 1}'), {}, False, "check the model’s address"),
        (first(429, 99), {}, True, "is limiting requests"),
        (first(500, 99), {}, True, "failed; check its log"),
    ],
)
def test_what_is_wrong_is_told_apart(
    root: Client, server: Server, script: Any, more: dict[str, str], served: bool, sentence: str
) -> None:
    server.script = script
    server.served = server.served if served else None
    add(root, server, name="big", key=KEY, **more)
    assert sentence in tried(root, "big").replace("&#x27;", "'")


def test_no_server_and_no_answer_are_told_apart(
    root: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(root, server, url=f"http://127.0.0.1:{free_port()}/v1", name="away")
    assert "cannot be reached; check that it is running" in tried(root, "away")
    monkeypatch.setattr(trials, "TRIAL_SECONDS", 0.5)
    server.script = lambda handler, _, __: late(handler)
    add(root, server, name="silent")
    assert "took too long to answer" in tried(root, "silent")


def late(handler: Any) -> None:
    threading.Event().wait(1)
    handler.close_connection = True


def test_models_of_the_settings_are_tried_as_well(root: Client) -> None:
    text = tried(root, "scripted")
    assert "The model works." in text
    assert "In short, The town bridge was built in 1812" in text
    for name in ("lost", "", "\0"):
        assert root.post("/models/test/", {"name": name}).status_code == 404


# Looking


def test_servers_on_this_machine_are_found(server: Server) -> None:
    silent = servers.Preset("none", "None", f"http://127.0.0.1:{free_port()}/v1")
    here = servers.Preset("here", "Here", server.url)
    web = Server()  # answers, but lists no models
    other = servers.Preset("web", "Web", web.url)
    assert servers.look_here((silent, here, other)) == [servers.Found(here, ["org/big", "small"])]
    web.close()


def test_looking_says_where_it_looked_or_what_it_found(
    root: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    monkeypatch.setattr(servers, "LOCAL", (servers.Preset("ollama", "Ollama", nobody),))
    text = page(root.get("/models/found/", headers=PART))
    assert "QAReview looked for Ollama at their usual ports." in text
    monkeypatch.setattr(servers, "LOCAL", (servers.Preset("ollama", "Ollama", server.url),))
    add(root, server, served_name="small")
    text = page(root.get("/models/found/", headers=PART))
    assert 'href="/models/new/?kind=ollama&amp;served_name=org/big"' in text
    assert "served_name=small" not in text


# Worth


def test_what_a_model_is_worth_is_told_where_it_is_chosen(
    team: Team, browse: Any, root: Client, server: Server
) -> None:
    add(root, server)
    accepted, rejected, *_ = make.items(team.project, 4, model="big")
    make.accept(accepted, team.reviewer)
    make.accept(
        rejected, team.reviewer, verdict=Verdict.REJECTED, reason="Dull", question="", answer=""
    )
    sentence = (
        "Reviewers here accepted 50 % of its 2 reviewed items so far (95 % interval: 9 % to 91 %)."
    )
    measured = json.loads(worth.MEASURED.read_text())
    share = round(100 * measured["acceptable"] / measured["drafts"])
    client = browse(team.admin)
    prompt = team.project.prompts.get(task=Task.ASK)
    for text in (
        page(client.get(f"{team.url}/settings/drafting/")),
        page(client.get(f"{team.url}/drafting/again/")),
        page(client.get(f"{team.url}/prompts/{prompt.pk}/change/")),
        page(root.get("/projects/new/")),
        page(root.get("/models/")),
    ):
        assert sentence in text
        assert f"Of 100 drafts about {share} are accepted as they are (measured on" in text
        assert "Nobody here has reviewed its items yet." in text


def test_a_project_is_begun_with_a_model(root: Client, server: Server) -> None:
    add(root, server)
    assert '<option value="big" selected>' in page(root.get("/projects/new/?model=big"))
    root.post("/projects/new/", {"name": "Bees", "model": "big"})
    assert Project.objects.get(name="Bees").model == "big"
