"""Uploads: several files at once, too large, twice, or with malicious names."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generation.models import Document
from generation.reading import documents
from prompts.models import Prompt
from qareview.models import JobState
from tests import files, make
from tests.web import PART, originals, page, told, upload


def upload_raw(client, team, filename):
    """Send a file under a name that Django's own test client would clean."""
    body = (
        '--x\r\nContent-Disposition: form-data; name="files"; filename="'
        f'{filename}"\r\n\r\n{files.MARKDOWN}\r\n--x--\r\n'
    )
    return client.post(f"{team.url}/", body.encode(), "multipart/form-data; boundary=x")


def test_upload_keeps_several_files_and_queues_them(team, browse, kept):
    sent = [("tides.md", files.MARKDOWN.encode()), ("lock.pdf", files.pdf()), ("e.txt", b"")]
    response = upload(browse(team.engineer), team, *sent)
    assert response.status_code == 302
    assert response.url == f"{team.url}/"
    rows = list(team.project.documents.order_by("pk"))
    assert [(row.name, row.original.read()) for row in rows] == sent
    assert [row.sha256 for row in rows] == [hashlib.sha256(data).hexdigest() for _, data in sent]
    assert [row.size for row in rows] == [len(data) for _, data in sent]
    assert {row.state for row in rows} == {JobState.QUEUED}
    assert {row.uploaded_by for row in rows} == {team.engineer}
    assert len(originals(kept)) == 3


def test_same_content_twice_is_told_by_name(team, browse, kept):
    client, data = browse(team.engineer), files.MARKDOWN.encode()
    response = upload(client, team, ("tides.md", data), ("copy.md", data))
    assert told(response) == [
        "copy.md has already been uploaded as tides.md. The content is the same."
    ]
    assert told(upload(client, team, ("again.md", data)))[-1].startswith("again.md has already")
    assert [row.name for row in team.project.documents.all()] == ["tides.md"]
    assert len(originals(kept)) == 1


def test_same_content_may_be_in_two_projects(team, browse, kept):
    data = files.MARKDOWN.encode()
    upload(browse(team.engineer), team, ("tides.md", data))
    other = make.project(team.engineer, name="Other")
    browse(team.engineer).post(
        f"/projects/{other.slug}/", {"files": [SimpleUploadedFile("tides.md", data)]}
    )
    assert [project.documents.count() for project in (team.project, other)] == [1, 1]
    assert len(originals(kept)) == 2


def test_a_file_over_the_limit_becomes_a_failed_row(team, browse, kept, settings, tmp_path):
    settings.UPLOAD_LIMIT_MB = 1
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "arriving"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    client = browse(team.engineer)
    upload(client, team, ("large.txt", b"tide " * 400_000), ("tides.md", b"# Tides"))
    large, small = team.project.documents.order_by("pk")
    assert (large.state, small.state) == (JobState.FAILED, JobState.QUEUED)
    assert large.error == (
        "The file is 2 MB. The limit is 1 MB. Split the file, or raise QAREVIEW_UPLOAD_LIMIT_MB."
    )
    assert (large.size, large.original.name, large.sha256) == (2_000_000, "", "")
    assert [path.read_bytes() for path in originals(kept)] == [b"# Tides"]
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    text = page(client.get(f"{team.url}/"))
    assert large.error in text
    assert f'id="bin-{large.pk}"' in text
    assert f'id="retry-{large.pk}"' not in text


def test_a_file_at_the_limit_is_kept(team, browse, settings):
    settings.UPLOAD_LIMIT_MB = 1
    upload(browse(team.engineer), team, ("full.txt", b"x" * 1_000_000), ("o.txt", b"x" * 1_000_001))
    assert [row.state for row in team.project.documents.order_by("pk")] == ["queued", "failed"]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/🌊 Flut.md", "🌊 Flut.md"),
        ("..\\..\\Größe.md", "Größe.md"),
        ("/etc/passwd", "passwd"),
        ("a\u202egnp.md", "agnp.md"),
        ("x" * 300 + ".md", "x" * 252 + ".md"),
    ],
)
def test_of_a_name_the_last_part_is_kept(team, browse, kept, sent, name):
    assert upload_raw(browse(team.engineer), team, sent).status_code == 302
    document = team.project.documents.get()
    assert document.name == name
    expected = kept / str(team.project.pk) / document.sha256[:2] / document.sha256
    assert originals(kept) == [expected]


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [("", "unnamed"), ("..", ".."), ("a/b/", "b"), (" a\nb\0.md ", "ab.md"), ("/", "unnamed")],
)
def test_names_are_cleaned(name, cleaned):
    assert documents.clean_name(name) == cleaned


def test_a_name_is_text_and_no_markup(team, browse):
    upload_raw(browse(team.engineer), team, "<b>bold.md")
    text = page(browse(team.engineer).get(f"{team.url}/"))
    assert "<bdi>&lt;b&gt;bold.md</bdi></a>" in text


@pytest.mark.parametrize("headers", [{}, PART])
def test_an_upload_of_nothing_is_refused(team, browse, headers):
    text = page(upload(browse(team.engineer), team, headers=headers), 422)
    assert "Choose at least one file." in text
    assert ("<html" in text) == (not headers)
    assert not Document.objects.exists()


