"""Drafting the items and questions that were asked for, each once, or saying why not."""

from decimal import Decimal
from typing import Any

import pytest

from generation.drafting import drafting
from generation.models import Item, ItemState, Passage, Question
from prompts import variants
from prompts.models import Prompt, Task, Variant
from qareview import completions, jobs
from qareview.backends import Request, scripted
from qareview.models import JobState, Project, StoredCompletion
from tests import make

pytestmark = pytest.mark.django_db

SENTENCES = " ".join(f"Word{n} stands here." for n in range(16))  # three a sentence, none like


@pytest.fixture
def project() -> Project:
    return make.project()


def passages_of(project: Project, *texts: str) -> list[Passage]:
    document = make.document(project, text="")
    return [
        Passage.objects.create(document=document, position=n, start=n, end=n + 1, text=text)
        for n, text in enumerate(texts)
    ]


def ask_for(project: Project, *, items: int = 1, questions: int = 1, **values: Any) -> None:
    values |= {"items_per_passage": items, "questions_per_answer": questions}
    Project.objects.filter(pk=project.pk).update(**values)
    project.refresh_from_db()


def test_as_many_items_and_questions_as_asked_for(project: Project) -> None:
    ask_for(project, items=3, questions=2)
    [passage] = passages_of(project, SENTENCES)
    drafting.work_off_passages()
    items = list(passage.items.for_list())
    assert [item.number for item in items] == [1, 2, 3]
    assert len({item.answer for item in items}) == 3
    assert [len(item.questions.all()) for item in items] == [2, 2, 2]
    assert [question.rank for question in items[0].questions.all()] == [1, 2]
    assert len({question.text for question in Question.objects.all()}) == 6
    passage.refresh_from_db()
    assert (passage.state, passage.note) == (JobState.DONE, "")


def test_the_more_is_asked_of_a_passage_the_fewer_are_drafted_at_once(
    project: Project, settings: Any
) -> None:
    passages_of(project, SENTENCES)
    [share] = drafting.WORK.shares()
    assert drafting.batch_size(share) == settings.DRAFT_BATCH
    ask_for(project, items=9)
    assert drafting.batch_size(share) == 7
    settings.DRAFT_BATCH = 4
    assert drafting.batch_size(share) == 1


def test_the_first_batch_of_a_document_is_small(project: Project) -> None:
    short = passages_of(project, *(f"{n} {SENTENCES}" for n in range(3)))
    passages_of(project, *(f"{n} {SENTENCES}" for n in range(3, 20)))
    [share] = drafting.WORK.shares()
    sizes = []
    while rows := jobs.claim(Passage, drafting.batch_size(share), share.jobs):
        sizes.append(len(rows))
        with jobs.finishing(rows):
            pass
    assert len(short) < drafting.FIRST_BATCH
    assert sizes == [20]
    passages_of(project, *(f"{n} {SENTENCES}" for n in range(20, 40)))
    assert drafting.batch_size(share) == drafting.FIRST_BATCH
    with jobs.finishing(jobs.claim(Passage, drafting.FIRST_BATCH, share.jobs)):
        pass
    assert drafting.batch_size(share) == 64


def test_a_candidate_tells_how_it_was_drawn(project: Project) -> None:
    ask_for(project, items=2)
    Variant.objects.filter(prompt__project=project).update(temperature=0.7)
    [passage] = passages_of(project, SENTENCES)
    drafting.work_off_passages()
    first, second = passage.items.all()
    assert first.parameters == {"max_tokens": 80, "temperature": 0, "seed": 1}
    assert second.parameters == {"max_tokens": 80, "temperature": 0.7, "seed": 2}


def test_a_passage_with_no_more_to_say_tells_so(project: Project) -> None:
    ask_for(project, items=4)
    [passage] = passages_of(project, "The gate of the basin closes at dusk and opens at dawn.")
    drafting.work_off_passages()
    passage.refresh_from_db()
    assert passage.items.count() == 2  # eight words, and the three that are left
    assert passage.state == JobState.DONE
    assert passage.note.startswith("2 of 4 items drafted. The model’s other drafts")


def test_a_model_that_writes_nothing_leaves_no_empty_item(project: Project) -> None:
    [passage] = passages_of(project, "The gate closes. [[empty]]")
    drafting.work_off_passages()
    passage.refresh_from_db()
    assert (passage.state, Item.objects.count()) == (JobState.DONE, 0)
    assert passage.note.startswith("0 of 1 item drafted. The model’s other drafts")


def test_a_question_asked_in_the_document_is_replaced_by_another(project: Project) -> None:
    answer = "The gate of the old basin closes at dusk"
    twins = passages_of(project, f"{answer} in June.", f"{answer} in July.")
    drafting.work_off_passages()
    texts = [passage.items.get().question.text for passage in twins]
    assert texts[0] == "What is told about “In short, The gate of the old basin”?"
    assert texts[1] == "What is told about “closes at”?"


