"""Changing passages by hand and by length, without losing anything reviewed or written."""

import re
from typing import Any

import pytest

from generation.drafting import drafting
from generation.models import Document, Item, ItemState, Passage, Review, Verdict
from generation.passages import editing
from generation.review import queue
from prompts import promotions, variants
from prompts.models import Prompt, Task
from qareview import jobs
from qareview.models import JobState
from tests import make
from tests.web import PART, page, told

pytestmark = pytest.mark.django_db

NAMES = ["gate", "lock", "quay", "crane", "pilot", "tide", "buoy", "mole", "dock", "light"]
TEXT = "\n\n".join(
    f"## The {name}\n\nOf the {name} it is told {number} times that it stood in the year "
    f"{1700 + number}. Whoever passes the {name} by night sees no more than {number} lanterns. "
    f"Its keeper writes the number of the {name} into book {number}."
    for number, name in enumerate(NAMES)
)


@pytest.fixture
def document(team: Any, kept: Any) -> Document:
    """A document that was read and drafted from: a passage and an item for each of NAMES."""
    made = make.document(team.project, text=TEXT)
    made.passages.all().delete()
    editing.recut(made, 60)
    drafting.work_off_passages()
    made.refresh_from_db()
    assert made.passages.count() == len(NAMES)
    assert_covered(made)
    return made


def assert_covered(document: Document) -> None:
    document.refresh_from_db()
    current = document.passages.filter(superseded_at=None)
    ranges = sorted(
        [(row.start, row.end) for row in current]
        + [(gap["start"], gap["end"]) for gap in document.left_out]
    )
    assert "".join(document.text[start:end] for start, end in ranges) == document.text
    assert all(row.text == document.text[row.start : row.end] for row in current)
    assert [row.position for row in current.order_by("start")] == list(range(current.count()))


def passage(document: Document, position: int) -> Passage:
    return document.passages.get(position=position, superseded_at=None)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "潮が引く。船は待つ！「いつ？」と聞く。",
            ["潮が引く。", "船は待つ！", "「いつ？」", "と聞く。"],
        ),
        ("متى؟ صباحا. نعم", ["متى؟ ", "صباحا. ", "نعم"]),
        ("It falls. It rises.", ["It falls. ", "It rises."]),
        ("潮。", ["潮。"]),
    ],
)
def test_a_passage_may_be_split_between_sentences_of_any_script(
    text: str, parts: list[str]
) -> None:
    assert [part for _, part in editing.sentences_and_paragraphs(text)] == parts


def change(team: Any, browse: Any, row: Passage, name: str, **data: Any) -> list[str]:
    return told(
        browse(team.engineer).post(f"{team.url}/passages/{row.pk}/{name}/", data, follow=False)
    )


def test_merging_replaces_two_passages_and_drafts_from_the_new_one(
    team: Any, browse: Any, document: Document
) -> None:
    first, second = passage(document, 3), passage(document, 4)
    assert change(team, browse, first, "merge") == []
    merged = passage(document, 3)
    assert (merged.start, merged.end) == (first.start, second.end)
    assert merged.headings == first.headings
    assert (merged.state, merged.items.count()) == (JobState.QUEUED, 0)
    assert document.passages.count() == len(NAMES) - 1
    assert_covered(document)
    drafting.work_off_passages()
    assert merged.items.count() == 1


def test_the_last_passage_has_none_to_merge_with(
    team: Any, browse: Any, document: Document
) -> None:
    [reason] = change(team, browse, passage(document, len(NAMES) - 1), "merge")
    assert reason.startswith("This is the document’s last passage")


def test_splitting_makes_two_and_drops_no_letter(
    team: Any, browse: Any, document: Document
) -> None:
    row = passage(document, 2)
    offsets = [offset for offset, _ in editing.sentences_and_paragraphs(row.text)]
    assert [row.text[offset:][:5] for offset in offsets] == ["## Th", "Of th", "Whoev", "Its k"]
    assert change(team, browse, row, "split", offset=offsets[2]) == []
    assert passage(document, 2).text.endswith(" in the year 1702.")
    assert passage(document, 3).text.startswith("Whoever passes the quay")
    assert document.passages.count() == len(NAMES) + 1
    assert_covered(document)