def test_after_an_upload_by_htmx_the_table_and_messages_come(team, browse):
    data = files.MARKDOWN.encode()
    sent = ("tides.md", data), ("copy.md", data)
    text = page(upload(browse(team.engineer), team, *sent, headers=PART, follow=True))
    assert "<html" not in text
    assert "copy.md has already been uploaded as tides.md" in text
    assert 'hx-swap-oob="true"' in text
    assert text.count("<tr>") == 2


# Who may send files, and how many


@pytest.fixture
def nowhere(settings, tmp_path):
    """Let every file that is stored while it arrives fail the request."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "missing"


def send_checked(team, path, user=None):
    """Send a file with everything that a browser sends, such as the token of a form."""
    client = Client(enforce_csrf_checks=True)
    if user:
        client.force_login(user)
    client.get("/accounts/password/" if user else "/accounts/sign-in/")
    token = client.cookies["csrftoken"].value
    file = SimpleUploadedFile("tides.md", b"tide " * 100_000)
    return client.post(path, {"csrfmiddlewaretoken": token, "files": [file]})


@pytest.mark.parametrize(
    ("path", "status"),
    [("/accounts/sign-in/", 200), ("{url}/", 302), ("{url}/items/", 302), ("/none/", 404)],
)
def test_no_file_is_stored_for_who_is_not_signed_in(team, nowhere, path, status):
    assert send_checked(team, path.format(url=team.url)).status_code == status


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("reviewer", "{url}/", 403),
        ("stranger", "{url}/", 404),
        ("engineer", "/", 405),
        ("engineer", "/projects/elsewhere/", 404),
        ("engineer", "{url}/inbox/", 302),
    ],
)
def test_no_file_is_stored_for_who_may_not_send_it(team, nowhere, who, path, status):
    answer = send_checked(team, path.format(url=team.url), getattr(team, who))
    assert answer.status_code == status


def test_the_file_of_an_engineer_is_stored_while_it_arrives(team, nowhere):
    with pytest.raises(FileNotFoundError, match="missing"):
        send_checked(team, f"{team.url}/", team.engineer)


def test_a_body_of_a_stranger_that_is_too_large_is_not_read(team, settings):
    settings.UPLOAD_TOTAL_MB = 0
    answer = send_checked(team, f"{team.url}/")
    assert answer.status_code == 302
    rest = answer.wsgi_request.environ["wsgi.input"].read()
    assert len(rest) > 100_000


def names_of(team):
    return list(team.project.documents.order_by("pk").values_list("name", flat=True))


def test_of_too_many_files_the_first_are_taken_and_the_others_named(team, browse, kept, settings):
    settings.UPLOAD_MOST_FILES = 2
    sent = [(f"{number}.md", f"# {number}".encode()) for number in range(9)]
    client, named = browse(team.engineer), "2.md, 3.md, 4.md, 5.md, 6.md"
    assert told(upload(client, team, *sent)) == [
        "Taken: 2 of 9 files.",
        f"Only 2 files are taken at once. Upload the others again: {named} and 2 more.",
    ]
    assert names_of(team) == ["0.md", "1.md"]
    assert len(originals(kept)) == 2


def test_of_an_upload_over_the_total_the_rest_is_named(team, browse, kept, settings):
    settings.UPLOAD_TOTAL_MB = 1
    sent = [(f"{letter}.txt", letter.encode() * 400_000) for letter in "abc"]
    sent.append(("small.md", b"# Small"))
    assert told(upload(browse(team.engineer), team, *sent)) == [
        "Taken: 3 of 4 files.",
        "Only 1 MB are taken at once. Upload the others again: c.txt.",
    ]
    assert names_of(team) == ["a.txt", "b.txt", "small.md"]


def test_room_is_left_on_the_disk(team, browse, kept, settings):
    settings.DISK_RESERVE_MB = 10**9
    text = page(upload(browse(team.engineer), team, ("a.md", b"# A"), follow=True))
    assert "Taken: 0 of 1 file." in text
    assert "The disk of the server is full, and an admin has to make room. Not taken: a.md." in text
    assert originals(kept) == []


def test_many_files_uploaded_before_are_told_in_few_lines(team, browse, kept):
    sent = [(f"{number}.md", f"# {number}".encode()) for number in range(9)]
    client = browse(team.engineer)
    upload(client, team, *sent[:8])
    first, second, *named = told(upload(client, team, *sent))
    assert (first, second) == (
        "Taken: 1 of 9 files.",
        "Besides those named below, 3 files had been uploaded before.",
    )
    assert len(named) == 5
    assert named[0].startswith("0.md has already been uploaded")


def test_a_refused_file_of_cases_is_told_in_its_form(team, browse, settings):
    settings.DISK_RESERVE_MB = 10**9
    prompt = Prompt.objects.get(project=team.project, task="summarise")
    cases = SimpleUploadedFile("cases.csv", b"passage\nThe tide falls.")
    url = f"{team.url}/prompts/{prompt.pk}/experiment/"
    text = page(browse(team.engineer).post(url, {"file": cases}), 422)
    assert "The file was not taken: the disk of the server is full, or it is too large." in text
