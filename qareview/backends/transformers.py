"""Models on this machine, run in batches with the ``transformers`` library."""

import fcntl
import functools
import logging
import os
import shutil
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from qareview.backends import (
    Came,
    Completion,
    Continuation,
    Message,
    ModelUnavailable,
    Request,
    Told,
    adapters,
    choosing,
    decoding,
    forgotten,
    grouping,
    likelihood,
    memory,
    token_streams,
    turns,
)
from qareview.backends.beginnings import Beginnings
from qareview.backends.choosing import DecodingRow
from qareview.backends.likelihood import Known
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

HALF_A_LETTER = "\ufffd"  # what a tokenizer gives for a letter whose last bytes are to come


class TransformersBackend:
    """A model in memory: a decoder, perhaps with a chat template, or an encoder-decoder.

    ``limit`` is the most tokens that a prompt and its completion may have; 0: as the model says.
    """

    def __init__(self, folder: Path, adapter: Path | None = None, limit: int = 0) -> None:
        import torch
        from transformers import (
            AutoConfig,
            AutoModelForCausalLM,
            AutoModelForSeq2SeqLM,
            AutoTokenizer,
        )

        self.limit = limit
        memory.keep_what_is_freed()
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // settings.MODEL_WORKERS))
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.is_encoder_decoder: bool = AutoConfig.from_pretrained(folder).is_encoder_decoder
        kind = AutoModelForSeq2SeqLM if self.is_encoder_decoder else AutoModelForCausalLM
        padding_side = "right" if self.is_encoder_decoder else "left"
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side=padding_side)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model: Any = kind.from_pretrained(folder, dtype=fastest_dtype(self.device))
        if adapter:
            adapters.merge(self.model, adapter)
        self.model.to(self.device).eval()
        self.ends = _ends(self.model, self.tokenizer)
        self.is_decoded_here = not self.is_encoder_decoder and _is_decoded_here(self.model)
        self.beginnings = Beginnings(self.model)

    def complete(self, requests: Sequence[Request], came: Came = forgotten) -> list[Completion]:
        """Return one completion per request, in order; requests of similar length share a batch."""
        prompts = [self.prompt(request.messages) for request in requests]
        fitting = [
            index for index, prompt in enumerate(prompts) if self._fits(prompt, requests[index])
        ]
        completions: dict[int, Completion] = {}

        def keep(index: int, completion: Completion) -> None:
            completions[index] = completion
            came(index, completion)

        shared = (
            grouping.shared_beginning([prompts[index] for index in fitting])
            if self.is_decoded_here
            else 0
        )
        lengths = [
            len(prompt) - shared + request.max_tokens
            for prompt, request in zip(prompts, requests, strict=True)
        ]
        for batch in grouping.batches(fitting, lengths):
            rows = {index: _row(prompts[index], requests[index]) for index in batch}
            self._write(rows, shared, keep)
        return [
            completions.get(index)
            or _too_long(len(prompt), requests[index].max_tokens, self.context)
            for index, prompt in enumerate(prompts)
        ]

    def stream(self, request: Request, told: Told) -> Completion:
        """Return the completion of a request, which is told token by token, before any batch."""
        prompt = self.prompt(request.messages)
        if not self._fits(prompt, request):
            return _too_long(len(prompt), request.max_tokens, self.context)
        row = _row(prompt, request)
        row.on_token = lambda tokens: told(self._text(tokens).rstrip(HALF_A_LETTER))
        written: list[Completion] = []
        with turns.going_first():
            self._write({0: row}, 0, lambda _, completion: written.append(completion))
        return written[0]

    def likelihoods(self, continuations: Sequence[Continuation]) -> list[float | None]:
        """Return how likely the model finds each text; those with one chat's beginning share it."""
        import torch

        rows = [self.known(one) for one in continuations]
        fitting = [index for index, row in enumerate(rows) if self._is_scored(row)]
        found: dict[int, float] = {}
        with torch.inference_mode():
            for family in grouping.families([rows[index].prompt for index in fitting]):
                members = [fitting[place] for place in family.members]
                beginning = self.beginnings.of(rows[members[0]].prompt[: family.shared])
                likely = likelihood.log_probabilities(
                    self.model, [rows[index] for index in members], beginning
                )
                found.update(
                    (index, one.mean().item()) for index, one in zip(members, likely, strict=True)
                )
        return [found.get(index) for index in range(len(rows))]

    def known(self, continuation: Continuation) -> Known:
        """Return the tokens of a chat and of a text after it, with the token that ends it."""
        tokens = self.tokenizer(continuation.text, add_special_tokens=False)["input_ids"]
        return Known(self.prompt(continuation.messages), [*tokens, self.tokenizer.eos_token_id])

    def _is_scored(self, row: Known) -> bool:
        length = len(row.prompt) + len(row.completion)
        return self.is_decoded_here and (not self.context or length <= self.context)

    @property
    def context(self) -> int:
        """The limit of the tokens of prompt and completion together; 0 if there is none."""
        is_limited = not self.is_encoder_decoder
        own = getattr(self.model.config, "max_position_embeddings", 0) if is_limited else 0
        return min(filter(None, (own, self.limit)), default=0)

    def _fits(self, prompt: list[int], request: Request) -> bool:
        return not self.context or len(prompt) + request.max_tokens <= self.context

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a chat, up to where the model goes on.

        Encoder-decoders, and decoders without a chat template, were trained on plain text. They get
        only the texts of the messages, worked examples included.
        """
        if not self.is_encoder_decoder and self.tokenizer.chat_template:
            tokens: list[int] = self.tokenizer.apply_chat_template(
                list(messages), add_generation_prompt=True, return_dict=False
            )
            return tokens
        text = "\n\n".join(message["content"] for message in messages)
        plain: list[int] = self.tokenizer(text)["input_ids"]
        return plain

    def _write(self, rows: dict[int, DecodingRow], shared: int, came: Came) -> None:
        """Write all rows; call ``came`` with the completion of each, and its key, once it ended.

        The time of each step is shared by the rows that are not finished; that of ``came`` is not
        counted.
        """
        import torch

        batch, writing = list(rows.values()), len(rows)
        share, since = 0.0, time.monotonic()  # seconds of each row that is not finished

        def end(index: int) -> None:
            nonlocal share, since, writing
            share += (time.monotonic() - since) / writing
            writing -= 1
            came(index, self._completion(rows[index], round(share * 1000)))
            since = time.monotonic()

        for index, row in rows.items():
            row.on_end = functools.partial(end, index)
        with torch.inference_mode():
            if self.is_decoded_here:
                read = self.beginnings.of
                beginning = read(batch[0].prompt[:shared])
                decoding.decode(self.model, batch, beginning, self.ends, read)
            else:
                self._generate(batch)

    def _generate(self, rows: list[DecodingRow]) -> None:
        """Write with the library's ``generate``, which works with every kind of model."""
        import torch
        from transformers import LogitsProcessorList

        padded = self.tokenizer.pad({"input_ids": [row.prompt for row in rows]})
        ids = torch.tensor(padded["input_ids"], device=self.device)
        output = self.model.generate(
            input_ids=ids,
            streamer=token_streams.streamer_of(rows, self.ends),
            attention_mask=torch.tensor(padded["attention_mask"], device=self.device),
            logits_processor=LogitsProcessorList([choosing.sampling_processor(rows)]),
            do_sample=False,
            max_new_tokens=max(row.max_tokens for row in rows),
            pad_token_id=self.tokenizer.pad_token_id,
        )
        written = output[:, 1 if self.is_encoder_decoder else ids.shape[1] :].tolist()
        for row, tokens in zip(rows, written, strict=True):
            tokens = tokens[: row.max_tokens]
            end = next((index for index, token in enumerate(tokens) if token in self.ends), None)
            row.written, row.ended = tokens[:end], end is not None
            if row.on_end:
                row.on_end()

    def _text(self, tokens: list[int]) -> str:
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True)
        return text.strip()

    def _completion(self, row: DecodingRow, milliseconds: int) -> Completion:
        text = self._text(row.written)
        return Completion(
            text=text,
            tokens_in=len(row.prompt),
            tokens_out=len(row.written),
            milliseconds=milliseconds,
            cut_off=not row.ended,
            likelihood=self._likelihood(row, text),
            raw=self.tokenizer.decode(row.written),
            prompt=self.tokenizer.decode(row.prompt),
        )

    def _likelihood(self, row: DecodingRow, text: str) -> float | None:
        """Return how likely a text is, if it is all that was written before the end."""
        if row.end != self.tokenizer.eos_token_id:
            return None
        if self.tokenizer(text, add_special_tokens=False)["input_ids"] != row.written:
            return None
        return row.log_probability / (len(row.written) + 1)


