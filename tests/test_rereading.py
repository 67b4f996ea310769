"""A document that is read again gets its new text; nothing reviewed or written is lost."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from generation import bin as bins
from generation.drafting import drafting
from generation.models import Document, EarlierText, Item, Passage, Typed
from generation.passages import editing
from generation.passages.cutting import Cut
from generation.passages.left_out import BLANK, LeftOut
from generation.reading import pipeline
from generation.releases import freezing
from generation.review import desk
from qareview.models import JobState
from tests import make
from tests.test_passage_editing import assert_covered
from tests.web import PART, page, told

pytestmark = pytest.mark.django_db

SAME = "The gates of the basin close by themselves as soon as the tide falls below the sill."
LOSSY = "A small vessel may pass through the side lock wait there while the gates are shut."
WHOLE = "A small vessel may pass through the side lock & wait there while the gates are shut."
NEW = "Harbour dues are paid at the office beside the lock before a vessel leaves the basin."
WEBSITE = (
    "<html><head><title>Basin</title></head><body><nav><ul><li><a href='/a'>Home of all</a></li>"
    "<li><a href='/b'>Prices of all</a></li><li><a href='/c'>Press room</a></li></ul></nav>"
    f"<main><h1>Basin</h1><p>{SAME}</p><p>{WHOLE}</p></main></body></html>"
)


@pytest.fixture
def document(team: Any, kept: Any) -> Document:
    """A document that an earlier reader read with loss: two passages, each with an item."""
    team.project.passage_length = 30
    team.project.save()
    text = f"{SAME}\n\n{LOSSY}\n"
    row = make.document(team.project, text=text)
    row.original.save("tides", ContentFile(f"{NEW}\n\n{SAME}\n\n{WHOLE}\n".encode()))
    row.passages.all().delete()
    ends = len(SAME), len(text) - 1
    cuts = [Cut(0, ends[0], [], None, None), Cut(ends[0] + 2, ends[1], [], None, None)]
    editing.add_passages(row, cuts)
    gaps = [LeftOut(ends[0], ends[0] + 2, BLANK), LeftOut(ends[1], len(text), BLANK)]
    row.left_out = [gap.as_json() for gap in gaps]
    row.save()
    drafting.work_off_passages()
    assert_covered(row)
    return row


def item_of(document: Document, text: str) -> Item:
    return Item.objects.get(document=document, passage__text=text)


def read_again(document: Document) -> Document:
    assert pipeline.read_again(document, extent="", ocr=False)
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert (document.state, document.error) == (JobState.DONE, "")
    assert_covered(document)
    return document


def texts(document: Document) -> list[str]:
    rows = document.passages.filter(superseded_at=None).order_by("position")
    return list(rows.values_list("text", flat=True))


def test_passages_with_the_same_text_keep_their_items(document: Document) -> None:
    item, other = item_of(document, SAME), item_of(document, LOSSY)
    read_again(document)
    assert texts(document) == [NEW, SAME, WHOLE]
    assert document.text_version == 2
    item.refresh_from_db()
    assert item.passage.text == SAME
    assert item.passage.start == len(NEW) + 2
    assert item.passage.position == 1
    assert not Item.everything.filter(pk=other.pk).exists()
    assert not EarlierText.objects.exists()
    drafting.work_off_passages()
    assert sorted(row.passage.text for row in Item.objects.filter(document=document)) == sorted(
        [NEW, SAME, WHOLE]
    )


def test_what_was_reviewed_stays_with_the_text_that_it_is_from(
    document: Document, team: Any
) -> None:
    item, before = item_of(document, LOSSY), document.text
    make.accept(item, team.reviewer)
    read_again(document)
    item.refresh_from_db()
    passage = item.passage
    assert passage.superseded_at
    assert passage.earlier_text
    assert passage.earlier_text.text == before
    assert passage.text == before[passage.start : passage.end] == LOSSY
    assert freezing.triple_of(item)["context"] == LOSSY
    around = desk.text_around(item, passage.start, passage.end)
    assert (around.before, around.part) == (f"{SAME}\n\n", LOSSY)


def test_an_earlier_cut_stays_with_its_text_after_two_readings(
    document: Document, team: Any
) -> None:
    item, before = item_of(document, LOSSY), document.text
    make.accept(item, team.reviewer)
    read_again(document)
    document.original.save("again", ContentFile(f"{WHOLE}\n".encode()))
    read_again(document)
    assert texts(document) == [WHOLE]
    item.refresh_from_db()
    assert item.passage.earlier_text
    assert item.passage.earlier_text.text == before
    assert EarlierText.objects.count() == 1


def test_the_earlier_text_goes_with_its_document(document: Document, team: Any) -> None:
    make.accept(item_of(document, LOSSY), team.reviewer)
    read_again(document)
    assert EarlierText.objects.filter(document=document).exists()
    bins.remove_document(document)
    assert not EarlierText.objects.exists()


def test_an_excerpt_that_was_chosen_keeps_its_text(document: Document, team: Any) -> None:
    item = item_of(document, SAME)
    review = make.accept(item, team.reviewer, start=0, end=9)
    assert review.context == "The gates"
    read_again(document)
    item.refresh_from_db()
    assert item.passage.earlier_text
    assert item.passage.earlier_text.text[review.start : review.end] == review.context
    assert texts(document) == [NEW, SAME, WHOLE]


def test_an_excerpt_chosen_in_a_form_from_before_is_refused(
    document: Document, team: Any, browse: Any
) -> None:
    item = item_of(document, SAME)
    data = make.review_data(item, start=0, end=9, text_version=document.text_version)
    read_again(document)
    client = browse(team.reviewer)
    answer = page(client.post(f"{team.url}/review/{item.pk}/", data), status=422)
    assert "The document has been read again since you chose the context." in answer
    assert item.reviews.count() == 0
    client.post(f"{team.url}/review/{item.pk}/", {**data, "text_version": 2})
    assert item.reviews.get().context == NEW[:9]


def test_typed_text_stays_but_an_unsent_excerpt_does_not(document: Document, team: Any) -> None:
    item = item_of(document, SAME)
    fields = {"question": "Which gates?", "answer": "All.", "start": 0, "end": 9}
    desk.store_typed(item, team.reviewer, fields)
    read_again(document)
    assert Typed.objects.get(item=item).fields == {"question": "Which gates?", "answer": "All."}


def test_an_excluded_passage_stays_excluded_though_its_text_changed(
    document: Document, team: Any
) -> None:
    editing.exclude_passage(item_of(document, LOSSY).passage, team.engineer)
    read_again(document)
    assert list(
        document.passages.order_by("position").values_list("text", "excluded_by__username")
    ) == [(NEW, None), (SAME, None), (WHOLE, "eve")]


def test_two_passages_with_the_same_text_both_stay(document: Document) -> None:
    document.original.save("twice", ContentFile(f"{SAME}\n\n{SAME}\n".encode()))
    read_again(document)
    before = set(document.passages.values_list("pk", flat=True))
    read_again(document)
    assert texts(document) == [SAME, SAME]
    assert set(document.passages.values_list("pk", flat=True)) == before


def test_a_file_that_cannot_be_read_any_more_leaves_everything(document: Document) -> None:
    before = texts(document)
    document.original.save("broken", ContentFile(b"\x89PNG\r\n"))
    assert pipeline.read_again(document, extent="", ocr=False)
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert document.state == JobState.FAILED
    assert texts(document) == before
    assert_covered(document)


# The page


@pytest.fixture
def website(team: Any, kept: Any) -> Document:
    row = make.document(team.project, text="", name="basin.html")
    row.original.save("basin", ContentFile(WEBSITE.encode()))
    assert pipeline.read_again(row, extent="", ocr=False)
    pipeline.work_off_documents()
    row.refresh_from_db()
    return row


def test_the_page_previews_a_reading_and_changes_nothing(
    website: Document, team: Any, browse: Any
) -> None:
    client = browse(team.engineer)
    address = f"{team.url}/documents/{website.pk}/read/"
    shown = page(client.get(address))
    assert "Whole page, without menus" in shown
    assert shown.count("the tide falls below the sill") == 2  # now, and after
    preview = page(client.get(address, {"extent": "main text"}, headers=PART))
    assert "After reading again" in preview
    assert "<form" not in preview
    assert "The text would be the same." in preview
    website.refresh_from_db()
    assert (website.state, website.text_version) == (JobState.DONE, 1)


def test_the_page_reads_again_in_the_way_chosen(website: Document, team: Any, browse: Any) -> None:
    client = browse(team.engineer)
    response = client.post(f"{team.url}/documents/{website.pk}/read/", {"extent": "main text"})
    assert told(response) == ["basin.html will be read again. Reviewed items are kept."]
    again = client.post(f"{team.url}/documents/{website.pk}/read/", {"extent": "whole page"})
    assert told(again)[-1] == "basin.html is being read already."
    pipeline.work_off_documents()
    website.refresh_from_db()
    assert website.extent == "main text"


def test_another_way_than_offered_is_refused(website: Document, team: Any, browse: Any) -> None:
    client = browse(team.engineer)
    answer = client.post(f"{team.url}/documents/{website.pk}/read/", {"extent": "half"})
    assert "half is not one of the available choices" in page(answer, status=422)
    website.refresh_from_db()
    assert website.state == JobState.DONE


def test_reviewers_strangers_and_tables_have_no_such_page(
    website: Document, team: Any, browse: Any
) -> None:
    address = f"{team.url}/documents/{website.pk}/read/"
    assert browse(team.reviewer).get(address).status_code == 403
    assert browse(team.stranger).get(address).status_code == 404
    Document.objects.filter(pk=website.pk).update(columns={"context": "text"})
    assert browse(team.engineer).get(address).status_code == 404


@pytest.mark.parametrize("who", ["admin", "engineer"])
def test_only_admins_ask_for_text_recognition(
    website: Document, team: Any, browse: Any, who: str
) -> None:
    Document.objects.filter(pk=website.pk).update(picture_pages=[2])
    shown = page(browse(getattr(team, who)).get(f"{team.url}/documents/{website.pk}/read/"))
    assert ("Recognise text on pages" in shown) == (who == "admin")
    assert Passage.objects.filter(document=website).exists()


@pytest.mark.parametrize(("pages", "is_marked"), [([1], False), ([2], True), ([4], False)])
def test_passages_from_recognised_pages_are_marked(
    document: Document, team: Any, browse: Any, pages: list[int], is_marked: bool
) -> None:
    document.passages.update(first_page=2, last_page=3)
    Document.objects.filter(pk=document.pk).update(ocr_pages=pages)
    client = browse(team.reviewer)
    for address in (f"documents/{document.pk}", "review"):
        shown = page(client.get(f"{team.url}/{address}/"))
        assert ("This text was recognised from a picture" in shown) == is_marked
