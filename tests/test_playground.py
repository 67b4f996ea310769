"""The playground: wordings are tried with passages or a typed text, and nothing is stored."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Item
from prompts import playground, playing
from prompts.models import Prompt, Run, Task, Variant
from prompts.playground import PlaygroundRun, State
from qareview import completions
from qareview.broker import broker
from qareview.models import Project, StoredCompletion
from tests import make
from tests.conftest import Team
from tests.model_server import Server, first, pieces
from tests.web import PART, page

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
TEMPLATE = "Passage: {{ passage }}\n\nSay it."


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    yield
    for key in broker().scan_iter("playground:*"):
        broker().delete(key)


@pytest.fixture
def prompt(team: Team) -> Prompt:
    make.document(team.project)
    return team.project.prompts.get(task=Task.SUMMARISE)


@pytest.fixture
def client(team: Team, browse: Browse) -> Client:
    return browse(team.engineer)


def url_of(prompt: Prompt, rest: str = "") -> str:
    return f"/projects/{prompt.project.slug}/prompts/{prompt.pk}/playground/{rest}"


def wording(place: str = "first", **values: Any) -> dict[str, Any]:
    fields = {
        "variant": 1, "system": "Be brief.", "template": TEMPLATE, "examples": "", "picks": "",
        "pick_count": 3, "max_tokens": 60, "temperature": 0.8, **values,
    }  # fmt: skip
    return {f"{place}-{name}": value for name, value in fields.items()}


def passages_of(prompt: Prompt) -> list[int]:
    documents = prompt.project.documents.values_list("passages", flat=True)
    return list(documents.order_by("passages__position"))


def start(client: Client, prompt: Prompt, status: int = 200, **values: Any) -> str:
    data = {**wording(), "typed-passage": "", **values}
    return page(client.post(url_of(prompt), data, headers=PART), status)


def latest(prompt: Prompt, user: User) -> PlaygroundRun:
    run = playground.latest_run(user.pk, prompt.pk)
    assert run
    return run


def worked_off(prompt: Prompt, user: User) -> PlaygroundRun:
    """Do what a worker does when it hears of the run."""
    key = playground.take_run(1)
    assert key
    playing.work_off_run(key)
    return latest(prompt, user)


def progress(client: Client, run: PlaygroundRun, seen: str = "") -> str:
    url = f"/projects/harbour/prompts/{run.order.prompt}/playground/progress/"
    return page(client.get(url, {"run": run.key, "seen": seen or run.seen}, headers=PART))


def counts() -> list[int]:
    return [model.objects.count() for model in (Variant, Item, Run)]


# The page


def test_the_page_opens_with_the_variant_in_production_and_some_passages(
    client: Client, prompt: Prompt
) -> None:
    text = page(client.get(url_of(prompt)))
    assert prompt.production
    assert prompt.production.system in text
    assert text.count('name="passage"') == text.count(" checked") == 2
    assert "Outputs appear here" in text
    assert 'name="second-template"' not in text


def test_a_second_wording_stands_beside_the_first(client: Client, prompt: Prompt) -> None:
    second = prompt.variants.create(number=2, template="{{ passage }} In verse!")
    text = page(client.get(url_of(prompt, "?variant=1&second=2")))
    assert 'name="second-template"' in text
    assert second.template in text
    assert page(client.get(url_of(prompt, "?variant=9")), 404)


def test_the_prompts_page_and_the_editor_lead_here(client: Client, prompt: Prompt) -> None:
    url = f"/projects/harbour/prompts/{prompt.pk}/"
    assert f'href="{url_of(prompt, "?variant=1")}"' in page(client.get(url))
    assert f'href="{url_of(prompt, "?variant=1")}"' in page(client.get(f"{url}change/"))


def test_passages_are_found_by_their_words_and_chosen_ones_stay(
    client: Client, prompt: Prompt
) -> None:
    gates, lock = passages_of(prompt)
    place = url_of(prompt, "passages/")
    text = page(client.get(place, {"words": "SIDE lock", "passage": gates}, headers=PART))
    assert re.findall(r'value="(\d+)"( checked)?', text) == [
        (str(gates), " checked"),
        (str(lock), ""),
    ]
    assert page(client.get(place, {"words": "nowhere"}, headers=PART)).count("<input") == 0
    assert page(client.get(place, {"words": "tides.md\0"}, headers=PART)).count("<input") == 2
    drawn = page(client.get(place, {"random": "1"}, headers=PART))
    assert drawn.count(" checked") == 2
    assert "<html" in page(client.get(place))


def test_passages_of_other_projects_and_excluded_ones_are_not_offered(
    team: Team, client: Client, prompt: Prompt
) -> None:
    foreign = make.document(make.project(team.admin, "Other")).passages.all()[0]
    text = start(client, prompt, 422, passage=[foreign.pk, "x", "9" * 40])
    assert "Choose a passage, or type a text." in text
    excluded, _ = prompt.project.documents.get().passages.all()
    excluded.excluded_at = "2026-01-01T00:00:00Z"
    excluded.save()
    assert page(client.get(url_of(prompt))).count('name="passage"') == 1


def test_a_prompt_about_answers_offers_passages_that_have_one(
    team: Team, client: Client, prompt: Prompt
) -> None:
    item = make.item(team.project, answer="The tide turns at noon.")
    ask = team.project.prompts.get(task=Task.ASK)
    text = page(client.get(url_of(ask)))
    assert re.findall(r'name="passage" value="(\d+)"', text) == [str(item.passage_id)]
    template = "Answer: {{ answer }}\n\nWrite a question."
    start(client, ask, passage=item.passage_id, **wording(template=template))
    [output] = worked_off(ask, team.engineer).outputs
    assert output.messages[-1]["content"] == "Answer: The tide turns at noon.\n\nWrite a question."
    assert output.text == "What is told about “The tide turns at noon”?"


def test_the_sentence_to_state_is_chosen_as_drafting_does(
    team: Team, client: Client, prompt: Prompt
) -> None:
    template = "{{ passage }}\n\nState: {{ focus }}"
    typed = "Hello. The bridge was built in 1812 by Anna Weiss. It rained."
    values = {**wording(template=template), "typed-passage": typed}
    start(client, prompt, passage=passages_of(prompt)[0], **values)
    found = [each.messages[-1]["content"] for each in worked_off(prompt, team.engineer).outputs]
    assert found[0].endswith("State: The gates of the basin close by themselves when the tide "
                             "falls below the sill.")  # fmt: skip
    assert found[1].endswith("State: The bridge was built in 1812 by Anna Weiss.")


# Running


def test_two_wordings_are_run_with_each_input_and_nothing_is_stored(
    team: Team, client: Client, prompt: Prompt
) -> None:
    before = counts()
    second = wording("second", system="", template="Passage: {{ passage }}\n\nWrite a question.")
    text = start(client, prompt, passage=passages_of(prompt), **second, **{"typed-passage": "Fog."})
    assert "Waiting for a worker" in text
    assert text.count("<article") == 6
    run = worked_off(prompt, team.engineer)
    assert run.state == State.DONE
    assert [output.state for output in run.outputs] == [State.DONE] * 6
    assert run.outputs[0].text.startswith("In short, ")
    assert run.outputs[1].text.startswith("What is told about “")
    assert run.outputs[4].text == "In short, Fog."
    assert [message["role"] for message in run.outputs[0].messages] == ["system", "user"]
    text = progress(client, run, "w" * 7)
    assert "Complete." in text
    assert "Be brief." in text
    assert "What is told about “Fog”?" in text
    assert 'hx-trigger="every' not in text
    assert counts() == before
    assert set(StoredCompletion.objects.values_list("text", flat=True)) == {""}


def test_the_page_catches_up_whatever_it_missed(team: Team, client: Client, prompt: Prompt) -> None:
    start(client, prompt, passage=passages_of(prompt))
    waiting = latest(prompt, team.engineer)
    assert progress(client, waiting).count("hx-swap-oob") == 0
    run = worked_off(prompt, team.engineer)
    assert progress(client, run, waiting.seen).count('<article class="card" id="output-') == 2
    assert progress(client, run, run.seen).count("hx-swap-oob") == 0
    nonsense = progress(client, run, "dx")
    assert nonsense.count("hx-swap-oob") == 3
    whole = page(client.get(url_of(prompt, f"?run={run.key}")))
    assert run.outputs[1].text in whole
    assert TEMPLATE in whole
    assert whole.count(" checked") == 2


def test_text_is_seen_before_it_is_complete(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(playing, "NOTE_SECONDS", 0)
    use(settings, server)
    seen: list[str] = []

    def script(handler: Any, _: Any, __: Any) -> None:
        for _ in pieces(handler, "It ", "closes."):
            wait_for_text(prompt, team.engineer, len(seen))
            seen.append(latest(prompt, team.engineer).outputs[0].text)

    server.script = script
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    run = worked_off(prompt, team.engineer)
    assert seen == ["It", "It closes."]
    assert run.outputs[0].text == "It closes."
    assert (run.outputs[0].tokens_in, run.outputs[0].tokens_out) == (7, 3)


def wait_for_text(prompt: Prompt, user: User, words: int) -> None:
    pause = threading.Event()
    for _ in range(100):
        if len(latest(prompt, user).outputs[0].text.split()) > words:
            return
        pause.wait(0.05)


def use(settings: Any, server: Server, **more: Any) -> None:
    options = {"backend": "openai", "url": server.url, "name": "tiny", **more}
    settings.MODELS = {**settings.MODELS, "far": options}


def test_what_was_spent_is_counted_even_if_it_was_stopped(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(playing, "NOTE_SECONDS", 0)
    use(settings, server, price_in=1_000_000, price_out=1_000_000)
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    run = worked_off(prompt, team.engineer)
    assert "cost: 10" in progress(client, run, "ww")
    assert completions.spending(team.project) == completions.Spending(10, 10)

    def stopped(handler: Any, _: Any, __: Any) -> None:
        for _ in pieces(handler, *["more "] * 50):
            wait_for_text(prompt, team.engineer, 0)
            playground.stop_run(team.engineer.pk)

    server.script = stopped
    start(client, prompt, **{"typed-passage": "The gate.", "model": "far"})
    run = worked_off(prompt, team.engineer)
    assert run.state == State.STOPPED
    assert run.outputs[0].state == State.STOPPED
    assert "more" in run.outputs[0].text
    assert completions.spending(team.project).cost > 10
    assert "Stopped." in progress(client, run, "ww")


def test_a_second_press_stops_the_first_run(team: Team, client: Client, prompt: Prompt) -> None:
    start(client, prompt, passage=passages_of(prompt))
    earlier = latest(prompt, team.engineer)
    start(client, prompt, **{"typed-passage": "The gate."})
    assert "another one was started" in progress(client, earlier)
    key = playground.take_run(1)
    assert key == earlier.key
    playing.work_off_run(key)
    stopped = playground.read_run(key)
    assert stopped
    assert [output.state for output in stopped.outputs] == [State.STOPPED] * 2
    assert worked_off(prompt, team.engineer).outputs[0].text == "In short, The gate."


def test_a_run_is_its_persons_own(
    team: Team, browse: Browse, client: Client, prompt: Prompt
) -> None:
    start(client, prompt, **{"typed-passage": "A secret."})
    run = latest(prompt, team.engineer)
    admin = browse(team.admin)
    assert "A secret." not in page(admin.get(url_of(prompt, f"?run={run.key}")))
    assert "not kept any more" in progress(admin, run)
    page(admin.post(url_of(prompt, "stop/"), headers=PART))
    assert not latest(prompt, team.engineer).has_ended


def test_stopping_before_a_worker_came_leaves_nothing_to_do(
    team: Team, client: Client, prompt: Prompt
) -> None:
    start(client, prompt, passage=passages_of(prompt))
    text = page(client.post(url_of(prompt, "stop/"), headers=PART))
    assert text.count("Stopped.") == 3
    assert worked_off(prompt, team.engineer).state == State.STOPPED
    assert StoredCompletion.objects.count() == 0


def test_what_a_template_writes_with_is_shown_even_without_a_script(
    client: Client, team: Team, prompt: Prompt
) -> None:
    response = client.post(url_of(prompt), {**wording(), "typed-passage": "The gate."})
    run = latest(prompt, team.engineer)
    assert (response.status_code, response.url) == (302, url_of(prompt, f"?run={run.key}"))
    response = client.post(url_of(prompt, "stop/"))
    assert response.url == url_of(prompt, f"?run={run.key}")


# Limits, and what goes wrong


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (wording(template="{{ passage }}\n{% if %}"), "Expected an expression, got 'end of state"),
        (wording(template="{{ passage }}\n{{ passage"), "line 2"),
        (wording(template="a\n{% macro m() %}{% endmacro %}"), "Line 2 uses “Macro”"),
        (wording(template="{{ passage }} {{ colour }}"), "have no value here: colour"),
        (wording(template="{{ headings }}"), "Add {{ passage }} to the template"),
        (wording(max_tokens=0), "Maximum output tokens</b>: "),
        (wording("second", template=""), "Wording 2: Template</b>: This field is required."),
        ({"typed-passage": ""}, "Choose a passage, or type a text."),
        ({"typed-passage": "", "typed-headings": "Tides"}, "passage</b>: Type this as well"),
        ({"typed-passage": "a" * 20_001}, "at most 20000 characters"),
        ({"model": "unheard-of"}, "unheard-of is not one of the available choices"),
    ],
)
def test_what_cannot_be_run_is_told_beside_the_button(
    client: Client, team: Team, prompt: Prompt, values: dict[str, Any], sentence: str
) -> None:
    data = {"typed-passage": "The gate.", **values}
    text = start(client, prompt, 422, **data).replace("&#x27;", "'")
    assert sentence in text
    assert "<form" not in text
    assert sentence in page(client.post(url_of(prompt), {**wording(), **data}), 422).replace(
        "&#x27;", "'"
    )
    assert playground.latest_run(team.engineer.pk, prompt.pk) is None


def test_at_most_five_passages_are_run(client: Client, prompt: Prompt) -> None:
    items = make.items(prompt.project, 5)
    chosen = [item.passage_id for item in items]
    text = start(client, prompt, 422, passage=chosen, **{"typed-passage": "Fog."})
    assert "Choose at most 5 passages; a typed text counts as one." in text
    assert start(client, prompt, passage=chosen).count("<article") == 5


def test_outputs_are_bounded_in_length_and_prompts_too(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    long = "Passage: {{ passage }}{% for n in range(9) %}{{ passage }}{% endfor %}"
    values = {"typed-passage": "word " * 4000, "model": "far"}
    start(client, prompt, **values, **wording(max_tokens=4096), **wording("second", template=long))
    run = worked_off(prompt, team.engineer)
    assert server.bodies[0]["max_tokens"] == playground.MOST_TOKENS
    assert run.outputs[0].state == State.DONE
    assert run.outputs[1].error.startswith("The prompt has 2")
    assert run.outputs[1].error.endswith("The playground sends at most 100,000.")
    assert len(server.bodies) == 1


def test_a_run_ends_when_its_time_is_up(
    team: Team, client: Client, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "RUN_SECONDS", 0)
    start(client, prompt, passage=passages_of(prompt))
    run = worked_off(prompt, team.engineer)
    assert run.state == State.STOPPED
    assert run.error == "The run was stopped after 0 seconds, the limit of the playground."
    assert run.error in progress(client, run, "www")


def test_a_server_that_refuses_is_told_at_each_output(
    team: Team, client: Client, prompt: Prompt, server: Server, settings: Any
) -> None:
    use(settings, server)
    server.script = first(401, 99)
    start(client, prompt, passage=passages_of(prompt), model="far")
    run = worked_off(prompt, team.engineer)
    assert [output.state for output in run.outputs] == [State.FAILED] * 2
    assert progress(client, run, "www").count("does not accept the key; check it") == 2
    assert len(server.bodies) == 2


def test_a_model_that_is_gone_or_cannot_be_loaded_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    settings.MODELS = {**settings.MODELS, "lost": {"backend": "transformers", "path": "/nowhere"}}
    start(client, prompt, **{"typed-passage": "The gate.", "model": "lost"})
    run = worked_off(prompt, team.engineer)
    assert run.state == State.FAILED
    assert "The model in /nowhere could not be loaded" in progress(client, run, "ww")
    start(client, prompt, **{"typed-passage": "The gate.", "model": "lost"})
    del settings.MODELS["lost"]
    assert "There is no model named “lost”" in worked_off(prompt, team.engineer).error


def test_a_used_up_budget_is_told_before_and_while_it_runs(
    team: Team, client: Client, prompt: Prompt
) -> None:
    start(client, prompt, **{"typed-passage": "The gate."})
    Project.objects.filter(pk=team.project.pk).update(budget_tokens=0)
    assert worked_off(prompt, team.engineer).error.startswith("The budget of 0 tokens is used up")
    text = start(client, prompt, 422, **{"typed-passage": "The gate."})
    assert "The budget of 0 tokens is used up" in text


def test_a_worker_that_died_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    start(client, prompt, **{"typed-passage": "The gate."})
    key = playground.take_run(1)
    assert key
    playground.note_state(key, State.RUNNING)
    assert not latest(prompt, team.engineer).has_ended
    settings.WORKER_SILENT_SECONDS = -1
    assert "The worker stopped. Run again." in progress(client, latest(prompt, team.engineer), "rw")


def test_a_broker_that_is_away_is_told(
    team: Team, client: Client, prompt: Prompt, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    broker.cache_clear()
    try:
        text = start(client, prompt, 422, **{"typed-passage": "The gate."})
        assert "The broker is away. Try again in a moment." in text
        assert page(client.get(url_of(prompt, "?run=x")))
        assert client.get(url_of(prompt, "progress/?run=x")).status_code == 503
        assert client.post(url_of(prompt, "stop/")).status_code == 503
    finally:
        broker.cache_clear()


# Saving


def test_a_wording_is_saved_as_the_editor_does(team: Team, client: Client, prompt: Prompt) -> None:
    data = {**wording(), **wording("second", template="{{ passage }} In verse!"), "save": "second"}
    response = client.post(url_of(prompt, "save/"), {**data, "model": "scripted"})
    assert response.url == f"/projects/harbour/prompts/{prompt.pk}/"
    saved = prompt.variants.get(number=2)
    assert (saved.template, saved.model) == ("{{ passage }} In verse!", "scripted")
    assert (saved.origin, saved.parent) == ("changed by eve", prompt.production)
    again = client.post(url_of(prompt, "save/"), {**data, "model": "scripted"})
    assert "Variant 2 is identical" in page(again, 422)
    wrong = client.post(
        url_of(prompt, "save/"), {**data, **wording(template="{{ passage"), "save": ""}
    )
    assert "The template is not valid" in page(wrong, 422)
    assert prompt.variants.count() == 2
