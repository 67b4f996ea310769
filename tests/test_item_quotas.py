"""Several items of a passage in one request to a server: asked for, read, counted and shown."""

import copy
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.checks import flags
from generation.drafting import drafting, orders
from generation.models import Item, Passage
from prompts import experiments, runs, variants
from prompts.builtin_prompts import FOR_LARGE_MODELS, follow_model
from prompts.models import Case, Prompt, Run, Task, Variant
from qareview import completions
from qareview.models import JobState, Project
from tests import arena, make
from tests.conftest import Team
from tests.model_server import Server, answer, in_turn, items, send, sends, taking
from tests.web import page

pytestmark = pytest.mark.django_db

GATE = "The gate of the old basin closes every day at dusk."
LOCK = "A side lock lets small vessels pass for two euros."
CRANE = "The crane on the north quay lifts forty tonnes."
TEXT = f"{GATE} {LOCK} {CRANE}"


@pytest.fixture
def project(server: Server, settings: Any) -> Project:
    """A project whose model is on the server, with the wordings that suit a large model."""
    settings.MODELS = {
        **settings.MODELS,
        "big": {
            "backend": "openai",
            "url": server.url,
            "name": "org/big",
            "tries": 2,
            "seconds": 5,
            "price_in": 1_000_000,
            "price_out": 1_000_000,
        },
    }
    row = make.project()
    before = copy.copy(row)
    row.model, row.items_per_passage = "big", 2
    row.save()
    follow_model(row, before)
    return row


def drafted(project: Project, text: str = TEXT) -> Passage:
    document = make.document(project, text="")
    passage = Passage.objects.create(document=document, position=0, start=0, end=1, text=text)
    return redrafted(passage)


def redrafted(passage: Passage) -> Passage:
    Passage.objects.filter(pk=passage.pk).update(state=JobState.QUEUED)
    drafting.work_off_passages()
    passage.refresh_from_db()
    return passage


def answers(passage: Passage) -> list[str]:
    return [item.answer for item in passage.items.order_by("pk")]


def test_one_request_brings_the_items_of_a_passage(server: Server, project: Project) -> None:
    server.script = sends(200, answer(items(GATE, LOCK)))
    passage = drafted(project)
    first, second = passage.items.for_item_page()
    assert len(server.bodies) == 1
    assert [first.answer, second.answer] == [GATE, LOCK]
    assert first.question.text == "What is told by “The gate of the old ”?"
    assert (
        first.variant == first.question.variant == variants.in_production(project, Task.SUMMARISE)
    )
    assert (first.number, second.number) == (1, 2)
    assert first.parameters == {
        "max_tokens": 1200,
        "temperature": 0,
        "seed": 1,
        "sentence": GATE,
    }
    assert (first.model, first.question.model, passage.note) == ("big", "big", "")


def test_the_prompt_and_a_schema_are_sent(server: Server, project: Project) -> None:
    server.script = sends(200, answer(items(GATE, LOCK)))
    drafted(project)
    [body] = server.bodies
    told = body["messages"][-1]["content"]
    assert "with their answers: 2 at most." in told
    assert "Asked already" not in told
    shape = body["response_format"]["json_schema"]
    assert shape["schema"]["properties"]["items"]["items"]["required"] == [
        *("question", "answer", "sentence")
    ]
    assert (shape["strict"], body["max_tokens"]) == (True, 1200)


def test_what_a_request_took_is_divided_among_its_items(server: Server, project: Project) -> None:
    server.script = sends(200, answer(items(GATE, LOCK)))
    passage = drafted(project)
    rows = list(passage.items.for_item_page())
    assert sum(row.tokens_in for row in rows) == 7
    assert sum(row.tokens_out for row in rows) == 3
    assert sum(row.cost + row.question.cost for row in rows) == 10
    assert completions.spending(project) == completions.Spending(10, 10)


def test_the_items_get_the_checks_of_every_draft(server: Server, project: Project) -> None:
    invented = {"question": "What is the passage about?", "answer": f"{GATE} It is 99 years old."}
    odd = json.dumps({**invented, "sentence": "Zebras graze under purple moonlight."})
    server.script = sends(200, answer(items(LOCK).removesuffix("]}") + f", {odd}]}}"))
    lock, gate = drafted(project).items.for_item_page()
    assert (lock.flags, lock.question.flags) == ([], [])
    assert {flags.UNSUPPORTED, flags.FOREIGN_NUMBER} <= {*gate.flags}
    assert flags.SPEAKS_OF_TEXT in gate.question.flags
    assert lock.scores[flags.SUPPORT] > 0.9
    assert lock.support


def test_a_request_that_was_answered_is_not_sent_again(server: Server, project: Project) -> None:
    server.script = sends(200, answer(items(GATE, LOCK)))
    passage = drafted(project)
    passage.items.all().delete()
    redrafted(passage)
    assert (answers(passage), len(server.bodies)) == ([GATE, LOCK], 1)