@pytest.mark.parametrize("offset", ["", "0", "-1", "99999", "x", "9" * 40])
def test_a_split_at_no_place_is_refused(
    team: Any, browse: Any, document: Document, offset: str
) -> None:
    [reason] = change(team, browse, passage(document, 2), "split", offset=offset)
    assert reason == "A passage can only be cut between two sentences."
    assert document.passages.count() == len(NAMES)


def test_an_excluded_passage_leaves_the_desk_and_comes_back_whole(
    team: Any, browse: Any, document: Document
) -> None:
    row = passage(document, 0)
    item = row.items.get()
    change(team, browse, row, "exclude")
    item.refresh_from_db()
    assert (item.state, item.aside) == (ItemState.ASIDE, "Its passage was excluded.")
    shown = page(browse(team.engineer).get(f"{team.url}/documents/{document.pk}/"))
    assert '<span class="state">excluded</span> by eve' in shown
    change(team, browse, row, "restore")
    item.refresh_from_db()
    row.refresh_from_db()
    assert (item.state, item.aside, row.excluded_at) == (ItemState.PENDING, "", None)
    assert row.state == JobState.DONE


def test_a_passage_excluded_before_it_was_drafted_is_drafted_when_restored(
    team: Any, browse: Any
) -> None:
    row = make.document(team.project).passages.all()[0]
    change(team, browse, row, "exclude")
    drafting.work_off_passages()
    assert row.items.count() == 0
    change(team, browse, row, "restore")
    drafting.work_off_passages()
    assert row.items.count() == 1


def test_a_new_cut_keeps_what_was_reviewed(team: Any, browse: Any, document: Document) -> None:
    reviewed = passage(document, 1).items.get()
    make.accept(reviewed, team.reviewer)
    skipped = passage(document, 5).items.get()
    before = list(Item.objects.filter(pk=reviewed.pk).values())
    client = browse(team.engineer)
    url = f"{team.url}/documents/{document.pk}/cut/"
    assert client.post(url, {"length": 130}).status_code == 302
    assert_covered(document)
    assert document.passages.filter(superseded_at=None).count() == len(NAMES) / 2
    assert list(Item.objects.filter(pk=reviewed.pk).values()) == before
    assert Review.objects.count() == 1
    assert not Item.objects.filter(pk=skipped.pk).exists()
    shown = page(client.get(f"{team.url}/documents/{document.pk}/"))
    assert "From an earlier cut" in shown
    assert f"Item {reviewed.pk}" in shown
    assert "from an earlier cut" in page(client.get(f"{team.url}/items/{reviewed.pk}/"))
    drafting.work_off_passages()
    editing.recut(document, 60)
    assert_covered(document)


def test_a_skipped_item_of_an_old_cut_is_put_aside(team: Any, document: Document) -> None:
    item = passage(document, 1).items.get()
    make.accept(item, team.reviewer, verdict=Verdict.SKIPPED)
    editing.recut(document, 130)
    item.refresh_from_db()
    assert (item.state, item.aside) == (ItemState.ASIDE, "Its passage was cut again.")


def test_passages_that_stay_the_same_keep_their_items(document: Document) -> None:
    before = list(Item.objects.order_by("pk").values())
    editing.recut(document, 60)
    assert list(Item.objects.order_by("pk").values()) == before
    assert_covered(document)


def test_what_was_excluded_stays_excluded_in_a_new_cut(team: Any, document: Document) -> None:
    for position in (0, 1):
        editing.exclude_passage(passage(document, position), team.engineer)
    editing.recut(document, 130)
    excluded = document.passages.exclude(excluded_at=None)
    assert [row.position for row in excluded] == [0]
    drafting.work_off_passages()
    assert excluded.get().items.count() == 0


def test_the_preview_shows_another_length_at_once(
    team: Any, browse: Any, document: Document
) -> None:
    client = browse(team.engineer)
    url = f"{team.url}/documents/{document.pk}/cut/"
    whole = page(client.get(url))
    assert "<strong>" in whole
    part = page(client.get(url, {"length": 130}, headers=PART))
    assert "<html" not in part
    assert f"<strong>{len(NAMES) // 2} passages</strong>, currently {len(NAMES)}." in part
    assert part.count('class="card source"') == len(NAMES) // 2
    wrong = page(client.get(url, {"length": 7}, headers=PART))
    assert "greater than or equal to 50" in wrong
    assert document.passages.count() == len(NAMES)
    page(client.post(url, {"length": 7}), 422)


