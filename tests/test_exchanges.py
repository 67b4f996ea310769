"""What was sent to a model and what it replied can be read: of items, candidates and runs."""

import threading
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from generation import bin as bins
from generation.drafting import drafting
from generation.models import Document, Item, Passage, Question
from generation.passages import editing
from generation.prompt_values import values_of
from prompts import bin as prompt_bins
from prompts import candidates, experiments, promotions, runs, searches, variants
from prompts.builtin_prompts import FOR_THE_WRITER
from prompts.models import Candidate, Case, Prompt, Run, Task, Variant, Way
from prompts.rendering import request_for
from qareview import completions, exchanges
from qareview.backends import Request
from qareview.models import Exchange, Project, StoredCompletion
from tests import arena, make
from tests.added import KEY, add
from tests.conftest import Team
from tests.model_server import Server, answer, sends, told
from tests.web import page

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
PASSAGE = (
    "# Tides\n\nThe gates of the basin close by themselves when the tide falls below the sill.\n"
)


def drafted(project: Project, text: str = PASSAGE) -> Item:
    """Draft the item of a document with one passage."""
    document = make.document(project, text=text)
    drafting.work_off_passages()
    return Item.objects.get(document=document)


def run(project: Project) -> Run:
    """Run the variant that summarises, in an experiment that has one case."""
    experiment = arena.experiment(project, cases=0, is_run=False)
    Case.objects.create(experiment=experiment, position=0, values={"passage": "The gate shuts."})
    experiments.start_experiment(experiment)
    runs.work_off_runs()
    return experiment.runs.get(variant=experiment.prompt.production)


def rewritten(team: Team, server: Server, settings: Any) -> Candidate:
    """Let a server rewrite the prompt that summarises."""
    settings.MODELS = {
        **settings.MODELS,
        "far": {"backend": "openai", "url": server.url, "name": "x"},
    }
    Variant.objects.filter(prompt__task="rewrite").update(model="far")
    server.script = sends(200, answer("Prompt: State the point of {{ passage }} in brief."))
    prompt = arena.prompt(team.project)
    search = candidates.order_candidates(
        prompt, team.engineer, seed=prompt.production, wanted=1, ways=[Way.REWRITE]
    )
    searches.work_off_searches()
    return search.candidates.get()


def test_an_item_keeps_what_was_sent_and_replied(team: Team) -> None:
    item = drafted(team.project)
    exchange = item.exchange
    assert exchange
    variant = variants.in_production(team.project, Task.SUMMARISE)
    assert exchange.messages[0] == {"role": "system", "content": variant.system}
    assert "The gates of the basin close" in exchange.messages[-1]["content"]
    assert exchange.reply == item.answer
    assert exchange.parameters == {"max_tokens": variant.max_tokens, "temperature": 0, "seed": 1}
    assert (exchange.model, exchange.tokens_out) == ("scripted", item.tokens_out)
    assert item.question.exchange
    assert item.question.exchange.reply == item.question.text
    assert item.answer in item.question.exchange.messages[-1]["content"]


def test_what_a_model_wrote_is_kept_before_anything_is_cut_from_it(
    server: Server, settings: Any
) -> None:
    settings.MODELS = {"far": {"backend": "openai", "url": server.url, "name": "x"}}
    project = make.project()
    raw = "<think>What closes?</think>\n\n The gates close by themselves.\0 "
    server.script = sends(200, answer(raw, "length"))
    for _ in range(2):  # asked, and used again
        [completion] = completions.complete(project, "far", told("a"))
        assert completion.text.startswith("The gates close by themselves.")
        assert completion.exchange
        assert completion.exchange.reply.replace("\0", "") == raw.replace("\0", "")
        assert completion.exchange.cut_off
    assert len(server.bodies) == 1
    assert completion.exchange.sent_at == StoredCompletion.objects.get().created_at


def test_half_a_surrogate_of_a_server_is_no_error(server: Server, settings: Any) -> None:
    settings.MODELS = {"far": {"backend": "openai", "url": server.url, "name": "x"}}
    server.script = sends(200, answer("<think>\ud83d</think>Gates \ud83d close."))
    [completion] = completions.complete(make.project(), "far", told("a"))
    exchanges.store([completion.exchange])
    assert Exchange.objects.get().reply == "<think>?</think>Gates ? close."


def test_equal_requests_are_stored_once(team: Team) -> None:
    other = make.project()
    first, second = drafted(team.project), drafted(other)
    third = drafted(team.project)
    assert first.exchange_id == second.exchange_id == third.exchange_id
    assert len({item.question.exchange_id for item in (first, second, third)}) == 1
    assert Exchange.objects.count() == 2
    assert StoredCompletion.objects.filter(project=other).count() == 0


