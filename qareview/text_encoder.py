"""The encoder all-MiniLM-L6-v2 (Reimers and Gurevych 2019), which is a BERT (Devlin et al. 2019).

``transformers`` gives the same vectors, which a test compares. But each worker that starts would
need seconds of processor time to import it, even one whose models are all on servers.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

LONGEST = 256  # tokens of a text that the model was trained with; what follows is not read
BEGINNING = 20_000  # characters that almost always have these; chosen; nobody measured


class TextEncoder:
    """Gives each text the mean of its tokens' vectors, as the model was trained."""

    def __init__(self, folder: Path, dtype: "torch.dtype") -> None:
        """Load the model. Raises OSError if a file is missing."""
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        self._config = json.loads((folder / "config.json").read_text())
        weights = load_file(folder / "model.safetensors")
        self._weights = {
            name: weight.to(dtype) for name, weight in weights.items() if weight.is_floating_point()
        }
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding(pad_id=self._config["pad_token_id"])

    def encode(self, texts: Sequence[str]) -> Any:
        """Return a vector of unit length for each text: float32, (texts, dimensions)."""
        import torch
        from torch.nn.functional import normalize

        encodings = self._encodings(texts)
        tokens = torch.tensor([encoding.ids for encoding in encodings])
        is_token = torch.tensor([encoding.attention_mask for encoding in encodings]).bool()
        with torch.inference_mode():
            states = self._embed(tokens)
            for number in range(self._config["num_hidden_layers"]):
                states = self._layer(f"encoder.layer.{number}", states, is_token[:, None, None, :])
            sums = (states.float() * is_token.unsqueeze(-1)).sum(1)
            return normalize(sums, dim=1).numpy()

    def _encodings(self, texts: Sequence[str]) -> Any:
        """Return the tokens of texts, whose beginnings are enough unless they have too few."""
        beginnings = [_beginning(text) for text in texts]
        encodings = self._tokenizer.encode_batch(beginnings)
        for text, beginning, encoding in zip(texts, beginnings, encodings, strict=True):
            if len(beginning) < len(text) and sum(encoding.attention_mask) < LONGEST:
                return self._tokenizer.encode_batch(list(texts))
        return encodings

    def _embed(self, tokens: "torch.Tensor") -> "torch.Tensor":
        words, places, segments = (
            self._weights[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        # A text is one segment, the first.
        states = words[tokens] + segments[0] + places[: tokens.shape[1]]
        return self._norm("embeddings.LayerNorm", states)

    def _layer(self, name: str, states: "torch.Tensor", is_token: "torch.Tensor") -> "torch.Tensor":
        from torch.nn.functional import gelu, scaled_dot_product_attention

        heads = (len(states), -1, self._config["num_attention_heads"], self._head_size)
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", states).view(heads).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        attended = scaled_dot_product_attention(query, key, value, attn_mask=is_token)
        attended = attended.transpose(1, 2).reshape(states.shape)
        attended = self._linear(f"{name}.attention.output.dense", attended)
        states = self._norm(f"{name}.attention.output.LayerNorm", states + attended)
        widened = gelu(self._linear(f"{name}.intermediate.dense", states))
        narrowed = self._linear(f"{name}.output.dense", widened)
        return self._norm(f"{name}.output.LayerNorm", states + narrowed)

    @property
    def _head_size(self) -> int:
        return int(self._config["hidden_size"] // self._config["num_attention_heads"])

    def _linear(self, name: str, states: "torch.Tensor") -> "torch.Tensor":
        from torch.nn.functional import linear

        return linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, states: "torch.Tensor") -> "torch.Tensor":
        from torch.nn.functional import layer_norm

        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return layer_norm(states, weight.shape, weight, bias, self._config["layer_norm_eps"])


def _beginning(text: str) -> str:
    """Return a long text up to a blank or line end, where no token of it is divided."""
    if len(text) <= BEGINNING:
        return text
    end = max(text.rfind(blank, 0, BEGINNING) for blank in " \n")
    return text[:end] if end > 0 else text