def test_a_length_may_be_taken_for_the_project(team: Any, browse: Any, document: Document) -> None:
    client = browse(team.engineer)
    url = f"{team.url}/documents/{document.pk}/cut/"
    client.post(url, {"length": 130})
    team.project.refresh_from_db()
    assert team.project.passage_length == 220
    client.post(url, {"length": 140, "for_project": "on"})
    team.project.refresh_from_db()
    assert team.project.passage_length == 140


def test_a_change_of_a_passage_that_is_gone_tells_so(
    team: Any, browse: Any, document: Document
) -> None:
    row = passage(document, 1)
    make.accept(row.items.get(), team.reviewer)
    editing.recut(document, 130)
    [reason] = change(team, browse, row, "merge")
    assert reason.startswith("The document has since been cut again.")
    answer = browse(team.engineer).post(f"{team.url}/passages/{row.pk}/explode/")
    assert answer.status_code == 404


def test_a_worker_with_a_passage_that_is_gone_drops_what_it_wrote(document: Document) -> None:
    Passage.objects.update(state=JobState.QUEUED)
    Item.objects.all().delete()
    rows = jobs.claim(Passage, 3)
    editing.recut(document, 130)
    with pytest.raises(jobs.LeaseLost):
        drafting.draft(rows)
    assert Item.objects.count() == 0


# Near-duplicates


def numbered(count: int, word: str = "gate") -> str:
    return " ".join(f"The {word} number {n} closes at hour {n}." for n in range(count))


def test_near_duplicates_are_drafted_once_and_can_be_drafted_all_the_same(
    team: Any, browse: Any, kept: Any
) -> None:
    first = make.document(team.project, text="")
    texts = [numbered(30), numbered(30) + " It is so.", numbered(30, "lock"), numbered(30)]
    for text in texts:
        other = make.document(team.project, text=text)
        other.passages.all().delete()
        editing.recut(other, 1000)
    rows = list(Passage.objects.exclude(document=first).order_by("pk"))
    assert [row.same_as for row in rows] == [None, rows[0], None, rows[0]]
    drafting.work_off_passages()
    assert [row.items.count() for row in rows] == [1, 0, 1, 0]
    client = browse(team.engineer)
    shown = page(client.get(f"{team.url}/documents/{rows[1].document_id}/"))
    assert re.search(r'near-duplicate</span> of <a href="[^"]*passage=0#passage-0">', shown)
    assert "not drafted" in page(client.get(f"{team.url}/"))
    client.post(f"{team.url}/passages/{rows[1].pk}/restore/")
    drafting.work_off_passages()
    assert rows[1].items.count() == 1


def test_other_projects_hold_no_near_duplicates(team: Any) -> None:
    for project in (team.project, make.project(name="Other")):
        document = make.document(project, text=numbered(30))
        document.passages.all().delete()
        editing.recut(document, 1000)
        assert document.passages.get().same_as is None


# Orders


def order(team: Any, browse: Any, name: str) -> list[str]:
    return told(browse(team.engineer).post(f"{team.url}/drafting/{name}/"))


def test_drafting_is_paused_and_resumed(team: Any, browse: Any) -> None:
    make.document(team.project)
    assert order(team, browse, "pause") == [
        "Drafting paused. Drafts in progress will be finished; the rest will wait."
    ]
    drafting.work_off_passages()
    assert Item.objects.count() == 0
    shown = page(browse(team.engineer).get(f"{team.url}/"))
    assert "Drafting is paused until an engineer resumes it." in shown
    assert "Resume drafting" in shown
    order(team, browse, "resume")
    drafting.work_off_passages()
    assert Item.objects.count() == 2


def test_what_waits_is_cancelled_and_drafted_after_all(team: Any, browse: Any) -> None:
    make.document(team.project)
    assert order(team, browse, "cancel") == ["Drafting cancelled for 2 passages."]
    drafting.work_off_passages()
    assert Item.objects.count() == 0
    shown = page(browse(team.engineer).get(f"{team.url}/"))
    assert "Draft 2 cancelled passages" in shown
    assert order(team, browse, "fill-up") == ["2 passages queued for drafting."]
    drafting.work_off_passages()
    assert Item.objects.count() == 2


