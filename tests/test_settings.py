"""Invalid settings are reported at the start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read: "),
        ("[]", "has to be an object of models, each with a backend."),
        ('{"mine": {"url": "x"}}', "has to be an object of models, each with a backend."),
        (None, "cannot be read: "),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, content: str | None, sentence: str) -> None:
    path = tmp_path / "models.json"
    if content is not None:
        path.write_text(content)
    answer = ask(path, tmp_path)
    assert answer.returncode == 1
    assert f"QAREVIEW_MODELS_FILE, {path}, {sentence}" in answer.stderr
