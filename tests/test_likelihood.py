"""How likely a model finds a text: computed at once, and as by the library alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from qareview.backends import Continuation, Request, backend_for, grouping
from qareview.backends import transformers as local
from tests import models

PASSAGES = ["the gate closes at dusk " * 6, "the tide turns at noon " * 7]
TEXTS = ["the key", "when does the gate closes ?", "a b c d e f g h a b", "tide"]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32: bfloat16 rounds differently with every shape of a batch."""
    monkeypatch.setattr(local, "fastest_dtype", lambda device: torch.float32)


def told(passage: str, text: str) -> Continuation:
    return Continuation(({"role": "user", "content": passage},), text)


def by_the_library(backend: Any, folder: Path, asked: Continuation) -> float:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompt = backend.prompt(asked.messages)
    text = [*backend.tokenizer(asked.text)["input_ids"], backend.tokenizer.eos_token_id]
    logits = model(torch.tensor([prompt + text])).logits[0, len(prompt) - 1 : -1]
    chosen = logits.log_softmax(-1).gather(1, torch.tensor(text)[:, None])
    return float(chosen.detach().mean())


def test_many_at_once_are_as_likely_as_one_by_one(tmp_path: Path) -> None:
    folder = models.decoder(tmp_path)
    backend = local.load(path=str(folder))
    asked = [told(passage + end, text) for text in TEXTS for passage in PASSAGES for end in "ab"]
    found = backend.likelihoods(asked)
    expected = [by_the_library(backend, folder, one) for one in asked]
    assert found == pytest.approx(expected, abs=1e-4)
    assert len({round(one, 3) for one in expected}) == len(asked)
    assert sorted(map(len, backend.beginnings.kept)) == [30, 35]  # each passage was run once


def test_a_text_is_as_likely_while_it_is_written_as_later(tmp_path: Path) -> None:
    backend = local.load(path=str(models.decoder(tmp_path)))
    requests = [
        Request(told(passage, "").messages, max_tokens=60, temperature=heat, seed=seed)
        for passage in PASSAGES
        for heat, seed in ((0, 0), (0.7, 1), (0.7, 2), (2, 3), (2, 4), (2, 5))
    ]
    written = backend.complete(requests)
    known = [
        (one.likelihood, Continuation(request.messages, one.text))
        for one, request in zip(written, requests, strict=True)
        if one.likelihood is not None
    ]
    assert len(known) > 2
    later = backend.likelihoods([continuation for _, continuation in known])
    assert [likelihood for likelihood, _ in known] == pytest.approx(later, abs=1e-4)
    assert all(one.likelihood is None for one in written if one.cut_off)


def test_what_does_not_fit_the_context_is_not_scored(tmp_path: Path) -> None:
    backend = local.load(path=str(models.decoder(tmp_path)))
    assert backend.context == 128
    fits, too_long = backend.likelihoods([told("a " * 125, "b c"), told("a " * 126, "b c")])
    assert fits is not None
    assert too_long is None


def test_a_model_that_the_library_serves_tells_no_likelihood(tmp_path: Path) -> None:
    backend = local.load(path=str(models.decoder(tmp_path, sliding=True)))
    assert backend.likelihoods([told("a", "b")]) == [None]


def test_the_scripted_model_likes_what_it_has_read() -> None:
    read, half, other = backend_for("scripted").likelihoods(
        [told("The sea is wide.", text) for text in ("the sea", "the hill", "a hill")]
    )
    assert read == 0.0
    assert read > (half or 0) > (other or 0)


def test_prompts_about_one_passage_are_a_family() -> None:
    one, other = [1] * 30, [2] * 40
    prompts = [[*one, 5], [*other, 5, 6], [*one, 6, 7], [9] * 5, [*one, 6, 8]]
    found = [(family.members, family.shared) for family in grouping.families(prompts)]
    assert found == [([0, 2, 4], 30), ([1], 0), ([3], 0)]


def test_a_short_beginning_makes_no_family() -> None:
    prompts = [[1] * 20 + [2] * 30, [1] * 20 + [3] * 30]
    assert [family.members for family in grouping.families(prompts)] == [[0], [1]]
    assert grouping.families([]) == []
