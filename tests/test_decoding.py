"""Many prompts at once give the same texts as the library's own loop, prompt by prompt."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from qareview.backends import Request, decoding
from qareview.backends import transformers as local
from tests import models

TEXTS = ["a", "the gate closes at dusk", "a b c d e f g h a b c d e", "the key", "tide turns " * 9]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in float32: bfloat16 rounds differently with every shape of a batch."""
    monkeypatch.setattr(local, "fastest_dtype", lambda device: torch.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.decoder(tmp_path_factory.mktemp("decoder"))


def told(texts: list[str], before: str = "", **values: Any) -> list[Request]:
    return [Request(({"role": "user", "content": before + text},), **values) for text in texts]


def by_the_library(backend: Any, folder: Path, request: Request) -> str:
    """Return what a model of the library alone writes, attention and all."""
    ids = torch.tensor([backend.prompt(request.messages)])
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=request.max_tokens,
        pad_token_id=0,
    )
    text: str = backend.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
    return text.strip()


def test_each_text_is_told_once_it_has_ended(folder: Path) -> None:
    backend = local.load(path=str(folder))
    requests = [told(TEXTS[:1], max_tokens=most)[0] for most in (9, 2, 5)]
    came: list[tuple[int, Any]] = []
    found = backend.complete(requests, lambda *one: came.append(one))
    assert [index for index, _ in came] == [1, 2, 0]
    assert [dict(came)[index] for index in range(3)] == found


@pytest.mark.parametrize("before", ["", "what is the key under a stone ? " * 3])
@pytest.mark.parametrize("group_tokens", [4096, 20])
def test_many_at_once_are_as_one_by_one(
    folder: Path, before: str, group_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PREFILL_TOKENS", group_tokens)
    backend = local.load(path=str(folder))
    assert backend.is_decoded_here
    requests = told(TEXTS, before, max_tokens=12) + told(TEXTS, before, max_tokens=3)
    expected = [by_the_library(backend, folder, request) for request in requests]
    found = backend.complete(requests)
    assert [one.text for one in found] == expected
    assert len({one.text for one in found}) > 4  # the weights are not so dull as to prove nothing
    assert all(len(kept) > 15 for kept in backend.beginnings.kept)
    assert [one.text for one in backend.complete(requests)] == expected


@pytest.mark.parametrize("before", ["", "what is the key under a stone ? " * 3])
@pytest.mark.parametrize("group_tokens", [4096, 10])
def test_what_some_prompts_share_is_read_once_and_changes_no_word(
    folder: Path, before: str, group_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PREFILL_TOKENS", group_tokens)
    backend = local.load(path=str(folder))
    passages = ["the gate closes at dusk " * 4, "the tide turns at noon " * 5, "a "]
    texts = [passage + end for end in ("a b", "key ?", "d e f", "stone") for passage in passages]
    requests = told(texts, before, max_tokens=12)
    read = 0

    def count(module: Any, arguments: Any, keywords: dict[str, Any]) -> None:
        nonlocal read
        read += keywords["input_ids"].numel()

    counting = backend.model.register_forward_pre_hook(count, with_kwargs=True)
    expected = [by_the_library(backend, folder, request) for request in requests]
    assert [one.text for one in backend.complete(requests)] == expected
    counting.remove()
    prompts = [len((before + text).split()) for text in texts]
    assert read < sum(prompts) + 12 * len(texts) - 2 * (20 + 25)
    assert len(set(expected)) > 3


def test_a_model_with_a_window_is_served_by_the_library(tmp_path: Path) -> None:
    folder = models.decoder(tmp_path, sliding=True)
    assert_served_by_the_library(folder)


def test_a_model_with_attention_of_another_kind_is_served_by_the_library(tmp_path: Path) -> None:
    """Gemma 2 limits its scores; a model that adds a bias to them takes no other attention."""
    assert_served_by_the_library(models.capped_decoder(tmp_path / "capped"))
    assert_served_by_the_library(models.biased_decoder(tmp_path / "biased"))


def assert_served_by_the_library(folder: Path) -> None:
    backend = local.load(path=str(folder))
    assert not backend.is_decoded_here
    requests = told(TEXTS, max_tokens=10)
    expected = [by_the_library(backend, folder, request) for request in requests]
    assert len(set(expected)) > 3
    assert [one.text for one in backend.complete(requests)] == expected


@pytest.mark.parametrize("sliding", [False, True])
def test_a_seed_draws_the_same_text_in_any_company(tmp_path: Path, sliding: bool) -> None:
    backend = local.load(path=str(models.decoder(tmp_path, sliding=sliding)))
    drawn = [told(TEXTS, max_tokens=12, temperature=20, seed=seed) for seed in (1, 2)]
    alone = [backend.complete([request])[0].text for request in drawn[0]]
    together = backend.complete([*drawn[1], *drawn[0], *told(TEXTS, max_tokens=12)])
    texts = [one.text for one in together]
    assert texts[5:10] == alone
    assert texts[:5] != alone
    assert texts[10:] == [one.text for one in backend.complete(told(TEXTS, max_tokens=12))]


def test_an_encoder_decoder_gets_the_text_it_was_trained_on(tmp_path: Path) -> None:
    backend = local.load(path=str(models.question_generator(tmp_path)))
    assert backend.is_encoder_decoder
    found = backend.complete(told(list(models.PAIRS), max_tokens=12))
    assert [one.text for one in found] == list(models.PAIRS.values())
    assert [(one.cut_off, one.tokens_out) for one in found] == [
        (False, len(text.split())) for text in models.PAIRS.values()
    ]
    [short] = backend.complete(told(list(models.PAIRS)[:1], max_tokens=2))
    assert (short.text, short.cut_off) == ("when does", True)
    drawn = told(list(models.PAIRS), max_tokens=12, temperature=9, seed=4)
    texts = [one.text for one in backend.complete(drawn)]
    assert texts == [one.text for one in backend.complete(drawn)]
    assert texts != list(models.PAIRS.values())
