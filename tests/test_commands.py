"""Everything works without a browser, and the exit status says whether it did."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from generation.drafting import drafting
from generation.models import Document
from generation.reading import pipeline
from qareview import jobs
from qareview.management.commands.up import create_admin
from qareview.models import JobState, Project
from tests import files, make
from tests.conftest import Team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _heard_worker(db: None) -> Iterator[None]:
    jobs.report_worker("")
    return


def run(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def work() -> None:
    pipeline.work_off_documents()
    drafting.work_off_passages()


@pytest.fixture
def markdown(tmp_path: Path) -> Path:
    path = tmp_path / "tides.md"
    path.write_text(make.TEXT)
    return path


def accept_all(project: Project, user: Any) -> None:
    for item in project.items.for_item_page():
        make.accept(item, user)


def test_from_files_to_an_export(team: Team, markdown: Path, tmp_path: Path) -> None:
    slug = team.project.slug
    assert run("import_documents", slug, markdown) == f"{markdown}: added\n"
    work()
    assert run("wait", slug) == "1 document, 1 passage, 1 item\n"
    status = json.loads(run("status", slug, "--json"))
    counts = ("documents", "passages", "items", "pending", "accepted", "rejected", "failed")
    assert [status[name] for name in counts] == [1, 1, 1, 1, 0, 0, 0]
    accept_all(team.project, team.reviewer)
    assert run("release", slug, "--note", "First") == "1\n"
    out = tmp_path / "out"
    assert run("export", slug, 1, "--format", "triples", "--output", out) == (
        f"{out / 'train.jsonl'}: 1 rows\n"
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "manifest.json",
        "train.jsonl",
    ]
    [row] = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    assert row["context"] in make.TEXT
    assert row["document"] == "tides.md"


def test_an_export_replaces_an_earlier_one_whole(team: Team, tmp_path: Path) -> None:
    slug, out = team.project.slug, tmp_path / "out"
    for text in ("first", "second", "third"):
        make.items(team.project, 2, at=make.document(team.project, text=text))
    accept_all(team.project, team.reviewer)
    run("release", slug)
    run("export", slug, "latest", "--output", out)
    assert {path.name for path in out.glob("*.jsonl")} == {
        "train.jsonl",
        "validation.jsonl",
        "test.jsonl",
    }
    run("export", slug, "latest", "--format", "input_output", "--output", out)
    rows = [json.loads(line) for path in out.glob("*.jsonl") for line in path.open()]
    assert {tuple(row) for row in rows} == {("input", "output")}
    assert len(rows) == 6


def test_status_tells_what_failed_and_why(team: Team, tmp_path: Path) -> None:
    picture = tmp_path / "scan.docx"
    picture.write_bytes(files.jpeg())
    run("import_documents", team.project.slug, picture)
    work()
    answer = run("status", team.project.slug)
    assert "scan.docx: This file is a JPEG image, which cannot be read." in answer
    with pytest.raises(CommandError, match="1 failed"):
        run("wait", team.project.slug)


def test_files_that_are_missing_or_twice_are_named(team: Team, markdown: Path) -> None:
    with pytest.raises(CommandError, match="2 of 3 files were not added"):
        run("import_documents", team.project.slug, markdown, markdown, "/nowhere/else.md")
    assert Document.objects.count() == 1


@pytest.mark.parametrize("command", ["status", "wait", "release", "import_documents", "export"])
def test_an_unknown_project_is_named(team: Team, command: str) -> None:
    more = {"import_documents": ["x.md"], "export": ["1", "--output", "never"]}
    with pytest.raises(CommandError, match="No project is called “nowhere”"):
        run(command, "nowhere", *more.get(command, []))


def test_release_of_nothing_is_refused(team: Team) -> None:
    with pytest.raises(CommandError, match="No items have been accepted yet"):
        run("release", team.project.slug)


def test_export_of_an_unknown_release_is_refused(team: Team, tmp_path: Path) -> None:
    for name, which in (("7", "release 7"), ("newest", "release newest"), ("latest", "release")):
        with pytest.raises(CommandError, match=f"has no {which} that is ready"):
            run("export", team.project.slug, name, "--output", tmp_path)


def test_wait_gives_up_where_no_worker_runs(team: Team, markdown: Path, settings: Any) -> None:
    settings.WORKER_SILENT_SECONDS = 0
    run("import_documents", team.project.slug, markdown)
    with pytest.raises(CommandError, match="No worker has responded"):
        run("wait", team.project.slug)


def test_wait_ends_at_its_timeout(team: Team, markdown: Path) -> None:
    run("import_documents", team.project.slug, markdown)
    with pytest.raises(CommandError, match="Not through after 0 seconds"):
        run("wait", team.project.slug, "--timeout", "0")


def test_create_project(team: Team) -> None:
    assert run("create_project", "Port of Call", "--admin", "ada") == "port-of-call\n"
    project = Project.objects.get(slug="port-of-call")
    assert project.memberships.get().user == team.admin
    with pytest.raises(CommandError, match="called “port-of-call” already"):
        run("create_project", "Again", "--slug", "port-of-call", "--admin", "ada")
    with pytest.raises(CommandError, match="no user “nobody”"):
        run("create_project", "Again", "--admin", "nobody")


def test_sample_project_is_made_once_from_three_formats(db: None) -> None:
    with pytest.raises(CommandError, match="no admin yet"):
        run("sample_project")
    make.user("root", is_superuser=True)
    run("sample_project")
    run("sample_project")
    names = Document.objects.values_list("name", flat=True)
    assert sorted(name.rpartition(".")[2] for name in names) == ["docx", "html", "md"]
    assert set(Document.objects.values_list("state", flat=True)) == {JobState.QUEUED}


def test_a_password_that_was_chosen_is_not_called_shown_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QAREVIEW_ADMIN_PASSWORD", "quay-at-dusk")
    assert create_admin() == ["Sign in as admin with the password in QAREVIEW_ADMIN_PASSWORD."]
    admin = User.objects.get()
    assert admin.check_password("quay-at-dusk")
    assert create_admin() == []
    admin.delete()
    monkeypatch.delenv("QAREVIEW_ADMIN_PASSWORD")
    sign_in, once = create_admin()
    assert User.objects.get().check_password(sign_in.split()[-1])
    assert once.startswith("This is shown once")


def test_models_are_prepared_before_anything_else_is_set_up(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    models = {"QAREVIEW_VAR": str(tmp_path), "QAREVIEW_MODELS_DIR": str(settings.MODELS_DIR)}
    command = [sys.executable, "manage.py", "prepare_models"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment | models, check=True)
    assert list(settings.MODELS_DIR.glob("*/model.safetensors"))
    assert not (tmp_path / "services").exists()
