"""Which sentences support an answer, and how far the flags can be trusted."""

import html
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.checks import flags, prior, scoring
from generation.checks.sentence_splitting import sentences
from generation.checks.support import support
from generation.drafting import drafting
from generation.models import Item, Passage, Question
from generation.review import decisions, queue
from prompts.models import Task
from prompts.variants import in_production
from qareview import embeddings
from qareview.models import Project
from qareview.templatetags.qareview import markdown
from tests import make
from tests.bench import checks as labelled
from tests.web import page

DUPLICATES = {flags.DUPLICATE_QUESTION, flags.DUPLICATE_ANSWER}


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It closes. It opens.", ["It closes.", "It opens."]),
        ("Dr. Pell paid 3.5 m. J. R. S. did!", ["Dr. Pell paid 3.5 m.", "J. R. S. did!"]),
        ("“Why?” he asked. So it is", ["“Why?” he asked.", "So it is"]),
        ("# The gate\n\nIt closes e.g. at dusk.", ["The gate", "It closes e.g. at dusk."]),
        ("- one gate\n- two locks\n3. three", ["one gate", "two locks", "three"]),
        ("| a | b |\n| - | - |\n| c | d |", ["a | b", "c | d"]),
        ("門は閉じる。潮が下がる。", ["門は閉じる。", "潮が下がる。"]),
        ("他说：“潮退了。”然后走了。Ebb.", ["他说：“潮退了。”", "然后走了。", "Ebb."]),
        ("３．５メートル。「いつ？」と聞く", ["３．５メートル。", "「いつ？」", "と聞く"]),
        ("متى يغادر؟ يغادر صباحا. انتهى۔ نعم", ["متى يغادر؟", "يغادر صباحا.", "انتهى۔", "نعم"]),
        ("नाव चलती है। वह लौटती है॥", ["नाव चलती है।", "वह लौटती है॥"]),
        ("Τι ώρα φεύγει; Στις οκτώ· πάντα.", ["Τι ώρα φεύγει;", "Στις οκτώ· πάντα."]),
        ("It opens; it closes.", ["It opens; it closes."]),
        ("And so… It ends.", ["And so…", "It ends."]),
        ("", []),
        (" \n--- \n", []),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=300))
def test_sentences_of_any_text_hold_all_its_letters_in_order(text: str) -> None:
    places = list(sentences(text))
    assert all(start < end for start, end in places)
    assert [place for pair in places for place in pair] == sorted(
        place for pair in places for place in pair
    )
    inside = "".join(text[start:end] for start, end in places)
    letters = [character for character in text if character.isalpha()]
    assert [character for character in inside if character.isalpha()] == letters


PASSAGE = "The gate closes at dusk. It was painted red in May. Ships wait outside until dawn."


def test_each_sentence_is_carried_by_the_one_that_says_it() -> None:
    answer = "Boats have to wait outside. The gate is shut in the evening."
    [found] = support([(answer, PASSAGE)])
    carried = [
        (answer[one["start"] : one["end"]], PASSAGE[one["from"] : one["to"]]) for one in found
    ]
    assert carried == [
        ("Boats have to wait outside.", "Ships wait outside until dawn."),
        ("The gate is shut in the evening.", "The gate closes at dusk."),
    ]
    assert all(0.5 < one["score"] <= 1 for one in found)


def test_what_nobody_said_is_carried_by_little() -> None:
    found, nothing = support([("Whales sing in the sea.", PASSAGE), ("", PASSAGE)])
    assert found[0]["score"] < 0.3
    assert nothing == []


def test_vectors_have_unit_length_and_near_meanings_are_near() -> None:
    vectors = embeddings.embed(["The gate closes.", "The gate is shut.", "Bread is baked."])
    assert vectors.shape == (3, embeddings.DIMENSIONS)
    assert abs(float(vectors[0] @ vectors[0]) - 1) < 1e-5
    assert vectors[0] @ vectors[1] > 0.6 > 0.3 > vectors[0] @ vectors[2]
    assert embeddings.embed([]).shape == (0, embeddings.DIMENSIONS)


def test_every_flag_is_mostly_right_on_the_labelled_items() -> None:
    rows = labelled.flagged()
    assert len(rows) >= 60
    found = labelled.measure(rows)
    in_isolation = set(flags.EXPLANATIONS) - {
        flags.EMPTY_ANSWER,
        flags.EMPTY_QUESTION,
        flags.CUT_OFF_QUESTION,  # told by the model, not by the text
        *DUPLICATES,
        flags.ANSWERED_OTHERWISE,
        flags.PASSAGE_NOT_NEEDED,
    }
    assert set(found) == in_isolation
    for name, figures in found.items():
        assert figures["precision"] >= 0.7, name
        assert figures["recall"] >= 0.9, name


@pytest.mark.django_db
def test_low_scores_are_put_aside_listed_and_restored(team: Any, browse: Any) -> None:
    Project.objects.filter(pk=team.project.pk).update(lowest_score=0.5)
    team.project.refresh_from_db()
    good = drafted(
        team.project,
        "Passage 0 tells of the tide.",
        "What does passage zero tell of?",
    )
    bad = drafted(team.project, "Whales from 1805 sing", "Whales?")
    assert (good.state, bad.state) == ("pending", "aside")
    assert re.fullmatch(r"Its score, 0\.\d+, is under the limit of 0.5\.", bad.aside)
    client = browse(team.engineer)
    assert bad.aside in page(client.get(f"{team.url}/items/?state=aside"))
    assert "1 item set aside because of a low score." in page(client.get(f"{team.url}/items/"))
    client.post(f"{team.url}/drafting/restore/")
    bad.refresh_from_db()
    assert (bad.state, bad.aside) == ("pending", "")
    make.accept(bad, team.reviewer)
    decisions.undo_review(team.project, team.reviewer)
    bad.refresh_from_db()
    assert bad.state == "pending"


