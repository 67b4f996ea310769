"""Drafting from the sentences of a passage, one by one."""

from typing import Any

import pytest

from generation.checks import flags
from generation.checks.first_chance import first_chance
from generation.checks.scoring import Draft
from generation.drafting import drafting, selection
from generation.models import AsideReason, Item, ItemState, Passage, Question
from prompts import promotions, variants
from prompts.builtin_prompts import FOR_THE_WRITER, wordings_for
from prompts.models import Task
from qareview.models import Project, StoredCompletion
from tests import make

pytestmark = pytest.mark.django_db

ALONE = "The side lock of the harbour opens at dawn for vessels of all kinds."
OTHER = "The basin behind the old gates holds about thirty boats in a mild winter."
LEANING = "It closes again when the evening bell rings."


@pytest.fixture
def project() -> Project:
    """A project that drafts with the wordings of the embedded writer, and the scripted model."""
    row = make.project()
    for task in (Task.SUMMARISE, Task.ASK, Task.ANSWER):
        before = variants.in_production(row, task)
        after = variants.add_variant(before, {"examples": [], **FOR_THE_WRITER[task]}, None)
        promotions.promote_variant(after, None)
    return row


def drafted(project: Project, text: str, items: int = 1) -> Passage:
    Project.objects.filter(pk=project.pk).update(items_per_passage=items)
    document = make.document(project, text="")
    passage = Passage.objects.create(document=document, position=0, start=0, end=1, text=text)
    drafting.work_off_passages()
    passage.refresh_from_db()
    return passage


def test_a_sentence_that_stands_alone_is_the_answer_as_it_is(project: Project) -> None:
    [item] = drafted(project, f"{LEANING} {ALONE}").items.all()
    assert (item.answer, item.is_verbatim, item.tokens_out) == (ALONE, True, 0)
    assert flags.COPY_OF_PASSAGE not in item.flags


def test_one_that_leans_on_others_is_stated_by_the_model(project: Project) -> None:
    [item] = drafted(project, LEANING).items.all()
    assert (item.answer.startswith("In short, "), item.is_verbatim) == (True, False)


def test_a_rewriting_that_loses_a_number_is_dropped_for_the_sentence(project: Project) -> None:
    sentence = "It has been closed again every single winter night since 1994."
    [item] = drafted(project, sentence).items.all()
    assert (item.answer, item.is_verbatim) == (sentence, True)


def test_the_items_of_a_passage_are_about_different_sentences(project: Project) -> None:
    passage = drafted(project, f"{ALONE} {OTHER} {LEANING}", items=2)
    assert {item.answer for item in passage.items.all()} == {ALONE, OTHER}


def test_what_is_missing_later_is_about_the_sentences_that_are_left(project: Project) -> None:
    passage = drafted(project, f"{ALONE} {OTHER}", items=1)
    Project.objects.filter(pk=project.pk).update(items_per_passage=2)
    Passage.objects.filter(pk=passage.pk).update(state="queued")
    drafting.work_off_passages()
    assert sorted(item.answer for item in passage.items.all()) == sorted([ALONE, OTHER])


def test_a_sentence_whose_draft_was_not_good_enough_is_not_stated_again(project: Project) -> None:
    passage = drafted(project, f"{ALONE} {OTHER}", items=1)
    passage.items.update(state=ItemState.ASIDE, aside_reason=AsideReason.LOW_SCORE)
    first = passage.items.get().answer
    Passage.objects.filter(pk=passage.pk).update(state="queued")
    drafting.work_off_passages()
    assert {item.answer for item in passage.items.all()} == {ALONE, OTHER}
    assert passage.items.exclude(answer=first).count() == 1


def test_a_passage_that_says_too_little_tells_so(project: Project) -> None:
    passage = drafted(project, f"# Locks\n\n{ALONE}", items=3)
    assert passage.items.count() == 1
    assert passage.note == (
        "1 of 3 items drafted. The passage has no other sentences that say something."
    )


def test_only_the_best_of_several_questions_is_kept(project: Project) -> None:
    [item] = drafted(project, f"{ALONE} {OTHER}").items.all()
    assert item.questions.count() == 1
    asked = StoredCompletion.objects.filter(project=project, text__startswith="What is told")
    assert asked.count() > 1


def test_other_wordings_are_for_models_that_were_not_tuned_for_these(settings: Any) -> None:
    assert wordings_for("embedded-writer") is FOR_THE_WRITER
    assert "focus" not in wordings_for("smollm2-135m-instruct")[Task.SUMMARISE]["template"]


def draft_with(project: Project, passage: Passage, number: int, likely: float) -> Draft:
    item = Item(
        project=project,
        document=passage.document,
        passage=passage,
        number=number,
        answer=f"{ALONE} {number}",
        parameters={"focus": [0, 9], "verbatim": True, "stands_alone": True},
        scores={flags.SUPPORT: likely},
        score=likely,
    )
    scores = dict.fromkeys((flags.ASKED, flags.ANSWERED, flags.FIT), likely)
    question = Question(item=item, text="When does the lock open?", scores=scores)
    question.score = first_chance(item, question) or 0.0  # as scoring does
    return Draft(item, [question])


def test_what_is_not_good_enough_is_set_aside_and_said(project: Project) -> None:
    passage = drafted(project, f"# Locks\n\n{LEANING}", items=2)
    passage.items.all().delete()
    project.refresh_from_db()
    drafts = [draft_with(project, passage, n, likely) for n, likely in ((1, 0.99), (2, 0.01))]
    kept = selection.keep_best(project, [passage], drafts)
    assert [draft.item.state for draft in kept] == [ItemState.PENDING, ItemState.ASIDE]
    assert kept[1].item.aside_reason == AsideReason.LOW_SCORE
    assert passage.note == "1 of 2 items drafted: the rest was not good enough."
