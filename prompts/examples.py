"""Which worked examples a variant shows the model for an input (in-context examples, few-shot).

They are written down with the variant, or picked from approved items for each input: the most
similar (Liu et al. 2022, What makes good in-context examples for GPT-3?) or ones that differ from
each other. None is ever of the passage that the input comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prompts import approved_items, sandbox
from prompts.models import Picks, Variant
from prompts.rendering import NEEDED
from qareview.models import Project

Example = dict[str, Any]
MOST_PICKED = 16
SPARE = 4  # more are looked for, since some may be of the input itself
LOOKED_AT = 3 * MOST_PICKED  # different items


@dataclass(frozen=True)
class Input:
    """Values for the variables, and the passage they come from, if they come from one."""

    values: dict[str, str]
    passage: int = 0


def examples_for(
    project: Project, variant: Variant, inputs: Sequence[Input]
) -> list[list[Example]]:
    """Return the worked examples for each input, the most telling last, next to the input.

    Where too few items are approved, those written down fill up. Raises ModelUnavailable.
    """
    picked = _picked(project, variant, inputs)
    named = [one["passage_id"] for one in variant.examples if "passage_id" in one]
    tested = approved_items.items().tested(project, named)
    own = [one for one in variant.examples if one.get("passage_id") not in tested]
    return [_shown(variant, own, found, one) for found, one in zip(picked, inputs, strict=True)]


def _shown(
    variant: Variant, own: Sequence[Example], picked: Sequence[Example], given: Input
) -> list[Example]:
    """Return the picked examples and those written down, without what gives the input away."""
    near = approved_items.items().alike(given.passage) if given.passage else set()
    told = _plain(_told(variant, given.values))

    def is_of_another(example: Example) -> bool:
        values = {name: str(value) for name, value in example.items()}
        return example.get("passage_id") not in near and _plain(_told(variant, values)) != told

    own = list(filter(is_of_another, own))
    if variant.picks == Picks.OWN:
        return own
    found = list(filter(is_of_another, picked))[: variant.pick_count]
    return [*own[: max(0, variant.pick_count - len(found))], *reversed(found)]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _picked(project: Project, variant: Variant, inputs: Sequence[Input]) -> list[list[Example]]:
    """Return more examples than are needed, the best first, for some are left out."""
    names = sandbox.names(variant.template)
    items = approved_items.items()
    if variant.picks == Picks.SIMILAR:
        count = variant.pick_count + SPARE
        found = [
            items.similar(project, _told(variant, one.values), count, one.passage) for one in inputs
        ]
    elif variant.picks == Picks.DIVERSE:
        found = [items.diverse(project, LOOKED_AT)] * len(inputs)
    else:
        found = [[] for _ in inputs]
    return [[approved_items.example_of(item, names) for item in some] for some in found]


def _told(variant: Variant, values: dict[str, str]) -> str:
    """Return what of an input tells what it is about."""
    needed = values.get(NEEDED.get(variant.prompt.task, ""), "")
    names = sorted(sandbox.names(variant.template) & values.keys())
    return needed or "\n".join(values[name] for name in names)
