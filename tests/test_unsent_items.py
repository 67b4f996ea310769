"""What is typed and not sent is not lost, whatever becomes of its passage, nor comes back later."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from generation.items import unsent
from generation.models import Document, Item, Passage, Typed, UnsentItem
from generation.passages import cutting, editing
from generation.passages.rereading import replace_passages
from generation.review import desk as desks
from tests import make
from tests.conftest import Team, make_team
from tests.hand_written import ANSWER, QUESTION, address, sent, write
from tests.web import PART, page, told

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
Change = Callable[[Passage, User], Any]


def read_again(passage: Passage) -> None:
    document = Document.objects.get(pk=passage.document_id)
    document.text = "# Tides\n\nNothing in here is as it was before.\n"
    with transaction.atomic():
        replace_passages(document, cutting.cut(document.text, 90)[0])
        document.save()


CHANGES: dict[str, Change] = {
    "cut again": lambda passage, _: editing.recut(passage.document, 9),
    "merged": lambda passage, _: editing.merge_with_next(passage),
    "split": lambda passage, _: editing.split_passage(passage, 30),
    "excluded": lambda passage, user: editing.exclude_passage(passage, user),
    "read again": lambda passage, _: read_again(passage),
}


@pytest.fixture
def desk(team: Team, browse: Browse) -> Client:
    return browse(team.reviewer)


def type_in(client: Client, team: Team, passage: Passage, **values: Any) -> dict[str, Any]:
    data = sent(question="When do", document=passage.document_id, **values)
    assert client.post(address(team, passage, "typed"), data).status_code == 204
    return data


def page_of(client: Client, team: Team, passage: Passage) -> str:
    return page(client.get(f"{team.url}/documents/{passage.document_id}/"))


def test_what_was_typed_is_there_again_in_any_browser_until_it_is_sent(
    team: Team, passage: Passage, desk: Client, browse: Browse
) -> None:
    data = type_in(desk, team, passage)
    client = browse(team.reviewer)
    assert "When do</textarea>" in client.get(address(team, passage)).text
    assert "When do</textarea>" not in browse(team.engineer).get(address(team, passage)).text
    client.post(address(team, passage), {**data, "question": QUESTION})
    client.post(address(team, passage, "typed"), data)  # a late echo of the form that was sent
    assert not UnsentItem.objects.exists()


def test_a_late_echo_of_a_form_that_was_refused_first_is_not_stored(
    team: Team, passage: Passage, desk: Client
) -> None:
    write(passage, team.engineer)
    data = sent()
    text = desk.post(address(team, passage), data).text
    assert f'name="key" value="{data["key"]}"' in text
    desk.post(address(team, passage), {**data, "question": "Which gates close?"})
    desk.post(address(team, passage, "typed"), data)
    assert not UnsentItem.objects.exists()


def waits(echo: Callable[[], object], decide: Callable[[], object]) -> None:
    """Assert that what was typed is stored only after the decision of another transaction."""

    def store() -> None:
        echo()
        connection.close()

    thread = threading.Thread(target=store)
    with transaction.atomic():
        decide()
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_an_echo_waits_while_the_item_of_its_form_is_stored() -> None:
    team = make_team()
    passage = make.document(team.project).passages.all()[0]
    document, author, key = passage.document, team.reviewer, uuid.uuid4()
    waits(
        lambda: unsent.store(document, passage.pk, author, key, {"question": "When"}),
        lambda: write(passage, author, key=key),
    )
    assert not UnsentItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_echo_at_the_desk_waits_while_its_decision_is_stored() -> None:
    team = make_team()
    item = make.item(team.project)
    waits(
        lambda: desks.store_unless_decided(item, team.reviewer, None, {"answer": "Late."}),
        lambda: make.accept(item, team.reviewer),
    )
    assert not Typed.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_form_whose_passage_is_gone_is_kept_once_though_two_requests_come_at_once() -> None:
    team = make_team()
    document, key = make.document(team.project), uuid.uuid4()
    both = threading.Barrier(2)

    def store(question: str) -> None:
        connection.ensure_connection()
        both.wait()
        unsent.store(document, 999, team.reviewer, key, {"question": question, "answer": ""})
        connection.close()

    for round_ in range(10):
        threads = [threading.Thread(target=store, args=(f"When {round_}",)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert UnsentItem.objects.get().fields["question"] == f"When {round_}"
        UnsentItem.objects.all().delete()


def test_what_was_typed_at_the_desk_outlives_another_cut(team: Team, passage: Passage) -> None:
    item = make.item(team.project, at=passage.document)
    desks.store_typed(item, team.reviewer, {"answer": "Half a thought"})
    editing.retire_passages([item.passage])
    item.refresh_from_db()
    assert item.aside_reason == "cut again"
    assert Typed.objects.get().fields == {"answer": "Half a thought"}


def test_unsent_text_without_a_key_is_refused(team: Team, passage: Passage, desk: Client) -> None:
    response = desk.post(address(team, passage, "typed"), {"question": "Why"})
    assert response.status_code == 422


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_typed_outlives_its_passage_and_is_shown_to_its_author(
    team: Team, passage: Passage, desk: Client, browse: Browse, change: str
) -> None:
    type_in(desk, team, passage)
    assert "What you typed and did not save" not in page_of(desk, team, passage)
    CHANGES[change](passage, team.engineer)
    text = page_of(desk, team, passage)
    assert "What you typed and did not save" in text
    assert "When do" in text
    assert ANSWER in text
    assert "The gates of the basin close" in text.split("About this passage:")[1][:200]
    other = page_of(browse(team.engineer), team, passage)
    assert "What you typed" not in other
    assert "When do" not in other


def test_typing_goes_on_in_a_form_whose_passage_is_gone(
    team: Team, passage: Passage, desk: Client
) -> None:
    data = type_in(desk, team, passage)
    editing.merge_with_next(passage)
    for question in ("When do the", "When do the gates"):
        response = desk.post(address(team, passage, "typed"), {**data, "question": question})
        assert response.status_code == 204
    assert UnsentItem.objects.get().fields["question"] == "When do the gates"


@pytest.mark.parametrize("headers", [{}, PART])
def test_an_item_for_a_passage_that_is_gone_is_refused_and_its_text_kept(
    team: Team, passage: Passage, desk: Client, headers: dict[str, str]
) -> None:
    editing.merge_with_next(passage)
    data = sent(document=passage.document_id)
    response = desk.post(address(team, passage), data, headers=headers)
    place = response.headers.get("HX-Redirect") or response.url
    assert place == f"{team.url}/documents/{passage.document_id}/"
    assert told(response) == [
        "Not saved: this passage is gone, since its document has been cut or read again."
    ]
    text = page_of(desk, team, passage)
    assert QUESTION in text
    assert "About this passage:" not in text  # nobody knows its text any more
    assert not Item.objects.exists()


def test_a_passage_that_goes_while_its_item_is_stored_is_no_page_500(
    team: Team, passage: Passage, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation.items import writing

    store = writing.write_item

    def later(*values: Any, **texts: Any) -> Item:
        editing.merge_with_next(passage)
        return store(*values, **texts)

    monkeypatch.setattr(writing, "write_item", later)
    assert desk.post(address(team, passage), sent(document=passage.document_id)).status_code == 302
    assert UnsentItem.objects.get().fields["question"] == QUESTION


def test_an_address_of_no_passage_says_what_may_have_happened(team: Team, desk: Client) -> None:
    for response in (
        desk.get(f"{team.url}/passages/999/write/"),
        desk.post(f"{team.url}/passages/999/write/", sent(document=999)),
    ):
        assert response.status_code == 404
    assert (
        "Perhaps its document has been cut or read again."
        in desk.get(f"{team.url}/passages/999/write/").text
    )


def test_no_item_is_written_about_a_passage_of_an_earlier_cut(
    team: Team, passage: Passage, desk: Client
) -> None:
    write(passage, team.engineer)
    editing.merge_with_next(passage)
    assert "This passage is from an earlier cut" in desk.get(address(team, passage)).text
    response = desk.post(address(team, passage), sent(question="Why do they close?"))
    assert response.status_code == 422
    assert "This passage is from an earlier cut" in response.text
    assert "Why do they close?</textarea>" in response.text
    assert "Why do they close?" in page_of(desk, team, passage)
    assert Item.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, PART])
def test_a_text_is_taken_to_another_passage_and_what_was_there_is_kept(
    team: Team, passage: Passage, desk: Client, headers: dict[str, str]
) -> None:
    other = passage.document.passages.all()[1]
    type_in(desk, team, passage)
    editing.exclude_passage(passage, team.engineer)
    form = desk.get(address(team, other)).text
    assert "You typed this for an item of this document and did not save it." in form
    kept = UnsentItem.objects.get()
    data = {**sent(question="Half a", answer=""), "unsent": kept.pk}
    response = desk.post(address(team, other, "take"), data, headers=headers)
    text = response.text if headers else desk.get(response.url).text
    assert "When do</textarea>" in text
    assert "Half a" in text.split("and did not save it.")[1]
    kept.refresh_from_db()
    assert kept.passage == other
    desk.post(address(team, other, "typed"), {**data, "question": "Half a th"})  # on its way
    assert "When do</textarea>" in desk.get(address(team, other)).text


def test_a_text_is_discarded_by_its_author_alone(
    team: Team, passage: Passage, desk: Client, browse: Browse
) -> None:
    type_in(desk, team, passage)
    editing.exclude_passage(passage, team.engineer)
    place = f"{team.url}/unsent/{UnsentItem.objects.get().pk}/discard/"
    assert browse(team.engineer).post(place).status_code == 404
    assert UnsentItem.objects.exists()
    assert desk.post(place).url == f"{team.url}/documents/{passage.document_id}/"
    assert not UnsentItem.objects.exists()


def test_nobody_takes_a_text_of_somebody_else(
    team: Team, passage: Passage, desk: Client, browse: Browse
) -> None:
    other = passage.document.passages.all()[1]
    type_in(desk, team, passage)
    editing.exclude_passage(passage, team.engineer)
    data = sent(unsent=UnsentItem.objects.get().pk)
    response = browse(team.engineer).post(address(team, other, "take"), data)
    assert response.status_code == 404
    assert UnsentItem.objects.get().author == team.reviewer