def test_another_reply_to_the_same_request_is_another_exchange(
    server: Server, settings: Any
) -> None:
    settings.MODELS = {"far": {"backend": "openai", "url": server.url, "name": "x"}}
    project = make.project()
    for text in ("It shuts.", "It closes."):
        server.script = sends(200, answer(text))
        [completion] = completions.complete(project, "far", told("a"))
        exchanges.store([completion.exchange])
        project.completions.all().delete()  # as with another project, in which it was asked first
    assert [stored.reply for stored in Exchange.objects.order_by("pk")] == [
        "It shuts.",
        "It closes.",
    ]


def test_an_exchange_goes_with_the_last_item_that_has_it(team: Team) -> None:
    first, second = drafted(team.project), drafted(team.project)
    bins.bin_document(first.document, team.engineer)
    bins.bin_document(second.document, team.engineer)
    assert Exchange.objects.count() == 2  # both can be restored
    bins.remove_document(Document.everything.get(pk=first.document_id))
    assert Exchange.objects.count() == 2
    bins.remove_document(Document.everything.get(pk=second.document_id))
    assert not Exchange.objects.exists()


def test_it_goes_when_the_passage_is_cut_again(team: Team) -> None:
    item = drafted(team.project)
    with transaction.atomic():
        editing.retire_passages([Passage.objects.get(pk=item.passage_id)])
    assert not Item.objects.exists()
    assert not Exchange.objects.exists()


def test_it_stays_with_a_reviewed_item_whose_passage_is_cut_again(team: Team) -> None:
    item = drafted(team.project)
    make.accept(item, team.reviewer)
    with transaction.atomic():
        editing.retire_passages([Passage.objects.get(pk=item.passage_id)])
    assert Exchange.objects.count() == 2


def test_it_goes_with_the_project_unless_another_has_it(team: Team) -> None:
    other = make.project()
    drafted(team.project)
    kept = drafted(other)
    run(team.project)
    assert Exchange.objects.count() == 4
    bins.remove_project(team.project)
    assert set(Exchange.objects.values_list("pk", flat=True)) == {
        kept.exchange_id,
        kept.question.exchange_id,
    }
    bins.remove_project(other)
    assert not Exchange.objects.exists()


def test_it_goes_with_the_prompt(team: Team, server: Server, settings: Any) -> None:
    candidate = rewritten(team, server, settings)
    own = Prompt.objects.create(project=team.project, task="rhyme")
    Candidate.objects.filter(pk=candidate.pk).update(prompt=own)
    assert Exchange.objects.count() == 1
    prompt_bins.remove_prompt(own)
    assert not Exchange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_is_used_again_at_that_moment_stays() -> None:
    project = make.project()
    [completion] = completions.complete(
        project, "scripted", told("Passage: The gate shuts.\n\nSay.")
    )
    exchanges.store([completion.exchange])
    stored = Exchange.objects.get()

    def delete() -> None:
        with transaction.atomic():
            exchanges.delete_unused([stored.pk])
        connection.close()

    thread = threading.Thread(target=delete)
    with transaction.atomic():
        [again] = completions.complete(
            project, "scripted", told("Passage: The gate shuts.\n\nSay.")
        )
        exchanges.store([again.exchange])
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()  # it waits
        [item] = make.items(project, 1, exchange=again.exchange)
    thread.join(10)
    assert Item.objects.get(pk=item.pk).exchange == stored


def test_an_item_that_is_not_stored_stores_no_exchange(team: Team) -> None:
    make.document(team.project, text=PASSAGE.replace("sill", "[[empty]] sill"))
    drafting.work_off_passages()
    assert StoredCompletion.objects.exists()
    assert not Exchange.objects.exists()


def test_the_page_of_an_item_shows_each_request_in_order(team: Team, browse: Browse) -> None:
    Project.objects.filter(pk=team.project.pk).update(asks_back=True)
    item = drafted(team.project)
    client = browse(team.reviewer)
    address = f"{team.url}/items/{item.pk}/messages/"
    text = page(client.get(address))
    tasks = (Task.SUMMARISE, Task.ASK, Task.ANSWER, Task.RECALL)
    places = [text.index(f"<h2>{task.label}</h2>") for task in tasks]
    assert places == sorted(places)
    assert text.count("Sent to scripted on ") == 4
    most = variants.in_production(team.project, Task.SUMMARISE).max_tokens
    assert f"max_tokens {most}, temperature 0, seed 1" in text
    assert item.exchange
    for message in item.exchange.messages:
        assert f'aria-label="{message["role"]}"' in text
    assert f">{item.answer}</pre>" in text
    assert "The model ended the text itself." in text
    for shown in (f"{team.url}/items/{item.pk}/", f"{team.url}/review/?item={item.pk}"):
        assert address in page(client.get(shown))


