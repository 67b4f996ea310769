"""Files in an archive become documents, and a hostile archive affects only its own row."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from generation.drafting import drafting
from generation.models import Document, Item
from generation.reading import archives, documents, pipeline
from qareview import jobs
from qareview.models import JobState
from tests import files, make
from tests.web import page, upload

pytestmark = pytest.mark.django_db


def zipped(members: dict[str, bytes], **options: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


GOOD = {
    "a/tides.md": make.TEXT.encode(),
    "b/c/basin.pdf": files.pdf(),
    "../../etc/passwd.md": b"# Sea\n\nThe sea is wide, blue and full of small silver fish.",
    "__MACOSX/a/._tides.md": b"x",
    "a/.DS_Store": b"x",
    "a/": b"",
}


def read(team: Any, browse: Any, data: bytes, name: str = "all.zip") -> Document:
    upload(browse(team.engineer), team, (name, data))
    pipeline.work_off_documents()
    found: Document = team.project.documents.get(name=name)
    return found


def test_each_file_becomes_a_document(team: Any, browse: Any, kept: Any) -> None:
    archive = read(team, browse, zipped(GOOD))
    assert (archive.state, archive.media_type, archive.text) == ("done", "application/zip", "")
    members = archive.members.order_by("name")
    assert [(one.name, one.state) for one in members] == [
        ("a/tides.md", "done"),
        ("b/c/basin.pdf", "done"),
        ("etc/passwd.md", "done"),
    ]
    drafting.work_off_passages()
    assert Item.objects.filter(passage__document__in=members).count() >= 3
    client = browse(team.reviewer)
    assert "contained 3 documents" in page(client.get(f"{team.url}/"))
    shown = page(client.get(f"{team.url}/documents/{archive.pk}/"))
    assert "This archive contained:" in shown
    assert "basin.pdf</a>" in shown
    assert "from <a" in page(client.get(f"{team.url}/documents/{members[0].pk}/"))


def test_unpacking_twice_adds_nothing(team: Any, browse: Any, kept: Any) -> None:
    archive = read(team, browse, zipped({**GOOD, "bad.docx": files.jpeg()}))
    before = list(Document.objects.order_by("pk").values_list("pk", "name"))
    jobs.queue_again(Document.objects.filter(pk=archive.pk))
    pipeline.work_off_documents()
    assert list(Document.objects.order_by("pk").values_list("pk", "name")) == before


def test_files_that_are_no_good_tell_so_on_their_rows(
    team: Any, browse: Any, kept: Any, settings: Any
) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    inner = zipped({"deep.md": make.TEXT.encode()})
    bad = {"photo.docx": files.jpeg(), "inner.zip": inner, "huge.txt": b"tide " * 400_000}
    archive = read(team, browse, zipped({**bad, "good.md": make.TEXT.encode()}))
    told = {one.name: one.error for one in archive.members.all()}
    assert told["good.md"] == ""
    assert told["photo.docx"].startswith("This file is a JPEG image")
    assert told["inner.zip"].startswith("This is an archive inside another archive.")
    assert told["huge.txt"].startswith("It is larger than the 1 MB allowed.")


def test_what_is_encrypted_tells_so(team: Any, browse: Any, kept: Any) -> None:
    data = bytearray(zipped({"secret.md": make.TEXT.encode()}))
    central = data.index(b"PK\x01\x02")
    for flags in (6, central + 8):
        data[flags] |= 1
    archive = read(team, browse, bytes(data))
    assert archive.members.get().error.startswith("It is encrypted.")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (zipped(GOOD)[:-30], "The file is damaged"),
        (zipped({f"{n}.md": b"" for n in range(archives.MOST_MEMBERS + 1)}), "The archive has"),
    ],
)
def test_an_archive_that_is_no_good_tells_so(
    team: Any, browse: Any, kept: Any, data: bytes, sentence: str
) -> None:
    archive = read(team, browse, data)
    assert archive.state == JobState.FAILED
    assert archive.error.startswith(sentence)
    assert archive.members.count() == 0


def test_a_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 5_000_000)
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped({f"{n}.txt": bytes(1_300_000) for n in range(40)}))
    with pytest.raises(archives.CannotUnpack, match="unpacks to more than 5 MB"):
        archives.unpack_archive(path, tmp_path, 10_000_000)
    assert sum(file.stat().st_size for file in tmp_path.glob("*[0-9]")) <= 5_000_001


def test_a_member_the_project_has_already_stays_what_it_was(
    team: Any, browse: Any, kept: Any
) -> None:
    own = documents.add_document(team.project, make.ContentFile(make.TEXT.encode()), "mine.md")
    archive = read(team, browse, zipped({"tides.md": make.TEXT.encode()}))
    own.refresh_from_db()
    assert (own.name, own.archive, archive.members.count()) == ("mine.md", None, 0)


def test_files_of_an_archive_that_say_the_same_are_told_of(
    team: Any, browse: Any, kept: Any
) -> None:
    text = make.TEXT.encode()
    archive = read(team, browse, zipped({"north/readme.md": text, "south/readme.md": text}))
    assert [member.name for member in archive.members.all()] == ["north/readme.md"]
    assert archive.note == (
        "south/readme.md has already been uploaded as north/readme.md. The content is the same."
    )


@pytest.mark.parametrize(
    ("names", "note"),
    [
        ([".git/HEAD"], "Hidden files and files of programs were not taken: .git/HEAD."),
        (
            ["a/._tides.md", "~$plan.docx", ".env", *(f"node_modules/{n}.md" for n in range(9))],
            (
                "Hidden files and files of programs were not taken: a/._tides.md, ~$plan.docx, "
                ".env, node_modules/0.md, node_modules/1.md and 7 more."
            ),
        ),
    ],
)
def test_what_systems_left_in_an_archive_is_named(
    team: Any, browse: Any, kept: Any, names: list[str], note: str
) -> None:
    files_of_system = dict.fromkeys(names, b"x")
    archive = read(team, browse, zipped({"tides.md": make.TEXT.encode(), **files_of_system}))
    assert archive.note == note
    assert note in page(browse(team.reviewer).get(f"{team.url}/documents/{archive.pk}/"))


def test_a_file_of_an_archive_is_downloaded_under_its_last_name(
    team: Any, browse: Any, kept: Any
) -> None:
    archive = read(team, browse, zipped({"guide/tides.md": make.TEXT.encode()}))
    member = archive.members.get()
    client = browse(team.reviewer)
    assert "guide/tides.md" in page(client.get(f"{team.url}/documents/{member.pk}/"))
    response = client.get(f"{team.url}/documents/{member.pk}/original/")
    assert response["Content-Disposition"] == 'attachment; filename="tides.md"'


def test_an_archive_is_not_unpacked_onto_a_full_disk(
    team: Any, browse: Any, kept: Any, settings: Any
) -> None:
    upload(browse(team.engineer), team, ("all.zip", zipped(GOOD)))
    settings.DISK_RESERVE_MB = 10**9
    pipeline.work_off_documents()
    members = team.project.documents.exclude(archive=None)
    assert {member.error for member in members} == {
        "The disk of the server is full, and an admin has to make room."
    }
    assert members.count() == 3
