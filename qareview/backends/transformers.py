"""Local models through the ``transformers`` library, a batch at a time."""

import copy
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from qareview.backends import Completion, ModelUnavailable, Request

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

SHORTEST_BEGINNING = 16  # tokens; what is shorter is not worth computing apart
KEPT_BEGINNINGS = 4
BATCH_TOKENS = 16_384  # prompt tokens, padding included, that go through the model at once


class TransformersBackend:
    """A decoder model with a chat template, kept in memory."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=_dtype(self.device))
        self.model.to(self.device).eval()
        self.computed: dict[tuple[int, ...], Any] = {}

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Continue each chat greedily; requests of like length share a batch."""
        prompts = [
            self.tokenizer.apply_chat_template(
                list(request.messages), add_generation_prompt=True, return_dict=False
            )
            for request in requests
        ]
        completions: dict[int, Completion] = {}
        for batch in _batches(prompts, requests):
            completions.update(self._complete_batch(batch, prompts, requests))
        return [completions[index] for index in range(len(requests))]

    def _complete_batch(
        self, batch: list[int], prompts: list[list[int]], requests: Sequence[Request]
    ) -> dict[int, Completion]:
        import torch

        started = time.monotonic()
        shared = _shared_beginning([prompts[index] for index in batch])
        rest = self.tokenizer.pad({"input_ids": [prompts[index][shared:] for index in batch]})
        beginning = prompts[batch[0]][:shared]
        with torch.inference_mode():
            input_ids = torch.tensor([beginning + row for row in rest["input_ids"]])
            output = self.model.generate(
                input_ids=input_ids.to(self.device),
                # padding stands between the shared beginning and the rest, and is not attended to
                attention_mask=torch.tensor(
                    [[1] * shared + row for row in rest["attention_mask"]], device=self.device
                ),
                past_key_values=self._computed(beginning, len(batch)),
                do_sample=False,
                max_new_tokens=requests[batch[0]].max_tokens,
                pad_token_id=self.tokenizer.pad_token_id,
            )
        written = output[:, input_ids.shape[1] :].tolist()
        milliseconds = round((time.monotonic() - started) * 1000 / len(batch))
        return {
            index: self._completion(tokens, len(prompts[index]), milliseconds)
            for index, tokens in zip(batch, written, strict=True)
        }

    def _computed(self, beginning: list[int], copies: int) -> Any:
        """Return the keys and values of tokens that all rows begin with, computed once."""
        import torch
        from transformers import DynamicCache

        if not beginning:
            return None
        key = tuple(beginning)
        if key not in self.computed:
            cache = DynamicCache(config=self.model.config)
            self.model(
                input_ids=torch.tensor([beginning], device=self.device),
                past_key_values=cache,
                logits_to_keep=1,
            )
            self.computed = {key: cache, **dict(list(self.computed.items())[: KEPT_BEGINNINGS - 1])}
        cache = copy.deepcopy(self.computed[key])  # generation writes into it
        cache.batch_repeat_interleave(copies)
        return cache

    def _completion(self, tokens: list[int], tokens_in: int, milliseconds: int) -> Completion:
        ends = {self.tokenizer.eos_token_id, self.tokenizer.pad_token_id}
        end = next((at for at, token in enumerate(tokens) if token in ends), len(tokens))
        return Completion(
            text=self.tokenizer.decode(tokens[:end], skip_special_tokens=True).strip(),
            tokens_in=tokens_in,
            tokens_out=end,
            milliseconds=milliseconds,
            cut_off=end == len(tokens),
        )


def load(path: str = "", gguf: str = "") -> TransformersBackend:
    """Load a model from the folder ``path``, or from ``gguf``, a file ``package:name`` in a wheel.

    Raises ModelUnavailable if the model's files are missing or cannot be read.
    """
    try:
        return TransformersBackend(_converted(gguf) if gguf else Path(path))
    except (OSError, ValueError, ImportError) as error:
        raise ModelUnavailable(
            f"The model in {gguf or path} could not be loaded: {error}"
        ) from error


def _converted(gguf: str) -> Path:
    """Return a folder with the weights of a GGUF file, converting them the first time.

    A model loaded from GGUF is marked as quantised and refuses to be cast or saved, so its
    weights go into a model made anew from the same configuration.
    """
    folder: Path = settings.MODELS_DIR / Path(gguf.partition(":")[2]).stem
    if folder.is_dir():
        return folder
    source = file_in_package(gguf)
    logger.info("Converting %s, which is done once and takes about 20 seconds.", source.name)
    half_done = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(half_done, ignore_errors=True)
    _convert(source, half_done)
    try:
        half_done.rename(folder)
    except OSError:  # another process was first; its folder is as good as ours
        shutil.rmtree(half_done)
    return folder


def file_in_package(gguf: str) -> Path:
    """Return where the file ``package:name`` lies. Raises ModelUnavailable if it is missing."""
    package, _, name = gguf.partition(":")
    spec = find_spec(package)
    found = Path(spec.origin).parent.rglob(name) if spec and spec.origin else iter(())
    source = next(found, None)
    if source is None:
        raise ModelUnavailable(
            f"The model file {name} is missing. Run “make setup”, which installs {package}."
        )
    return source


def _convert(source: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    quantised: Any = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    )
    model: Any = AutoModelForCausalLM.from_config(quantised.config, dtype=torch.float32)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _dtype(device: str) -> "torch.dtype":
    """Return bfloat16 where the processor multiplies in it, else float32."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return torch.bfloat16
    return torch.float32


def _shared_beginning(prompts: list[list[int]]) -> int:
    """Return how many tokens all prompts begin with, the instruction and examples as a rule.

    Each prompt keeps a token of its own, which the model has to be run on.
    """
    longest = min(map(len, prompts)) - 1
    columns = enumerate(zip(*prompts, strict=False))
    differs = next((at for at, tokens in columns if len(set(tokens)) > 1), longest)
    shared = min(differs, longest)
    return shared if len(prompts) > 1 and shared >= SHORTEST_BEGINNING else 0


def _batches(prompts: list[list[int]], requests: Sequence[Request]) -> Iterator[list[int]]:
    """Yield the requests' indices in batches of equal limit, like length and bounded size."""
    order = sorted(
        range(len(prompts)), key=lambda index: (requests[index].max_tokens, len(prompts[index]))
    )
    batch: list[int] = []
    for index in order:
        same_limit = batch and requests[batch[0]].max_tokens == requests[index].max_tokens
        fits = len(prompts[index]) * (len(batch) + 1) <= BATCH_TOKENS
        if batch and not (same_limit and fits):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
