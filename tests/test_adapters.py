"""Adapters: what is learned beside a model is the same when it is added to its weights."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from qareview.backends import ModelUnavailable, Request, adapters
from qareview.backends import transformers as local
from tests import models

ASKED = [Request(({"role": "user", "content": text},), 12) for text in ("the gate", "a b c", "key")]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "fastest_dtype", lambda device: torch.float32)


def written(backend: Any) -> list[str]:
    return [one.text for one in backend.complete(ASKED)]


@pytest.fixture
def learned(tmp_path: Path) -> tuple[Path, Path, list[str], list[str]]:
    """A model, an adapter, and what the model writes without and with it."""
    folder = models.decoder(tmp_path / "model")
    backend = local.load(path=str(folder))
    before = written(backend)
    pairs = adapters.attach(backend.model, rank=4, scale=2.0)
    assert written(backend) == before
    with torch.no_grad():
        for down, up in pairs.values():
            for matrix in (down, up):
                matrix.copy_((matrix + torch.randn(matrix.shape)).bfloat16())
    adapters.save(tmp_path / "adapter", pairs, scale=2.0)
    return folder, tmp_path / "adapter", before, written(backend)


def test_a_stored_adapter_writes_what_the_learned_one_wrote(learned: Any) -> None:
    folder, adapter, before, after = learned
    assert after != before
    assert written(local.load(path=str(folder), adapter=str(adapter))) == after
    assert written(local.load(path=str(folder))) == before


def test_every_layer_but_the_last_learns_and_the_model_does_not(tmp_path: Path) -> None:
    model = local.load(path=str(models.decoder(tmp_path))).model
    pairs = adapters.attach(model, rank=4, scale=2.0)
    assert {name.rpartition(".")[2] for name in pairs} == {
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    }  # fmt: skip
    assert not [one for one in model.parameters() if one.requires_grad]


def test_the_first_layers_can_be_left_as_they_are(tmp_path: Path) -> None:
    model = local.load(path=str(models.decoder(tmp_path))).model
    pairs = adapters.attach(model, rank=4, scale=2.0, first=1)
    assert len(pairs) == 7
    assert all(".1." in name for name in pairs)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"peft_type": "IA3"}, "peft_type"), ({"use_dora": True}, "use_dora"), ({"r": None}, "")],
)
def test_an_adapter_of_another_kind_is_refused(learned: Any, change: Any, said: str) -> None:
    folder, adapter, *_ = learned
    path = adapter / adapters.CONFIGURATION
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelUnavailable, match=f"could not be loaded: .*{said}"):
        local.load(path=str(folder), adapter=str(adapter))


def test_an_adapter_that_is_not_there_or_of_another_model_is_refused(
    learned: Any, tmp_path: Path
) -> None:
    folder, adapter, *_ = learned
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        local.load(path=str(folder), adapter=str(tmp_path / "none"))
    other = models.question_generator(tmp_path / "other")
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        local.load(path=str(other), adapter=str(adapter))
