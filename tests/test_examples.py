"""Worked examples are picked from approved items, never from the same passage or a test split."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from generation import approved_items
from generation.drafting import drafting
from generation.models import Item, Passage, Release
from generation.releases import freezing
from prompts.examples import Input, examples_for
from prompts.models import Picks, Prompt, Task, Variant
from qareview.embeddings import embed
from qareview.models import JobState
from tests import arena, make
from tests.conftest import Team
from tests.test_prompts import CHANGED
from tests.web import page

ANSWERS = (
    "The tide falls twice a day.",
    "The tide rises twice a day.",
    "A library card costs four euros.",
    "Marie Curie discovered radium.",
)


def accepted(team: Team, answers: tuple[str, ...] = ANSWERS) -> list[Item]:
    """An accepted item for each answer, with its vector."""
    items = make.items(team.project, len(answers))
    for item, answer, vector in zip(items, answers, embed(answers), strict=True):
        item.answer, item.embedding = answer, vector.tolist()
        item.save(update_fields=["answer", "embedding"])
        make.accept(item, team.reviewer)
    return items


def picking(team: Team, picks: Picks, count: int = 2) -> Variant:
    of = arena.prompt(team.project)
    return arena.variant(of, picks=picks, pick_count=count)


def outputs(team: Team, variant: Variant, for_input: Input) -> list[str]:
    return [example["output"] for example in examples_for(team.project, variant, [for_input])[0]]


def test_the_most_similar_stands_next_to_the_input(team: Team) -> None:
    accepted(team)
    for_input = Input({"passage": "When does the tide fall?"})
    assert outputs(team, picking(team, Picks.SIMILAR), for_input) == [ANSWERS[1], ANSWERS[0]]


def test_different_ones_differ(team: Team) -> None:
    accepted(team)
    examples = outputs(team, picking(team, Picks.DIVERSE, 3), Input({"passage": "x"}))
    assert set(examples) >= {ANSWERS[2], ANSWERS[3]}
    assert len(examples) == 3


def test_none_is_of_the_passage_at_hand(team: Team) -> None:
    items = accepted(team)
    for_input = Input({"passage": ANSWERS[0]}, items[0].passage_id)
    for picks in (Picks.SIMILAR, Picks.DIVERSE):
        assert ANSWERS[0] not in outputs(team, picking(team, picks, 3), for_input)
    by_hand = arena.variant(
        arena.prompt(team.project),
        examples=[
            {"passage": "a", "output": ANSWERS[0], "passage_id": items[0].passage_id},
            {"passage": "b", "output": "Of elsewhere."},
        ],
    )
    assert outputs(team, by_hand, for_input) == ["Of elsewhere."]
    assert len(outputs(team, by_hand, Input({"passage": "x"}))) == 2


def test_none_is_of_a_near_duplicate_of_the_passage(team: Team) -> None:
    items = accepted(team)
    Passage.objects.filter(pk=items[1].passage_id).update(same_as=items[0].passage_id)
    for_input = Input({"passage": ANSWERS[0]}, items[1].passage_id)
    assert ANSWERS[0] not in outputs(team, picking(team, Picks.SIMILAR, 4), for_input)


def test_none_is_of_a_test_split(team: Team) -> None:
    for answers in (ANSWERS[:2], ANSWERS[2:3], ANSWERS[3:]):
        accepted(team, answers)
    freezing.order_release(team.project)
    freezing.work_off_releases()
    rows = Release.objects.get().rows.filter(split="test")
    tested = {row.triple["answer"] for row in rows}
    assert tested
    approved = {item.values["answer"] for item in approved_items.newest(team.project, 9)}
    assert approved == set(ANSWERS) - tested
    for picks in (Picks.SIMILAR, Picks.DIVERSE):
        for_input = Input({"passage": next(iter(tested))})
        assert not tested & set(outputs(team, picking(team, picks, 4), for_input))


def test_where_too_few_are_approved_those_written_down_fill_up(team: Team) -> None:
    accepted(team, ANSWERS[:1])
    variant = picking(team, Picks.SIMILAR, 3)
    examples = outputs(team, variant, Input({"passage": "x"}))
    assert examples == [*(example["output"] for example in variant.examples[:2]), ANSWERS[0]]


def test_a_question_is_shown_with_the_answer_it_was_asked_for(team: Team) -> None:
    accepted(team, ANSWERS[:1])
    of = arena.prompt(team.project, Task.ASK)
    variant = arena.variant(of, template="{{ answer }}\n\nAsk.", picks=Picks.SIMILAR, pick_count=1)
    examples = examples_for(team.project, variant, [Input({"answer": "The tide."})])[0]
    assert (examples[0]["answer"], examples[0]["output"]) == (ANSWERS[0], "What is question 0?")


def test_drafting_picks_examples_too(team: Team) -> None:
    accepted(team)
    of = arena.prompt(team.project)
    Variant.objects.update(model="scripted")
    of.production = picking(team, Picks.SIMILAR)
    of.production.model = "scripted"
    of.production.save()
    of.save(update_fields=["production"])
    make.document(team.project)
    drafting.work_off_passages()
    assert not Passage.objects.exclude(state=JobState.DONE)
    assert of.production.items.exists()


def test_items_are_chosen_by_hand(team: Team, browse: Callable[[User], Client]) -> None:
    items = accepted(team)
    of = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    client, url = browse(team.engineer), f"{team.url}/prompts/{of.pk}/change/"
    assert ANSWERS[2] in page(client.get(url))
    data = CHANGED | {"template": "{{ passage }}\n\nSum it up.", "items": [str(items[2].pk)]}
    assert client.post(url, data).status_code == 302
    new_variant = of.variants.get(number=2)
    assert new_variant.examples == [
        {
            "passage": items[2].passage.text,
            "output": ANSWERS[2],
            "passage_id": items[2].passage_id,
        }
    ]