def _row(prompt: list[int], request: Request) -> DecodingRow:
    return DecodingRow(prompt, request.max_tokens, request.temperature, request.seed)


def _ends(model: Any, tokenizer: Any) -> set[int]:
    """Return the tokens that end a text, from the model's configuration and its tokenizer."""
    eos = model.generation_config.eos_token_id
    ends = {*(eos if isinstance(eos, list) else [eos]), tokenizer.eos_token_id}
    return {token for token in (*ends, tokenizer.pad_token_id) if token is not None}


def _is_decoded_here(model: Any) -> bool:
    """Return whether :mod:`decoding` can run the model: every layer attends to all tokens."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    layers = DynamicCache(config=model.config).layers
    has_plain_layers = bool(layers) and all(type(layer) is DynamicLayer for layer in layers)
    return has_plain_layers and decoding.can_decode(model)


def _too_long(tokens: int, wanted: int, limit: int) -> Completion:
    return Completion(
        text="",
        tokens_in=tokens,
        tokens_out=0,
        milliseconds=0,
        cut_off=False,
        error=(
            stored(
                "The prompt has %(tokens)s tokens and the output may need %(wanted)s more, "
                "but the model takes at most %(limit)s in total. Choose shorter passages, "
                "fewer output tokens for the prompt, or a model with a longer context.",
                tokens=tokens,
                wanted=wanted,
                limit=limit,
            )
        ),
    )


def load(
    path: str = "", gguf: str = "", adapter: str = "", context: int = 0
) -> TransformersBackend:
    """Load a model from the folder ``path``, or from the file ``gguf``, named ``package:name``.

    ``adapter`` is a folder, in this program's folder if it is relative; see :mod:`adapters`. It
    gets at most ``context`` tokens, or as many as it can take.

    Raises ModelUnavailable if the model's files are missing or cannot be read.
    """
    try:
        folder = converted(gguf) if gguf else Path(path)
        (folder / "config.json").stat()  # before libraries are imported, which takes seconds
        merged = settings.BASE_DIR / adapter if adapter else None
        return TransformersBackend(folder, merged, context)
    except (OSError, ValueError, ImportError) as error:
        raise ModelUnavailable(
            stored(
                "The model in %(gguf)s could not be loaded: %(error)s",
                gguf=gguf or path,
                error=error,
            )
        ) from error


def converted(gguf: str) -> Path:
    """Return a folder with the weights of a GGUF file; convert them the first time.

    A model loaded from GGUF is marked as quantised and cannot be cast or saved, so its weights are
    loaded into a new model with the same configuration.
    """
    folder: Path = settings.MODELS_DIR / Path(gguf.partition(":")[2]).stem
    if folder.is_dir():
        return folder
    source = file_in_package(gguf)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be converting it
        if not folder.is_dir():
            logger.info("Converting %s, once, which takes about 20 seconds.", source.name)
            half_done = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(half_done, ignore_errors=True)
            _convert(source, half_done)
            half_done.rename(folder)
    return folder


def file_in_package(gguf: str) -> Path:
    """Return the path of a file ``package:name``. Raises ModelUnavailable if it is missing."""
    package, _, name = gguf.partition(":")
    spec = find_spec(package)
    matches = Path(spec.origin).parent.rglob(name) if spec and spec.origin else iter(())
    source = next(matches, None)
    if source is None:
        raise ModelUnavailable(
            stored(
                "The model file %(name)s is missing. Run “make setup”, which installs %(package)s.",
                name=name,
                package=package,
            )
        )
    return source


def _convert(source: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # nobody watches it, and it would fill the log
    tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    quantised: Any = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    )
    with torch.device("meta"):  # for its weights are replaced
        model: Any = AutoModelForCausalLM.from_config(quantised.config, dtype=torch.float32)
    model.load_state_dict(quantised.state_dict(), assign=True)
    model.tie_weights()
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@functools.cache
def fastest_dtype(device: str) -> "torch.dtype":
    """Return the number type that the device multiplies fastest; a CPU is timed."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return min((torch.bfloat16, torch.float32), key=_seconds_to_multiply)


def _seconds_to_multiply(dtype: "torch.dtype") -> float:
    import torch

    matrix = torch.ones((512, 512), dtype=dtype)
    matrix @ matrix  # the first time takes longer

    def seconds() -> float:
        started = time.monotonic()
        matrix @ matrix
        return time.monotonic() - started

    return min(seconds() for _ in range(5))
