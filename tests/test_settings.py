"""Invalid settings are reported at the start."""

import json
import os
import stat
import subprocess
import sys
import zoneinfo
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from qareview.environment import zone_in
from qareview.models_file import models_in
from tests.site import ROOT

ASK = "from django.conf import settings; print(sorted(settings.MODELS), settings.MODELS['mine'])"


PRIVATE = """
import os, stat
from django.conf import settings
from qareview.machine import embedded
settings.TIME_ZONE, embedded.services_folder()
for folder in (settings.VAR_DIR, *settings.VAR_DIR.iterdir()):
    print(folder.name, oct(stat.S_IMODE(folder.stat().st_mode)))
"""


def test_other_accounts_read_nothing_of_what_is_written(tmp_path: Path) -> None:
    var = tmp_path / "var"
    for folder in (var, var / "log", var / "files"):  # as they were made before
        folder.mkdir()
        folder.chmod(0o755)
    answer = start(PRIVATE, QAREVIEW_VAR=str(var), QAREVIEW_FILES_DIR="")
    above_postgres = "0o711" if os.geteuid() == 0 else "0o700"
    assert dict(line.split() for line in answer.stdout.splitlines()) == {
        "var": above_postgres,
        "services": above_postgres,
        "secret_key": "0o600",
        "files": "0o700",
        "log": "0o700",
        "uploads": "0o700",
    }, answer.stderr


def test_a_stored_file_is_for_its_owner_alone(kept: Path) -> None:
    path = kept / default_storage.save("1/ab/abc", ContentFile(b"text"))
    folders = (path.parent, path.parent.parent)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, *folders)] == [
        *(0o600, 0o700, 0o700)
    ]


ZONE = "from django.conf import settings; print(settings.TIME_ZONE)"


@pytest.mark.parametrize(
    ("told", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        (":/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ("UTC0", "UTC"),
        ("CET-1CEST", "UTC"),
        (":/etc/none", "UTC"),
        ("", "UTC"),
        ("../../etc/passwd", "UTC"),
    ],
)
def test_any_value_of_tz_is_a_zone(told: str, zone: str) -> None:
    assert zone_in(told) == zone


def test_a_zone_without_a_name_does_not_stop_the_start(tmp_path: Path) -> None:
    answer = start(ZONE, TZ=":/etc/localtime", QAREVIEW_VAR=str(tmp_path))
    assert answer.stderr == ""
    assert answer.stdout.strip() in zoneinfo.available_timezones()


def start(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "qareview.settings"},
        capture_output=True,
        text=True,
    )


def ask(path: Path, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    return start(ASK, QAREVIEW_MODELS_FILE=str(path), QAREVIEW_VAR=str(tmp_path))


def test_a_file_names_more_models(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    mine = {"backend": "openai", "url": "http://gpu.example/v1", "name": "big"}
    path.write_text(json.dumps({"mine": mine, "scripted": {"backend": "scripted", "seconds": 2}}))
    answer = ask(path, tmp_path)
    names = ["embedded-writer", "mine", "scripted", "smollm2-135m-instruct"]
    assert answer.stdout == f"{names} {mine}\n", answer.stderr


def test_a_file_that_is_wrong_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text('{\n  "mine": {"backend": "openia", "url": "http://x/v1", "name": "x"}\n}')
    answer = ask(path, tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.endswith(
        f"QAREVIEW_MODELS_FILE, {path}, line 2: the model “mine” has the unknown backend “openia”. "
        "The backends are: openai, transformers, scripted.\n"
    )


FIRST = '{"fine": {"backend": "scripted"},\n\n '
NO_OBJECT = "has to be an object of models, each with a backend."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: "),
        ("{", "cannot be read: "),
        ("[]", NO_OBJECT),
        ('"mine"', NO_OBJECT),
        (FIRST + '"mine": 3}', "line 3: the model “mine” has to be an object with a backend."),
        (FIRST + '"mine": {"url": "x"}}', "line 3: the model “mine” has to be an object with"),
        (FIRST + '"mine": {"backend": ["openai"]}}', "line 3: the model “mine” has the unknown"),
        (
            FIRST + '"mine": {"backend": "openai", "name": "mine"}}',
            "line 3: the model “mine” needs “url” for the backend “openai”.",
        ),
        (
            FIRST + '"mine": {"backend": "openai", "name": "a", "url": ""}}',
            "line 3: the model “mine” needs “url” for the backend “openai”.",
        ),
        (
            FIRST + '"mine": {"backend": "openai", "url": "http://x/v1"}}',
            "line 3: the model “mine” needs “name” for the backend “openai”.",
        ),
        (
            FIRST + '"mine": {"backend": "openai", "name": "a", "url": "x:8000"}}',
            "line 3: the model “mine” has an address that is none: “x:8000”.",
        ),
        (
            FIRST + '"{,": {"backend": "scripted"},\n"mi\\"ne":\n{"backend": "transformers"}}',
            "line 4: the model “mi\"ne” needs “path” or “gguf” for the backend “transformers”.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named_with_its_line(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "models.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ImproperlyConfigured) as caught:
        models_in(str(path))
    assert str(caught.value).startswith(f"QAREVIEW_MODELS_FILE, {path}, {sentence}")


def test_an_empty_object_has_no_models(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(" { } ")
    assert models_in(str(path)) == models_in("") == {}