def test_items_that_repeat_others_are_replaced(server: Server, project: Project) -> None:
    server.script = in_turn(answer(items(GATE, GATE)), answer(items(LOCK)))
    passage = drafted(project)
    assert (answers(passage), passage.note) == ([GATE, LOCK], "")
    told = server.bodies[1]["messages"][-1]["content"]
    assert "Asked already:\nWhat is told by “The gate of the old ”?" in told
    assert "with their answers: 1 at most." in told
    assert (server.bodies[1]["seed"], server.bodies[1]["temperature"]) == (2, 0.8)


def test_a_model_that_finds_no_more_is_not_asked_for_more(server: Server, project: Project) -> None:
    server.script = sends(200, answer(items(GATE)))
    passage = drafted(project)
    assert (answers(passage), len(server.bodies)) == ([GATE], 1)
    assert passage.note == "1 of 2 items drafted. The model found no more in the passage."
    assert passage.state == JobState.DONE


def test_what_is_missing_later_is_asked_for_beside_what_is_there(
    server: Server, project: Project
) -> None:
    server.script = in_turn(answer(items(GATE, LOCK)), answer(items(CRANE, LOCK)))
    passage = drafted(project)
    project.items_per_passage = 3
    project.save()
    assert orders.fill_up(project) == 1
    drafting.work_off_passages()
    assert answers(passage) == [GATE, LOCK, CRANE]
    assert [item.number for item in passage.items.all()] == [1, 2, 3]


def test_a_reply_that_breaks_off_gives_its_complete_items(server: Server, project: Project) -> None:
    half = items(GATE, LOCK)[: len(items(GATE)) + 30]
    server.script = in_turn(answer(half, "length"), answer(f"```json\n{items(CRANE)}\n```"))
    passage = drafted(project)
    assert (answers(passage), len(server.bodies)) == ([GATE, CRANE], 2)
    assert [item.flags for item in passage.items.all()] == [[], []]


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (answer("Gladly! The gate closes at dusk."), "The model’s reply has no item that can be"),
        (answer(""), "The model’s reply was empty."),
        (answer('{"items": [{"quest', "length"), "The model’s reply was cut off before"),
        (answer("{" * 10_000_000), "The model’s reply was cut off before"),
    ],
    ids=["garbage", "empty", "truncated", "endless"],
)
def test_what_cannot_be_read_is_asked_for_again_and_then_told(
    server: Server, project: Project, reply: bytes, sentence: str
) -> None:
    server.script = sends(200, reply)
    passage = drafted(project)
    assert (passage.state, Item.objects.count()) == (JobState.FAILED, 0)
    assert passage.error.startswith(sentence)
    assert len(server.bodies) == 4
    spent = completions.spending(project).tokens
    assert spent == 4 * 10
    server.script = sends(200, answer(items(GATE, LOCK)))
    assert answers(redrafted(passage)) == [GATE, LOCK]
    assert completions.spending(project).tokens == spent + 10


def test_a_passage_that_cannot_be_read_costs_no_other(server: Server, project: Project) -> None:
    document = make.document(project, text="")
    texts = [f"{GATE} It has been so for years.", f"{LOCK} It is of iron."]
    for position, text in enumerate(texts):
        Passage.objects.create(
            document=document, position=position, start=position, end=position + 1, text=text
        )

    def script(handler: Any, body: dict[str, Any], tries: int) -> None:
        is_bad = "of iron" in body["messages"][-1]["content"]
        send(handler, 200, answer("No." if is_bad else items(GATE, CRANE)))

    server.script = script
    drafting.work_off_passages()
    states = Passage.objects.order_by("position").values_list("state", flat=True)
    assert list(states) == [JobState.DONE, JobState.FAILED]
    assert Item.objects.count() == 2


def test_further_questions_are_asked_for_each_answer(server: Server, project: Project) -> None:
    Project.objects.update(questions_per_answer=2, items_per_passage=1)
    project.refresh_from_db()
    server.script = in_turn(
        answer(items(GATE)),
        answer("What is told by “The gate of the old ”?"),
        answer("At what time?"),
    )
    [item] = drafted(project).items.for_item_page()
    texts = {question.text for question in item.questions.all()}
    assert texts == {"What is told by “The gate of the old ”?", "At what time?"}
    asking = variants.in_production(project, Task.ASK)
    assert {question.variant for question in item.questions.all()} == {item.variant, asking}


@pytest.mark.parametrize("status", [400, 422, 501])
@pytest.mark.parametrize("formats", [{"json_object"}, set()])
def test_a_server_that_refuses_a_schema_is_asked_otherwise_from_then_on(
    server: Server, project: Project, formats: set[str], status: int
) -> None:
    server.script = taking(formats, sends(200, answer(items(GATE, LOCK))), status)
    assert answers(drafted(project)) == [GATE, LOCK]
    first = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert first == ["json_schema", "json_object", *([] if formats else [None])]
    server.script = taking(formats, sends(200, answer(items(CRANE))), status)
    drafted(project, f"{CRANE} It is new.")
    again = [body.get("response_format", {}).get("type") for body in server.bodies[len(first) :]]
    assert again == [first[-1]]