def test_a_reply_with_answer_and_question_is_shown_once(team: Team, browse: Browse) -> None:
    item = drafted(team.project)
    Question.objects.filter(item=item).update(exchange=item.exchange)
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    assert text.count("Sent to scripted on ") == 1
    assert f"<h2>{Task.SUMMARISE.label}</h2><h2>{Task.ASK.label}</h2>" in text


def test_the_page_takes_a_fixed_number_of_queries(
    team: Team, browse: Browse, django_assert_num_queries: Any
) -> None:
    item = drafted(team.project)
    client = browse(team.reviewer)
    url = f"{team.url}/items/{item.pk}/messages/"
    client.get(url)
    with django_assert_num_queries(6):
        client.get(url)


def test_an_item_from_before_says_so(team: Team, browse: Browse) -> None:
    item = make.item(team.project)
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    assert "Not recorded: this item was drafted before messages were kept." in text


def test_an_imported_item_says_that_no_model_was_asked(team: Team, browse: Browse) -> None:
    item = make.item(team.project)
    Item.objects.filter(pk=item.pk).update(variant=None)
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    assert "No model was asked: this item was imported." in text


def test_an_item_by_hand_says_that_a_person_wrote_it(team: Team, browse: Browse) -> None:
    item = make.item(team.project)
    Item.objects.filter(pk=item.pk).update(variant=None, author=team.engineer)
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    assert "No model was asked: a person wrote this item." in text


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "The side lock of the harbour opens at dawn for vessels of all kinds.",
            "No model was asked for it.",
        ),
        (
            "It has been closed again every single winter night since 1994.",
            "The reply was not used: it does not say what the passage’s sentence says.",
        ),
    ],
)
def test_a_sentence_taken_as_it_is_says_what_was_asked(
    team: Team, browse: Browse, sentence: str, shown: str
) -> None:
    for task in (Task.SUMMARISE, Task.ASK, Task.ANSWER):
        before = variants.in_production(team.project, task)
        after = variants.add_variant(before, {"examples": [], **FOR_THE_WRITER[task]}, None)
        promotions.promote_variant(after, None)
    item = drafted(team.project, sentence)
    assert item.answer == sentence
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    assert shown in text
    assert str(Task.ASK.label) in text


def test_a_run_shows_its_request_to_engineers(team: Team, browse: Browse) -> None:
    done = run(team.project)
    client = browse(team.engineer)
    address = f"{team.url}/runs/{done.pk}/messages/"
    text = page(client.get(address))
    assert "Variant 1, case 1, run 1" in text
    assert f">{done.output}</pre>" in text
    assert "The gate shuts." in text
    assert address in page(client.get(f"{team.url}/experiments/{done.experiment_id}/"))
    Run.objects.filter(pk=done.pk).update(exchange=None)
    assert "Not recorded: this run was made before messages were kept." in page(client.get(address))
    Run.objects.filter(pk=done.pk).update(state="failed", error="Too long.")
    assert "This run has no output. Too long." in page(client.get(address))


def test_a_candidate_shows_its_request(
    team: Team, browse: Browse, server: Server, settings: Any
) -> None:
    made = rewritten(team, server, settings)
    client = browse(team.engineer)
    address = f"{team.url}/candidates/{made.pk}/messages/"
    text = page(client.get(address))
    assert ">Prompt: State the point of {{ passage }} in brief.</pre>" in text
    assert made.template == "State the point of {{ passage }} in brief."
    assert address in page(client.get(f"{team.url}/prompts/{made.prompt_id}/candidates/"))
    Candidate.objects.filter(pk=made.pk).update(exchange=None)
    assert "Not recorded: this candidate was made before" in page(client.get(address))
    Candidate.objects.filter(pk=made.pk).update(way=Way.STRUCTURE)
    assert "No model was asked: this candidate was made by rules." in page(client.get(address))


def test_nothing_of_a_key_is_stored(
    team: Team, root: Client, server: Server, browse: Browse
) -> None:
    model = add(root, server, key=KEY)
    Project.objects.filter(pk=team.project.pk).update(model=model.name)
    item = drafted(team.project)
    assert f"Bearer {KEY}" in server.keys
    text = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/messages/"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, to_jsonb(own)::text FROM qareview_exchange AS own")
        rows = cursor.fetchall()
    assert len(rows) == 2
    for place in (
        text,
        *(zlib.decompress(row[0]).decode() for row in rows),
        *(row[1] for row in rows),
    ):
        assert KEY not in place
        assert model.encrypted_key not in place


def test_a_request_can_be_sent_again_from_what_is_kept(team: Team) -> None:
    item = drafted(team.project)
    assert item.exchange
    again = Request(tuple(item.exchange.messages), **item.exchange.parameters)
    variant = variants.in_production(team.project, Task.SUMMARISE)
    assert again == request_for(variant, values_of(team.project, item.passage))