@pytest.mark.django_db
def test_an_item_tells_its_scores_and_what_they_mean(team: Any, browse: Any) -> None:
    item = drafted(
        team.project,
        "Passage 0 tells of the tide.",
        "What does passage zero tell of?",
    )
    shown = page(browse(team.reviewer).get(f"{team.url}/items/{item.pk}/"))
    for name, score in {**item.scores, **item.question.scores}.items():
        assert f"<dt>{name.capitalize()} {score:.2f}</dt>" in shown
        told = flags.SCORES[name]
        assert f"<dd>{told[:1].upper()}{told[1:]}.</dd>" in html.unescape(shown)


def drafted(project: Project, answer: str, question: str) -> Item:
    """Score and store an item with these texts, as drafting does."""
    summarise, ask = (in_production(project, task) for task in (Task.SUMMARISE, Task.ASK))
    passage = make.items(project, 1)[0].passage
    passage.items.all().delete()
    item = Item(
        project=project,
        document=passage.document,
        passage=passage,
        variant=summarise,
        answer=answer,
    )
    draft = scoring.Draft(item, [Question(item=item, variant=ask, text=question)])
    scoring.score_drafts(project, [draft])
    item.save()
    draft.questions[0].save()
    return item


@pytest.mark.django_db
def test_an_item_like_another_of_the_project_is_flagged_and_comes_later(team: Any) -> None:
    first = drafted(team.project, "The gate closes at dusk.", "When does the gate close?")
    other = drafted(team.project, "Ships wait for a pilot.", "What do the ships wait for?")
    twin = drafted(team.project, "At dusk the gate closes.", "When is the gate closed?")
    far = drafted(make.project(name="Far"), "The gate closes at dusk.", "When does it close?")
    asked = drafted(team.project, "A bell is rung.", "At what time does the gate close?")
    rows = (first, other, twin, far, asked)
    raised = [{*item.flags, *item.question.flags} & DUPLICATES for item in rows]
    assert raised == [set(), set(), DUPLICATES, set(), {flags.DUPLICATE_QUESTION}]
    assert twin.scores[flags.NEW_ANSWER] < 0.1 < other.scores[flags.NEW_ANSWER]
    assert asked.question.scores[flags.NEW_QUESTION] < 0.1 < asked.scores[flags.NEW_ANSWER]
    order = []
    while item := queue.take_next_item(team.project, team.reviewer):
        order.append(item.pk)
        make.accept(item, team.reviewer)
    scores = {item.pk: item.score for item in (first, other, twin, asked)}
    assert order == sorted(scores, key=lambda pk: -scores[pk])
    assert scores[twin.pk] < min(scores[first.pk], scores[other.pk])


@pytest.mark.django_db
def test_the_sentence_that_carries_the_answer_is_marked(team: Any, browse: Any) -> None:
    document = make.document(team.project, text="")
    Passage.objects.create(
        document=document, position=0, start=0, end=1, text=f"# Gates & <b>\n\n- {PASSAGE} *So*."
    )
    drafting.work_off_passages()
    item = Item.objects.get()
    item.support = [{"start": 0, "end": 5, "from": 17, "to": 41, "score": 0.9}]
    item.save()
    for url in (f"{team.url}/review/", f"{team.url}/items/{item.pk}/"):
        shown = page(browse(team.reviewer).get(url))
        assert '<mark data-carries="0">The gate closes at dusk.</mark>' in shown
        assert "Gates &amp; &lt;b&gt;" in shown


MARKED = st.lists(
    st.sampled_from(
        ["It *is* so. ", "<b>", "**Two** ", "# ", "\n\n", "- a\n", "`c` ", "&", "_x_ "]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(MARKED, st.integers(0, 60), st.integers(0, 60))
def test_marking_adds_nothing_but_marks(text: str, start: int, length: int) -> None:
    shown = markdown(text, [{"from": start, "to": start + length}])
    assert re.sub('<mark data-carries="0">|</mark>', "", shown) == markdown(text)
    for inside in re.findall("<mark[^>]*>(.*?)</mark>", shown, re.DOTALL):
        assert "<" not in inside


def test_marks_go_around_the_elements_within() -> None:
    shown = markdown("It *is* so. Is it?", [{"from": 0, "to": 11}, {"from": 3, "to": 8}])
    marked = shown.replace(' data-carries="0 1"', "")
    assert marked == "<p><mark>It </mark><em><mark>is</mark></em><mark> so.</mark> Is it?</p>\n"


def test_scores_are_weighed_by_flags() -> None:
    scores = {flags.SUPPORT: 0.8, flags.NEW_ANSWER: 0.6}
    assert prior.overall_score(scores, [flags.FOREIGN_NUMBER, flags.SPEAKS_OF_TEXT]) == 0.448
    assert prior.overall_score(scores, []) == 0.7
    assert prior.overall_score({}, []) == 0.5