def test_a_request_that_is_refused_anyway_says_nothing_about_schemas(
    server: Server, project: Project
) -> None:
    server.script = sends(400, b'{"error": {"message": "Too long."}}')
    passage = drafted(project)
    assert passage.error == "The model server refused this request: Too long."
    server.script = sends(200, answer(items(GATE, LOCK)))
    redrafted(passage)
    assert server.bodies[-1]["response_format"]["type"] == "json_schema"


def test_a_slow_server_loses_nothing(server: Server, project: Project, settings: Any) -> None:
    def slow(handler: Any, body: dict[str, Any], tries: int) -> None:
        if tries == 1:
            threading.Event().wait(1.5)
            handler.close_connection = True
        else:
            send(handler, 200, answer(items(GATE, LOCK)))

    settings.MODELS["big"]["seconds"] = 1

    server.script = slow
    assert answers(drafted(project)) == [GATE, LOCK]


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": "7"}, {"prompt_tokens": -1}, []])
def test_tokens_that_are_told_wrongly_are_estimated(
    server: Server, project: Project, usage: Any
) -> None:
    server.script = sends(200, answer(items(GATE, LOCK), usage=usage))
    passage = drafted(project)
    assert answers(passage) == [GATE, LOCK]
    assert sum(item.tokens_in for item in passage.items.all()) > 100


# Pages and the arena


def test_the_wording_is_chosen_by_hand_on_the_page_of_the_prompt(
    team: Team, browse: Callable[[User], Client]
) -> None:
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    assert 'href="?wording=items"' in page(client.get(f"{url}change/"))
    text = page(client.get(f"{url}change/?wording=items"))
    assert "with their answers: {{ item_count }} at most." in text
    assert "One with <code>item_count</code> asks for several questions" in text
    wording = FOR_LARGE_MODELS[Task.SUMMARISE]
    data = {**wording, "examples": "", "temperature": "0.8", "pick_count": "3", "promote": "1"}
    assert client.post(f"{url}change/", data).status_code == 302
    assert "One request writes several questions with their answers." in page(client.get(url))
    assert "item_count }}" not in page(client.get(f"{url}change/?wording=unknown&variant=1"))


def test_an_item_tells_that_its_question_came_with_its_answer(
    server: Server, project: Project, browse: Callable[[User], Client]
) -> None:
    server.script = sends(200, answer(items(GATE, LOCK)))
    item = drafted(project).items.first()
    assert item
    admin = project.memberships.get().user
    text = page(browse(admin).get(f"/projects/{project.slug}/items/{item.pk}/"))
    assert "Drafted by summarise 2 with big" in text
    assert "Question: written in the same request." in text
    assert f"the answer rests on: “{GATE}”" in text


def test_the_arena_compares_the_answers(server: Server, project: Project) -> None:
    prompt = arena.prompt(project)
    whole = variants.in_production(project, Task.SUMMARISE)
    short = variants.add_variant(whole, {"template": whole.template + "\nBe brief."}, None)
    made = experiments.create_experiment(prompt, None, [whole, short], question="Which?")
    values = {"passage": TEXT, "headings": "", "language": "English", "item_count": "1"}
    Case.objects.create(
        experiment=made, position=0, values={**values, "existing_questions": ""}, reference=GATE
    )
    server.script = in_turn(answer("No."), answer("No."), answer(items(GATE)))
    experiments.start_experiment(made)
    runs.work_off_runs()
    assert {run.error[:38] for run in Run.objects.all()} == {
        "The model’s reply has no item that can"
    }
    assert experiments.retry_failed_runs(made) == 2
    runs.work_off_runs()
    assert {(run.output, run.state) for run in Run.objects.all()} == {(GATE, JobState.DONE)}
    assert all(run.scores["support"] > 0.9 for run in Run.objects.all())


def test_accepted_items_are_worked_examples_as_the_reply_they_would_be(
    team: Team, browse: Callable[[User], Client]
) -> None:
    [accepted] = make.items(team.project, 1)
    make.accept(accepted, team.reviewer)
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    data = {
        **FOR_LARGE_MODELS[Task.SUMMARISE],
        "examples": "",
        "temperature": "0.8",
        "pick_count": "3",
        "items": [accepted.pk],
    }
    url = f"{team.url}/prompts/{prompt.pk}/change/"
    assert browse(team.engineer).post(url, data).status_code == 302
    [example] = Variant.objects.get(prompt=prompt, number=2).examples
    [item] = json.loads(example["output"])["items"]
    assert (item["question"], item["answer"]) == (accepted.question.text, accepted.answer)
    assert (example["item_count"], example["existing_questions"]) == ("1", "")
