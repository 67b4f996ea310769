"""Invalid settings are reported at the start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from qareview.models_file import models_in
from tests.site import ROOT

ASK = "from django.conf import settings; print(sorted(settings.MODELS), settings.MODELS['mine'])"


def ask(path: Path, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={
            **os.environ,
            "QAREVIEW_MODELS_FILE": str(path),
            "QAREVIEW_VAR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "qareview.settings",
        },
        capture_output=True,
        text=True,
    )


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
