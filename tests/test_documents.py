"""The pages of documents: list, show, retry, download."""

import pytest
from django.core.files.base import ContentFile

from generation.models import Document, ItemState, Passage
from generation.reading import documents, pipeline
from qareview.models import JobState
from tests import files, make
from tests.web import PART, originals, page, told, upload

# The list


def test_list_without_documents_says_what_to_do(team, browse):
    assert "Upload files above" in page(browse(team.engineer).get(f"{team.url}/"))
    for_reviewer = page(browse(team.reviewer).get(f"{team.url}/"))
    assert "An engineer of the project can upload some." in for_reviewer
    assert 'type="file"' not in for_reviewer


def test_list_counts_passages_and_items(team, browse):
    document = make.document(team.project, text="", name="tides.md")
    make.items(team.project, 3, at=document)
    make.items(team.project, 2, at=document, state=ItemState.ACCEPTED)
    make.document(make.project(name="Other"), name="foreign.md")
    text = page(browse(team.reviewer).get(f"{team.url}/"))
    cells = [
        line.strip() for line in text.splitlines() if line.strip().startswith('<td class="n">')
    ]
    assert cells == [f'<td class="n">{count}</td>' for count in (5, 5, 3)]
    assert '<span class="state good">ready</span>' in text
    assert "Review 3 items" in text
    assert "tides.md" in text
    assert "foreign.md" not in text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"state": JobState.QUEUED, "text": ""}, "queued"),
        ({"state": JobState.RUNNING, "text": ""}, "being read"),
        ({"state": JobState.FAILED, "text": "", "error": "The file is empty."}, "file is empty."),
        ({"text": "Too short."}, "The text is too short to draft questions from."),
        ({}, "drafting, 0 of 2"),
    ],
)
def test_list_shows_the_state_of_a_document(team, browse, values, shown):
    make.document(team.project, **values)
    assert shown in page(browse(team.reviewer).get(f"{team.url}/"))


def test_list_shows_that_passages_failed(team, browse):
    document = make.document(team.project)
    document.passages.update(state=JobState.FAILED)
    text = page(browse(team.engineer).get(f"{team.url}/"))
    assert '<span class="state bad">2 passages failed</span>' in text
    assert f'id="retry-{document.pk}"' in text
    assert f'id="bin-{document.pk}"' not in text


@pytest.mark.parametrize(
    ("data", "megabytes", "is_offered"),
    [(b"\x89PNG\r\n\x1a\n", 1_000, False), (b"# Tides", 1, True)],
)
def test_a_retry_is_offered_unless_the_file_itself_is_why(
    team, browse, kept, settings, data, megabytes, is_offered
):
    settings.READ_MEGABYTES = megabytes
    document = documents.add_document(team.project, ContentFile(data), "tides.md")
    pipeline.work_off_documents()
    document.refresh_from_db()
    assert document.state == JobState.FAILED
    text = page(browse(team.engineer).get(f"{team.url}/"))
    assert (f'id="retry-{document.pk}"' in text) == is_offered


def test_list_offers_actions_to_engineers_only(team, browse):
    make.document(team.project, state=JobState.FAILED)
    assert ">Move to the bin</button>" in page(browse(team.engineer).get(f"{team.url}/"))
    assert ">Move to the bin</button>" not in page(browse(team.reviewer).get(f"{team.url}/"))


def test_list_has_pages(team, browse):
    for number in range(51):
        make.document(team.project, text="", name=f"file-{number}.md")
    client = browse(team.reviewer)
    assert "Page 1 of 2" in page(client.get(f"{team.url}/"))
    second = page(client.get(f"{team.url}/?page=2"))
    assert second.count("<tr>") == 2  # the head and one row
    assert "file-50.md" in second


def test_part_is_only_the_table_and_polls_while_something_moves(team, browse):
    document = make.document(team.project)
    client = browse(team.reviewer)
    moving = page(client.get(f"{team.url}/?page=1", headers=PART))
    assert moving.lstrip().startswith('<div id="table"')
    assert "<html" not in moving
    assert f'hx-get="{team.url}/?page=1" hx-trigger="every 1500ms"' in moving
    assert "0 of 2 passages drafted." in moving
    document.passages.update(state=JobState.DONE)
    assert "hx-get" not in page(client.get(f"{team.url}/", headers=PART))


def test_part_tells_that_no_worker_runs_only_to_those_who_wait(team, browse):
    document = make.document(team.project)
    client = browse(team.reviewer)
    assert "No worker has responded" in page(client.get(f"{team.url}/", headers=PART))
    document.passages.update(state=JobState.DONE)
    assert "No worker" not in page(client.get(f"{team.url}/", headers=PART))