def test_more_items_asked_for_later_are_filled_up(team: Any, browse: Any, document: Any) -> None:
    assert order(team, browse, "fill-up") == ["0 passages queued for drafting."]
    team.project.items_per_passage = 2
    team.project.save()
    assert order(team, browse, "fill-up") == [f"{len(NAMES)} passages queued for drafting."]
    drafting.work_off_passages()
    assert Item.objects.count() == 2 * len(NAMES)


def test_pending_items_are_drafted_again_and_decided_ones_stay(
    team: Any, browse: Any, document: Document
) -> None:
    decided = passage(document, 0).items.get()
    make.accept(decided, team.reviewer)
    held = queue.take_next_item(team.project, team.reviewer)
    count = len(NAMES) - 2
    assert order(team, browse, "again") == [
        f"{count} items set aside and queued to be drafted again."
    ]
    drafting.work_off_passages()
    states = dict(Item.objects.values_list("pk", "state"))
    assert (states[decided.pk], states[held.pk]) == (ItemState.ACCEPTED, ItemState.PENDING)
    assert list(states.values()).count(ItemState.ASIDE) == count
    assert list(states.values()).count(ItemState.PENDING) == count + 1
    fresh = passage(document, 5).items.get(state=ItemState.PENDING)
    assert fresh.number == 2


def test_one_item_or_one_document_is_drafted_again(
    team: Any, browse: Any, document: Document
) -> None:
    client = browse(team.engineer)
    other = make.item(team.project)
    item = passage(document, 0).items.get()
    client.post(f"{team.url}/items/{item.pk}/again/")
    item.refresh_from_db()
    assert (item.state, item.aside) == (ItemState.ASIDE, "It was drafted again.")
    assert Item.objects.filter(state=ItemState.ASIDE).count() == 1
    assert "It was drafted again." in page(client.get(f"{team.url}/items/?state=aside"))
    client.post(f"{team.url}/items/{item.pk}/restore/")
    item.refresh_from_db()
    assert (item.state, item.aside) == (ItemState.PENDING, "")
    client.post(f"{team.url}/documents/{document.pk}/again/")
    other.refresh_from_db()
    assert other.state == ItemState.PENDING
    assert Item.objects.filter(state=ItemState.ASIDE).count() == len(NAMES)


def test_it_is_drafted_again_with_another_model_or_prompt(
    team: Any, browse: Any, document: Document, settings: Any
) -> None:
    settings.MODELS = {**settings.MODELS, "other": {"backend": "scripted"}}
    ask = Prompt.objects.get(project=team.project, task=Task.ASK)
    old = ask.production
    values = {"template": "Answer: {{ answer }}\n\nAsk a question."}
    promotions.promote_variant(variants.add_variant(old, values, team.engineer), team.engineer)
    place = f"{team.url}/items/{passage(document, 0).items.get().pk}/again/"
    client = browse(team.engineer)
    assert "1 pending item will be set aside" in page(client.get(place))
    assert client.post(place, {"model": "gone"}).status_code == 422
    foreign = Prompt.objects.get(project=make.project(name="Far"), task=Task.ASK).production_id
    assert client.post(place, {"ask": foreign}).status_code == 422
    assert Item.objects.filter(state=ItemState.ASIDE).count() == 0
    client.post(place, {"model": "other", "ask": old.pk})
    Passage.objects.filter(pk=passage(document, 1).pk).update(state=JobState.QUEUED)
    passage(document, 1).items.update(state=ItemState.ASIDE)
    drafting.work_off_passages()
    ordered, usual = (passage(document, n).items.get(state=ItemState.PENDING) for n in (0, 1))
    assert (ordered.model, ordered.question.model) == ("other", "other")
    assert (usual.model, usual.question.model) == ("scripted", "scripted")
    assert (ordered.question.variant_id, usual.question.variant.number) == (old.pk, 2)
    assert passage(document, 0).draft_with == {}  # for this once
    assert "nothing to draft again" in page(client.get(place))


def test_an_unknown_order_is_not_found(team: Any, browse: Any) -> None:
    assert browse(team.engineer).post(f"{team.url}/drafting/explode/").status_code == 404
