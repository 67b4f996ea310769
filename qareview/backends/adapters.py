"""Adapters: small changes of a model's weights that are learned and stored without the model.

An adapter is low-rank, as in LoRA (Hu et al. 2021): what it adds to a weight is the product of a
wide and a tall matrix. It is stored in the format of the library PEFT, in a folder with two files.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CONFIGURATION, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX, DOWN, UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"  # of the names
OTHER_KINDS = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save")

Pair = tuple["torch.Tensor", "torch.Tensor"]  # (rank, inputs) and (outputs, rank)


def merge(model: Any, folder: Path) -> None:
    """Add an adapter to the weights of the model it was learned for.

    Raises OSError if a file is missing, and ValueError if the adapter is of another kind or for
    another model.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    configuration = json.loads((folder / CONFIGURATION).read_text())
    other = [name for name in OTHER_KINDS if configuration.get(name)]
    if configuration.get("peft_type") != "LORA" or other:
        raise ValueError(f"{folder.name}: {' '.join(other) or 'peft_type'}")
    try:
        scale = configuration["lora_alpha"] / configuration["r"]
        tensors = load_file(folder / WEIGHTS)
        with torch.no_grad():
            for name in [name for name in tensors if name.endswith(DOWN)]:
                module = name.removeprefix(PREFIX).removesuffix(DOWN)
                weight = model.get_submodule(module).weight
                up = tensors[name.replace(DOWN, UP)]
                weight.copy_(weight.float() + scale * (up.float() @ tensors[name].float()))
    except (SafetensorError, AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise ValueError(f"{folder.name}: {error}") from error


def attach(model: Any, rank: int, scale: float, first: int = 0) -> dict[str, Pair]:
    """Add a new adapter to the linear modules of the layers; return its matrices by module.

    Layers before the ``first`` get none, and so need no gradients. The matrices are float32 and
    learn; the model's own weights do not. At first the adapter changes nothing, since one matrix of
    each pair is zero.
    """
    import torch

    model.requires_grad_(requires_grad=False)
    pairs: dict[str, Pair] = {}
    for name, module in model.named_modules():
        layer = _layer(name)
        if isinstance(module, torch.nn.Linear) and layer and int(layer) >= first:
            wide = torch.empty(rank, module.in_features).uniform_(-1, 1)
            down = torch.nn.Parameter(wide / math.sqrt(module.in_features))
            up = torch.nn.Parameter(torch.zeros(module.out_features, rank))
            _add_to_output(module, down, up, scale)
            pairs[name] = (down, up)
    return pairs


def _layer(module: str) -> str:
    """Return the number of the layer that a module is in, from its name; empty if in none."""
    number = re.search(r"\.(\d+)\.", module)
    return number[1] if number else ""


def _add_to_output(module: Any, down: "torch.Tensor", up: "torch.Tensor", scale: float) -> None:
    import torch

    def add(_: Any, inputs: "tuple[torch.Tensor]", output: "torch.Tensor") -> "torch.Tensor":
        (given,) = inputs
        low = given.flatten(0, -2) @ down.to(given.dtype).T
        flat = output.flatten(0, -2)
        return torch.addmm(flat, low, up.to(given.dtype).T, alpha=scale).view_as(output)

    module.register_forward_hook(add)


def save(folder: Path, pairs: Mapping[str, Pair], scale: float) -> None:
    """Store an adapter that was attached, in bfloat16."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for module, pair in pairs.items():
        for ending, matrix in zip((DOWN, UP), pair, strict=True):
            tensors[f"{PREFIX}{module}{ending}"] = matrix.detach().to(torch.bfloat16).contiguous()
    save_file(tensors, folder / WEIGHTS)
    rank = len(next(iter(pairs.values()))[0])
    configuration = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": scale * rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted({module.rpartition(".")[2] for module in pairs}),
        "layers_to_transform": sorted(
            {int(layer) for module in pairs if (layer := _layer(module))}
        ),
    }
    (folder / CONFIGURATION).write_text(json.dumps(configuration, indent=2) + "\n")