@pytest.mark.parametrize("count", [1, 10])
def test_list_takes_the_same_queries_for_any_number(team, browse, django_assert_num_queries, count):
    for _ in range(count):
        make.items(team.project, 2, at=make.document(team.project))
    client = browse(team.engineer)
    with django_assert_num_queries(11):
        assert page(client.get(f"{team.url}/")).count("<tr>") == count + 1


# One document


def test_a_document_shows_its_passages_and_what_was_left_out(team, browse):
    text = f"{make.TEXT}\n## Index\n\nNames only.\n"
    document = make.document(team.project, text=text, page_starts=[0, 99])
    document.passages.filter(position=1).update(state=JobState.FAILED, error="It has no answer.")
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/"))
    order = ["basin close by", "It has no answer.", "A small vessel", "fewer than 8 words", "Names"]
    assert sorted(order, key=shown.index) == order
    assert [f'id="passage-{n}"' in shown for n in range(3)] == [True, True, False]
    assert "Tides › Lock" in shown
    assert f"{document.sha256[:16]}…" in shown
    assert "text/markdown, 2 pages" in shown
    assert shown.count("left out:") == 1


def test_the_page_of_a_document_that_is_read_loads_again_when_it_is_done(team, browse):
    document = make.document(team.project, state=JobState.RUNNING)
    client, address = browse(team.reviewer), f"{team.url}/documents/{document.pk}/"
    assert f'hx-get="{address}"' in page(client.get(address))
    assert client.get(address, headers=PART).status_code == 204
    document.state = JobState.DONE
    document.save(update_fields=["state"])
    assert client.get(address, headers=PART)["HX-Refresh"] == "true"
    assert f'hx-get="{address}"' not in page(client.get(address))


def test_all_of_what_was_left_out_can_be_opened(team, browse):
    menu = " ".join(f"Entry {n} of the menu." for n in range(40))
    document = make.document(team.project, text=f"{make.TEXT}\n{menu}")
    start = document.text.index(menu)
    document.left_out = [{"start": start, "end": len(document.text), "reason": "menu"}]
    document.save(update_fields=["left_out"])
    document.passages.filter(end__gt=start).delete()
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/"))
    assert '<details class="left-out">' in shown
    assert menu in shown


def test_a_long_range_that_was_left_out_fills_several_pages(team, browse):
    document = make.document(team.project)
    sheet = "".join(f"| row {number} |\n" for number in range(200_000))
    document.left_out = [
        {"start": len(document.text), "end": len(document.text) + len(sheet), "reason": "menu"}
    ]
    document.text += sheet
    document.save(update_fields=["left_out", "text"])
    address = f"{team.url}/documents/{document.pk}/"
    pages = [page(browse(team.reviewer).get(f"{address}?page={number}")) for number in (1, 2, 3)]
    assert all(len(text) < 5_000_000 for text in pages)
    for number in (0, 99_999, 199_999):
        assert sum(f"| row {number} |" in text for text in pages) == 1


def test_a_document_that_failed_tells_why(team, browse):
    document = make.document(
        team.project, text="", state=JobState.FAILED, error="The file is empty."
    )
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/"))
    assert '<p class="notice error">The file is empty.</p>' in shown
    assert "This document could not be read." in shown


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", 0, 59),
        ("?passage=100", 60, 119),
        ("?passage=0", 0, 59),
        ("?passage=120", 120, 129),
        ("?passage=999", 0, 59),
        ("?passage=x", 0, 59),
        ("?page=3", 120, 129),
        ("?page=9", 120, 129),
        ("?page=x", 0, 59),
    ],
)
def test_a_long_document_has_pages(team, browse, query, first, last):
    paragraphs = [
        f"Paragraph {n} tells of gates that close when the tide falls." for n in range(130)
    ]
    document = make.document(team.project, text="\n\n".join(paragraphs))
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/{query}"))
    assert shown.count('id="passage-') == last - first + 1
    assert f'id="passage-{first}"' in shown
    assert f'id="passage-{last}"' in shown


@pytest.mark.parametrize("count", [1, 10])
def test_a_document_takes_the_same_queries_for_any_number_of_passages(
    team, browse, django_assert_num_queries, count
):
    document = make.document(team.project, text=make.TEXT * count)
    client = browse(team.reviewer)
    with django_assert_num_queries(7):
        shown = page(client.get(f"{team.url}/documents/{document.pk}/"))
    assert shown.count('id="passage-') == 2 * count


