"""The desk over HTTP."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation.checks import flags
from generation.models import Hold, Item, ItemState, Passage, Question, Review, Typed
from qareview import jobs
from qareview.models import JobState
from tests import make
from tests.conftest import Team
from tests.web import PART, page, told

Browse = Callable[[User], Client]


@pytest.fixture
def desk(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def send(client: Client, team: Team, item: Item, **values: Any) -> Any:
    headers = values.pop("headers", {})
    data = make.review_data(item, **values)
    return client.post(f"{team.url}/review/{item.pk}/", data, headers=headers)


def test_the_desk_shows_passage_question_answer_and_flags(team: Team, desk: Client) -> None:
    item = make.item(team.project, flags=[flags.CUT_OFF_ANSWER])
    Passage.objects.update(headings=["Tides", "Gates"], first_page=14, last_page=14)
    Question.objects.update(flags=[flags.NOT_A_QUESTION])
    text = page(desk.get(f"{team.url}/review/"))
    crumbs = re.sub("</?bdi[^>]*>", "", " ".join(text.split()))
    assert "tides.md › Tides › Gates · page 14" in crumbs
    assert "tells of the tide." in text
    assert "What is question 0?</textarea>" in text
    assert "Answer 0.</textarea>" in text
    assert str(flags.EXPLANATIONS[flags.CUT_OFF_ANSWER]) in text
    assert str(flags.EXPLANATIONS[flags.NOT_A_QUESTION]) in text
    hold = Hold.objects.get()
    assert (hold.reviewer, hold.item) == (team.reviewer, item)


@pytest.mark.parametrize(
    ("values", "state", "verdict"),
    [
        ({}, ItemState.ACCEPTED, "accepted"),
        ({"answer": "Better.\r\nTwo lines."}, ItemState.ACCEPTED, "edited"),
        ({"verdict": "", "reason": "Not worth asking"}, ItemState.REJECTED, "rejected"),
        ({"verdict": "skipped"}, ItemState.PENDING, "skipped"),
    ],
)
def test_a_verdict_is_stored_and_the_next_item_shown(
    team: Team, desk: Client, values: dict[str, str], state: str, verdict: str
) -> None:
    item, following = make.items(team.project, 2)
    response = send(desk, team, item, headers=PART, **values)
    text = page(response)
    assert text.lstrip().startswith('<div id="messages"')
    assert "<html" not in text
    assert f"/review/{following.pk}/" in text
    assert response["HX-Replace-Url"] == f"{team.url}/review/"
    item.refresh_from_db()
    review = Review.objects.get()
    assert (item.state, review.verdict, review.seconds) == (state, verdict, 5)
    if verdict == "edited":
        assert review.answer == "Better.\nTwo lines."


def test_without_scripts_a_review_leads_back_to_the_desk(team: Team, desk: Client) -> None:
    response = send(desk, team, make.item(team.project))
    assert (response.status_code, response.url) == (302, f"{team.url}/review/")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"question": " "}, "An accepted item needs a question."),
        ({"answer": ""}, "An accepted item needs an answer."),
        ({"verdict": "rejected"}, "one of the project’s reasons"),
        ({"verdict": "rejected", "reason": "Because"}, "one of the project’s reasons"),
        ({"verdict": ""}, "Accept, reject or skip the item"),
        ({"verdict": "burnt"}, "The form data is not valid."),
        ({"replaces": "one"}, "The form data is not valid."),
        ({"key": "not-a-key"}, "The form data is not valid."),
        ({"question": "x" * 1_000_001}, "at most 1000000 characters"),
    ],
)
def test_what_is_not_valid_comes_back_with_the_text(
    team: Team, desk: Client, values: dict[str, str], sentence: str
) -> None:
    item = make.item(team.project)
    response = send(desk, team, item, headers=PART, **{"answer": "Typed long.", **values})
    text = page(response, 422)
    assert sentence in text.replace("&#x27;", "'")
    assert ("Typed long.</textarea>" in text) == (values.get("answer") is None)
    assert not Review.objects.exists()


def test_a_double_click_counts_once(team: Team, desk: Client) -> None:
    item, _ = make.items(team.project, 2)
    key = str(uuid.uuid4())
    for _ in range(2):
        assert send(desk, team, item, key=key).status_code == 302
    assert Review.objects.count() == 1


def test_a_changed_item_is_refused_with_what_changed_and_the_text_kept(
    team: Team, desk: Client
) -> None:
    item = make.item(team.project)
    own = make.accept(item, team.reviewer, answer="First answer.")
    text = page(send(desk, team, item, answer="My answer.", headers=PART), 409)
    assert "You edited it" in text
    assert "<del>First</del><ins>My</ins> answer." in text
    assert "My answer.</textarea>" in text
    assert Review.objects.count() == 1
    assert f'name="replaces" value="{own.pk}"' in text
    assert send(desk, team, item, answer="My answer.", replaces=own.pk).status_code == 302
    item = Item.objects.get()
    assert item.decision is not None
    assert (item.decision.reviewer, item.decision.answer) == (team.reviewer, "My answer.")


def test_an_item_that_went_on_is_refused_with_the_text_kept(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    make.accept(item, team.engineer, answer="Her answer.")
    text = page(send(desk, team, item, answer="My answer.", headers=PART), 409)
    assert "others finished reviewing this item" in text
    assert "eve edited it" in text
    assert "My answer.</textarea>" in text
    assert Review.objects.count() == 1


def test_nobody_sees_what_others_said_before_deciding(
    team: Team, desk: Client, browse: Browse
) -> None:
    team.project.reviews_per_item = 3
    team.project.save()
    item = make.item(team.project)
    make.accept(item, team.engineer, answer="Her secret answer.")
    for path in ("review/", f"review/?item={item.pk}"):
        text = page(desk.get(f"{team.url}/{path}"))
        assert re.search(r"\beve\b", text) is None
        assert "Her secret answer" not in text


def test_undo_shows_the_item_again(team: Team, desk: Client) -> None:
    item, _ = make.items(team.project, 2)
    send(desk, team, item)
    response = desk.post(f"{team.url}/review/undo/", headers=PART)
    assert f"/review/{item.pk}/" in page(response)
    assert "Undone. Here is the item again." in response["HX-Trigger-After-Swap"]
    send(desk, team, item)
    plain = desk.post(f"{team.url}/review/undo/")
    assert plain.url == f"{team.url}/review/?item={item.pk}"


def test_nothing_to_undo_is_told(team: Team, desk: Client) -> None:
    assert "You have nothing to undo." in told(desk.post(f"{team.url}/review/undo/"))


def test_an_item_one_decided_on_can_be_looked_at_again(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    own = make.accept(item, team.reviewer, answer="My answer.")
    text = page(desk.get(f"{team.url}/review/?item={item.pk}"))
    assert "You edited this item" in text
    assert "My answer.</textarea>" in text
    assert f'name="replaces" value="{own.pk}"' in text
    assert desk.get(f"{team.url}/review/?item=999999").status_code == 404


def test_an_item_on_another_desk_is_not_given_away(
    team: Team, desk: Client, browse: Browse
) -> None:
    item = make.item(team.project)
    browse(team.engineer).get(f"{team.url}/review/")
    response = desk.get(f"{team.url}/review/?item={item.pk}")
    assert response.url == f"{team.url}/items/{item.pk}/"
    assert told(response) == ["This item has enough reviewers for now."]


def test_a_hold_is_renewed_unless_somebody_else_has_the_item(
    team: Team, desk: Client, browse: Browse
) -> None:
    item = make.item(team.project)
    desk.get(f"{team.url}/review/")
    before = Hold.objects.get().until
    assert desk.post(f"{team.url}/review/{item.pk}/hold/").status_code == 204
    assert Hold.objects.get().until > before
    Hold.objects.update(until=timezone.now() - timedelta(seconds=1))
    browse(team.engineer).get(f"{team.url}/review/")
    assert desk.post(f"{team.url}/review/{item.pk}/hold/").status_code == 409


# When there is no item


def test_nothing_uploaded_yet(team: Team, desk: Client) -> None:
    assert "There is nothing to review yet." in page(desk.get(f"{team.url}/review/"))


def test_while_drafting_the_desk_waits_and_looks_again(team: Team, desk: Client) -> None:
    make.document(team.project)
    jobs.report_worker("")
    text = page(desk.get(f"{team.url}/review/"))
    assert "No items are ready yet. 0 of 2 passages drafted" in text
    assert 'hx-trigger="every 2s"' in text
    assert "No worker" not in text


@pytest.mark.parametrize("sentence", ["", "The model is missing. Run “make setup”."])
def test_while_drafting_the_desk_tells_why_nothing_moves(
    team: Team, desk: Client, sentence: str
) -> None:
    make.document(team.project)
    if sentence:
        jobs.report_worker(sentence)
    text = page(desk.get(f"{team.url}/review/"))
    assert (sentence or "No worker has responded for a while") in text


def test_all_are_reviewed(team: Team, desk: Client, browse: Browse) -> None:
    make.item(team.project, state=ItemState.ACCEPTED)
    assert "All items are reviewed." in page(desk.get(f"{team.url}/review/"))
    assert "Freeze a release" in page(browse(team.admin).get(f"{team.url}/review/"))


def test_the_rest_is_on_other_desks(team: Team, desk: Client, browse: Browse) -> None:
    make.item(team.project)
    browse(team.engineer).get(f"{team.url}/review/")
    text = page(desk.get(f"{team.url}/review/"))
    assert (
        "There is nothing for you to review right now. 1 item is waiting for other reviewers."
        in text
    )
    assert 'hx-trigger="every 10s"' in text


def test_failed_passages_do_not_keep_the_desk_waiting(team: Team, desk: Client) -> None:
    make.document(team.project)
    Passage.objects.update(state=JobState.FAILED)
    text = page(desk.get(f"{team.url}/review/"))
    assert "hx-trigger" not in text.split("<main")[1].split(">")[0]


def test_to_decide_and_get_the_next_takes_eight_queries(team: Team, desk: Client) -> None:
    first, second, *_ = make.items(team.project, 20)
    desk.get(f"{team.url}/review/")
    data = make.review_data(first)
    with CaptureQueriesContext(connection) as queries:
        page(desk.post(f"{team.url}/review/{first.pk}/", data, headers=PART))
    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 8, asked
    assert Hold.objects.get().item == second


# Beside the item


def test_what_is_typed_is_there_in_any_browser_until_it_is_sent(team: Team, desk: Client) -> None:
    item, _ = make.items(team.project, 2)
    typed_texts = {"question": "Half a question", "answer": item.answer}
    for answer in ("Half a thought", "Half a thought, and more"):
        response = desk.post(
            f"{team.url}/review/{item.pk}/typed/", {**typed_texts, "answer": answer}
        )
        assert response.status_code == 204
    assert "Half a thought, and more</textarea>" in page(desk.get(f"{team.url}/review/"))
    assert "Half a thought" not in page(desk.get(f"{team.url}/items/{item.pk}/"))
    send(desk, team, item)
    assert not Typed.objects.exists()


@pytest.mark.parametrize("address", ["previous/", "next/", "excerpt/?start=5000&end=2"])
def test_odd_addresses_are_answered(team: Team, desk: Client, address: str) -> None:
    item = make.item(team.project)
    place = f"{item.pk}/{address}" if "?" in address else address
    assert desk.get(f"{team.url}/review/{place}").status_code in (200, 302)


def test_a_draft_typed_before_a_decision_does_not_come_after_it(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    late = {"question": "Late?", "answer": "Half", "replaces": "0"}
    make.accept(item, team.reviewer)
    assert desk.post(f"{team.url}/review/{item.pk}/typed/", late).status_code == 204
    assert not Typed.objects.exists()


def test_a_draft_of_odd_offsets_keeps_nobody_from_the_desk(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    odd = {"question": "?", "answer": "A", "start": "5000", "end": "5"}
    desk.post(f"{team.url}/review/{item.pk}/typed/", odd)
    assert desk.get(f"{team.url}/review/").status_code == 200
    ranks = {f"rank-{item.question.pk}": "9" * 5000}
    assert (
        desk.post(f"{team.url}/review/{item.pk}/", make.review_data(item, **ranks)).status_code
        == 302
    )
    elsewhere = make.review_data(item, start="1", end="2")
    assert desk.post(f"{team.url}/review/999999/", elsewhere).status_code in (404, 422)


def test_candidates_are_shown_and_ranked(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    best = item.question
    other = Question.objects.create(
        item=item, variant=best.variant, rank=2, text="Which other?", flags=[flags.ANSWER_LEAKED]
    )
    text = page(desk.get(f"{team.url}/review/"))
    assert "Which other?" in text
    assert str(flags.EXPLANATIONS[flags.ANSWER_LEAKED]) in text
    ranks = {f"rank-{best.pk}": "1", f"rank-{other.pk}": "1", "rank-x": "2", "rank-7": "-1"}
    send(desk, team, item, question="Which other?", **ranks)
    review = Review.objects.get()
    assert (review.verdict, review.question) == ("edited", "Which other?")
    assert review.ranking == {str(best.pk): 1, str(other.pk): 1}


def test_another_excerpt_of_the_document_is_the_context(team: Team, desk: Client) -> None:
    document = make.document(team.project)
    at = document.passages.all()[0]
    item = make.item(team.project, at=document)
    Item.objects.filter(pk=item.pk).update(passage=at)
    around = page(desk.get(f"{team.url}/review/{item.pk}/excerpt/", headers=PART))
    assert f'data-start="{at.start}" data-end="{at.end}"' in around
    assert "A small vessel may pass" in around
    for bounds in ((0, 10**6), (20, 10), (5, "")):
        outside = {"start": bounds[0], "end": bounds[1]}
        text = page(send(desk, team, item, headers=PART, **outside), 422)
        assert f"between characters 0 and {len(document.text)}" in text
    send(desk, team, item, start=9, end=41)
    review = Review.objects.get()
    assert (review.verdict, review.context) == ("edited", document.text[9:41])


def test_the_passage_itself_is_no_other_excerpt(team: Team, desk: Client) -> None:
    item = make.item(team.project, at=make.document(team.project))
    Item.objects.filter(pk=item.pk).update(passage=item.document.passages.all()[0])
    passage = item.document.passages.all()[0]
    send(desk, team, item, start=passage.start, end=passage.end)
    assert Review.objects.get().verdict == "accepted"


def test_neighbours_and_changes_are_shown_on_demand(team: Team, desk: Client) -> None:
    document = make.document(team.project)
    item = make.item(team.project, at=document)
    Item.objects.filter(pk=item.pk).update(passage=document.passages.all()[0])
    assert "A small vessel" in page(desk.get(f"{team.url}/review/{item.pk}/neighbours/"))
    typed = {"question": item.question.text, "answer": f"Better {item.answer}"}
    changes = page(desk.post(f"{team.url}/review/{item.pk}/changes/", typed, headers=PART))
    assert "<ins>Better </ins>" in changes


def test_one_goes_back_and_forth_among_ones_own(team: Team, desk: Client) -> None:
    items = make.items(team.project, 3)
    for item in items[:2]:
        make.accept(item, team.reviewer)
    desk_url = f"{team.url}/review/"

    def step(name: str, item: Item) -> str:
        return str(desk.get(f"{desk_url}{name}/?from={item.pk}").url)

    assert step("previous", items[2]) == f"{desk_url}?item={items[1].pk}"
    assert step("previous", items[1]) == f"{desk_url}?item={items[0].pk}"
    assert step("next", items[0]) == f"{desk_url}?item={items[1].pk}"
    assert step("next", items[1]) == desk_url
    first = desk.get(f"{desk_url}previous/?from={items[0].pk}")
    assert told(first) == ["This is the first item you reviewed."]


@pytest.mark.parametrize(("language", "places"), [("en", ["1st", "2nd"]), ("de", ["1.", "2."])])
def test_places_are_counted_in_the_language_of_the_page(
    team: Team, desk: Client, language: str, places: list[str]
) -> None:
    item = make.item(team.project)
    item.questions.create(variant=item.question.variant, rank=2, text="Or so?")
    desk.cookies["language"] = language
    text = desk.get(f"{team.url}/review/?item={item.pk}").text
    assert re.findall(r"<option value=\"[12]\"[^>]*>([^<]+)</option>", text)[:2] == places


def test_places_given_to_candidates_come_back_with_an_undo(team: Team, desk: Client) -> None:
    item = make.item(team.project)
    other = Question.objects.create(item=item, model="scripted", text="Which?", rank=2)
    send(desk, team, item, **{f"rank-{other.pk}": "1"})
    text = page(desk.post(f"{team.url}/review/undo/", headers=PART))
    assert re.search(rf'name="rank-{other.pk}".*?value="1" selected', text, re.DOTALL)
