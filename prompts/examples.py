"""The worked examples that a variant shows the model for an input (few-shot).

They are the variant's own, or picked from approved items for each input: the most similar ones (Liu
et al. 2022, What makes good in-context examples for GPT-3?) or ones that differ from each other.
An example is never from the passage that the input comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prompts import approved_items, sandbox
from prompts.models import Picks, Variant
from prompts.rendering import NEEDED_VARIABLE
from qareview.models import Project

Example = dict[str, Any]
MOST_PICKED = 16  # examples; chosen; nobody measured
SPARE_EXAMPLES = 4  # more to search for, as some give the answer away; chosen; nobody measured
DIVERSE_ITEMS = 3 * MOST_PICKED  # that diverse examples are picked from; chosen; nobody measured


@dataclass(frozen=True)
class Input:
    """Values for a prompt's variables, and the id of the passage they come from, 0 if none."""

    values: dict[str, str]
    passage: int = 0


def examples_for(
    project: Project, variant: Variant, inputs: Sequence[Input]
) -> list[list[Example]]:
    """Return the worked examples for each input, the most similar last, next to the input.

    If too few items are approved, the variant's own examples fill the gap. Raises
    ModelUnavailable.
    """
    picked = _picked_examples(project, variant, inputs)
    passages = [example["passage_id"] for example in variant.examples if "passage_id" in example]
    in_test_splits = approved_items.items().in_test_splits(project, passages)
    own = [
        example for example in variant.examples if example.get("passage_id") not in in_test_splits
    ]
    return [
        _examples_shown(variant, own, candidates, for_input)
        for candidates, for_input in zip(picked, inputs, strict=True)
    ]


def _examples_shown(
    variant: Variant, own: Sequence[Example], picked: Sequence[Example], for_input: Input
) -> list[Example]:
    """Return the picked and the own examples, without those that give the answer away."""
    same_passages = (
        approved_items.items().with_near_duplicates(for_input.passage)
        if for_input.passage
        else set()
    )
    topic = _normalised(_topic_of(variant, for_input.values))

    def is_of_another(example: Example) -> bool:
        values = {name: str(value) for name, value in example.items()}
        return (
            example.get("passage_id") not in same_passages
            and _normalised(_topic_of(variant, values)) != topic
        )

    own = list(filter(is_of_another, own))
    if variant.picks == Picks.OWN:
        return own
    usable = list(filter(is_of_another, picked))[: variant.pick_count]
    return [*own[: max(0, variant.pick_count - len(usable))], *reversed(usable)]


def _normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def _picked_examples(
    project: Project, variant: Variant, inputs: Sequence[Input]
) -> list[list[Example]]:
    """Return picked examples for each input, the best first, and more than needed."""
    names = sandbox.usable_variables(variant.template)
    items = approved_items.items()
    if variant.picks == Picks.SIMILAR:
        count = variant.pick_count + SPARE_EXAMPLES
        picked = [
            items.similar(project, _topic_of(variant, for_input.values), count, for_input.passage)
            for for_input in inputs
        ]
    elif variant.picks == Picks.DIVERSE:
        picked = [items.diverse(project, DIVERSE_ITEMS)] * len(inputs)
    else:
        picked = [[] for _ in inputs]
    return [[approved_items.example_of(item, names) for item in approved] for approved in picked]


def _topic_of(variant: Variant, values: dict[str, str]) -> str:
    """Return the text that says what an input is about."""
    needed = values.get(NEEDED_VARIABLE.get(variant.prompt.task, ""), "")
    names = sorted(sandbox.usable_variables(variant.template) & values.keys())
    return needed or "\n".join(values[name] for name in names)
