"""The playground: wordings are tried with passages or a typed text, and nothing is stored."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.models import Item
from prompts import playground, playing
from prompts.models import Prompt, Run, Task, Variant
from prompts.playground import State
from qareview import completions
from qareview.models import StoredCompletion
from tests import make
from tests.conftest import Team
from tests.model_server import Server, pieces
from tests.playground.playgrounds import (
    TEMPLATE,
    latest,
    passages_of,
    progress,
    start,
    url_of,
    use,
    wait_for_text,
    wording,
    worked_off,
)
from tests.web import PART, page

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


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
    assert set(StoredCompletion.objects.values_list("text", "raw")) == {("", "")}


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