def test_markup_in_a_document_is_shown_and_not_obeyed(team, browse):
    text = "<script>alert(1)</script> is what the keeper of the lock wrote into the book."
    document = make.document(team.project, text=text)
    shown = page(browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


# Original


def test_original_comes_back_byte_for_byte(team, browse):
    data = files.windows_1252() + b"\r\n\0\xff"
    upload(browse(team.engineer), team, ("Größe 🌊.html", data))
    document = team.project.documents.get()
    response = browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/original/")
    assert b"".join(response.streaming_content) == data
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_original_that_is_gone_is_not_found(team, browse, kept):
    document = make.document(team.project)
    for path in originals(kept):
        path.unlink()
    response = browse(team.reviewer).get(f"{team.url}/documents/{document.pk}/original/")
    assert response.status_code == 404


# Retry


def test_retry_queues_a_failed_document(team, browse):
    document = make.document(
        team.project, text="", state=JobState.FAILED, error="Damaged.", attempts=3
    )
    response = browse(team.engineer).post(f"{team.url}/documents/{document.pk}/retry/")
    assert response.url == f"{team.url}/"
    assert told(response) == []
    document.refresh_from_db()
    assert (document.state, document.attempts, document.error) == (JobState.QUEUED, 0, "")


def test_retry_queues_the_failed_passages_of_a_document(team, browse):
    document = make.document(team.project)
    document.passages.filter(position=0).update(state=JobState.DONE, attempts=1)
    document.passages.filter(position=1).update(state=JobState.FAILED, attempts=3, error="No.")
    browse(team.engineer).post(f"{team.url}/documents/{document.pk}/retry/")
    rows = Passage.objects.values_list("state", "attempts", "error")
    assert list(rows) == [(JobState.DONE, 1, ""), (JobState.QUEUED, 0, "")]
    document.refresh_from_db()
    assert document.state == JobState.DONE


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.DONE])
def test_retry_of_what_has_not_failed_changes_nothing(team, browse, state):
    document = make.document(team.project, text="", state=state, attempts=1)
    response = browse(team.engineer).post(f"{team.url}/documents/{document.pk}/retry/")
    assert told(response) == ["Nothing in tides.md has failed."]
    document.refresh_from_db()
    assert (document.state, document.attempts) == (state, 1)


# Who may


PLACES = ["", "documents/{}/", "documents/{}/original/"]
VERBS = ["documents/{}/retry/", "documents/{}/bin/"]


@pytest.mark.parametrize("place", PLACES)
def test_a_stranger_sees_nothing(team, browse, place):
    document = make.document(team.project)
    address = f"{team.url}/{place.format(document.pk)}"
    answer = page(browse(team.stranger).get(address), 404)
    assert "tides.md" not in answer
    assert team.project.name not in answer


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("reviewer", 403), ("engineer", 302), ("admin", 302)]
)
@pytest.mark.parametrize("place", VERBS)
def test_only_engineers_retry_and_move_to_the_bin(team, browse, place, who, status):
    document = make.document(team.project, state=JobState.FAILED)
    response = browse(getattr(team, who)).post(f"{team.url}/{place.format(document.pk)}")
    assert response.status_code == status
    untouched = Document.objects.filter(pk=document.pk, state=JobState.FAILED).exists()
    assert untouched == (status != 302)


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("reviewer", 403), ("engineer", 302), ("admin", 302)]
)
def test_only_engineers_upload(team, browse, kept, who, status):
    response = upload(browse(getattr(team, who)), team, ("tides.md", b"# Tides"))
    assert response.status_code == status
    assert team.project.documents.count() == (status == 302)
    assert len(originals(kept)) == (status == 302)


def test_who_is_not_signed_in_is_sent_to_do_so(team, client):
    response = client.get(f"{team.url}/")
    assert response.status_code == 302
    assert response.url == f"/accounts/sign-in/?next={team.url}/"
    assert upload(client, team, ("tides.md", b"# Tides")).status_code == 302
    assert not Document.objects.exists()


@pytest.mark.parametrize("place", [*PLACES[1:], *VERBS])
def test_a_document_of_another_project_is_not_found(team, browse, place):
    foreign = make.document(make.project(name="Other"), state=JobState.FAILED)
    address = f"{team.url}/{place.format(foreign.pk)}"
    client = browse(team.admin)
    response = client.post(address) if place in VERBS else client.get(address)
    assert response.status_code == 404
    assert Document.objects.get(pk=foreign.pk).state == JobState.FAILED


@pytest.mark.parametrize(
    ("method", "place"),
    [("put", ""), ("delete", ""), *(("post", place) for place in PLACES[1:])]
    + [("get", place) for place in VERBS],
)
def test_wrong_methods_are_refused(team, browse, method, place):
    document = make.document(team.project, state=JobState.FAILED)
    response = getattr(browse(team.admin), method)(f"{team.url}/{place.format(document.pk)}")
    assert response.status_code == 405
    assert Document.objects.get().state == JobState.FAILED