def test_filling_up_adds_what_is_missing_and_keeps_what_is_there(project: Project) -> None:
    [passage] = passages_of(project, SENTENCES)
    drafting.work_off_passages()
    first = passage.items.get()
    ask_for(project, items=3)
    Passage.objects.update(state=JobState.QUEUED)
    drafting.work_off_passages()
    assert [item.number for item in passage.items.all()] == [1, 2, 3]
    assert passage.items.first() == first
    first.state = ItemState.ASIDE
    first.save()
    Passage.objects.update(state=JobState.QUEUED)
    drafting.work_off_passages()
    assert [item.number for item in passage.items.all()] == [1, 2, 3, 4]


def test_the_same_request_is_sent_once(project: Project, monkeypatch: Any) -> None:
    sent: list[Request] = []
    complete = scripted.ScriptedBackend.complete

    def noting(self: Any, requests: Any, came: Any) -> Any:
        sent.extend(requests)
        return complete(self, requests, came)

    monkeypatch.setattr(scripted.ScriptedBackend, "complete", noting)
    asked = [
        Request(({"role": "user", "content": f"Passage: {text}\n\nSum it up."},)) for text in "aba"
    ]
    first = completions.complete(project, "scripted", asked)
    assert len(sent) == 2
    assert first[0] == first[2]
    other = make.project(name="Other")
    assert completions.complete(other, "scripted", asked) == first
    assert len(sent) == 2
    completions.complete(project, "scripted", [Request(asked[0].messages, seed=2)])
    assert len(sent) == 3
    assert completions.spending(other) == completions.Spending(0, Decimal(0))


def test_prices_make_costs(project: Project, settings: Any) -> None:
    settings.MODELS["dear"] = {"backend": "scripted", "price_in": 100, "price_out": 0.5}
    ask_for(project, model="dear")
    [passage] = passages_of(project, SENTENCES)
    drafting.work_off_passages()
    item = passage.items.get()
    assert item.model == "dear"
    assert item.cost == Decimal(item.tokens_in * 100 + item.tokens_out / 2) / 1_000_000
    assert completions.spending(project).cost == item.cost + item.question.cost
    del settings.MODELS["dear"]


def test_work_stops_at_the_budget_and_goes_on_when_it_is_raised(project: Project) -> None:
    ask_for(project, budget_tokens=1)
    rows = passages_of(project, *(f"{n} {SENTENCES}" for n in range(40)))
    other = passages_of(make.project(name="Other"), SENTENCES)
    drafting.work_off_passages()
    spent = completions.spending(project).tokens
    assert spent > 1
    assert Item.objects.filter(project=project).count() < len(rows)
    assert other[0].items.count() == 1
    assert completions.why_over_budget(project).startswith("The budget of 1 tokens is used up (")
    assert jobs.claim(Passage, 5) == []
    assert set(Passage.objects.filter(items=None).values_list("state", flat=True)) == {"queued"}
    ask_for(project, budget_tokens=10**6)
    drafting.work_off_passages()
    assert Item.objects.filter(project=project).count() == len(rows)
    sent = StoredCompletion.objects.filter(project=project).count()
    assert sent == 2 * len(rows)  # what was written before the stop was not asked for again


def test_a_paused_project_keeps_no_other_waiting(project: Project) -> None:
    ask_for(project, is_paused=True)
    [mine] = passages_of(project, SENTENCES)
    [other] = passages_of(make.project(name="Other"), SENTENCES)
    drafting.work_off_passages()
    assert (mine.items.count(), other.items.count()) == (0, 1)
    ask_for(project, is_paused=False)
    drafting.work_off_passages()
    assert mine.items.count() == 1


def test_a_request_that_fails_costs_its_own_row_only(project: Project, monkeypatch: Any) -> None:
    complete = scripted.ScriptedBackend.complete

    def failing(self: Any, requests: Any, _: Any) -> Any:
        return [
            one if "tide" not in request.messages[-1]["content"] else _refused(one)
            for one, request in zip(complete(self, requests), requests, strict=True)
        ]

    monkeypatch.setattr(scripted.ScriptedBackend, "complete", failing)
    bad, good = passages_of(
        project, "The tide is too long.", "The gate is short enough still to be read."
    )
    drafting.work_off_passages()
    bad.refresh_from_db()
    assert (bad.state, bad.error) == (JobState.FAILED, "It is too long.")
    assert good.items.count() == 1
    assert StoredCompletion.objects.filter(text="").count() == 0


def _refused(completion: Any) -> Any:
    return type(completion)("", 0, 0, 0, cut_off=False, error="It is too long.")


def test_a_passage_whose_request_cannot_be_built_fails_alone(project: Project) -> None:
    template = "{{ passage }} {{ passage.split('|')[1] }}"
    Variant.objects.filter(prompt__project=project, prompt__task=Task.SUMMARISE).update(
        template=template, examples=[]
    )
    bad, good = passages_of(project, "The gate closes.", "The tide rises. | It falls at noon.")
    drafting.work_off_passages()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == (JobState.FAILED, JobState.DONE)
    assert "could not be built" in bad.error


def test_the_model_of_the_prompt_comes_before_that_of_the_project(project: Project) -> None:
    variant = variants.in_production(project, Task.ASK)
    assert variants.model_for(project, variant) == "scripted"
    project.model = "of-project"
    assert variants.model_for(project, variant) == "of-project"
    variant.model = "of-prompt"
    assert variants.model_for(project, variant) == "of-prompt"
    assert Prompt.objects.filter(project=project).count() == len(Task)
