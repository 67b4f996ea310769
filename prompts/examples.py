"""Which worked examples a variant shows the model for an input (in-context examples, few-shot).

They are written down with the variant, or picked from approved items for each input: the most
similar (Liu et al. 2022, What makes good in-context examples for GPT-3?) or ones that differ from
each other. None is ever of the passage that the input comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prompts import approved, sandbox
from prompts.models import Picks, Variant
from prompts.rendering import NEEDED, VARIABLES
from qareview.models import Project

Example = dict[str, Any]
MOST_PICKED = 16
LOOKED_AT = 3 * MOST_PICKED  # different items, of which those of the input's passage are left out


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
    return [
        _filled_up(variant, found, one.passage) for found, one in zip(picked, inputs, strict=True)
    ]


def _filled_up(variant: Variant, picked: list[Example], passage: int) -> list[Example]:
    own = [one for one in variant.examples if not passage or one.get("passage_id") != passage]
    if variant.picks == Picks.OWN:
        return own
    return [*own[: max(0, variant.pick_count - len(picked))], *reversed(picked)]


def _picked(project: Project, variant: Variant, inputs: Sequence[Input]) -> list[list[Example]]:
    names = sandbox.names(variant.template)
    items = approved.items()
    if variant.picks == Picks.SIMILAR:
        found = [
            items.similar(project, _told(variant, one.values), variant.pick_count, one.passage)
            for one in inputs
        ]
    elif variant.picks == Picks.DIVERSE:
        pool = items.diverse(project, LOOKED_AT)
        found = [[item for item in pool if item.passage != one.passage] for one in inputs]
    else:
        found = [[] for _ in inputs]
    return [
        [approved.example_of(item, names) for item in some[: variant.pick_count]] for some in found
    ]


def _told(variant: Variant, values: dict[str, str]) -> str:
    """Return what of an input tells what it is about."""
    task = variant.prompt.task
    needed = values.get(NEEDED[task], "") if task in VARIABLES else ""
    return needed or "\n".join(values[name] for name in sorted(values))
