"""What prompts need to know of approved items; ``settings.APPROVED_ITEMS`` provides it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings

from prompts.models import Prompt
from prompts.written_items import COUNT, EXISTING, WrittenItem, as_reply
from qareview.models import Project

# the variables that an approved item has values for
VARIABLES = (
    *("passage", "headings", "document", "language", "focus", "question", "answer"),
    *(COUNT, EXISTING),  # it is one item, and the first
)


@dataclass(frozen=True)
class Approved:
    """An approved item; ``values`` are its texts by the names in VARIABLES."""

    item: int
    passage: int
    values: dict[str, str]


@dataclass(frozen=True)
class Disliked:
    """An output that reviewers rejected, the values it was written from, and their reason."""

    values: dict[str, str]
    output: str
    why: str


@dataclass(frozen=True)
class AcceptanceShare:
    """Of the items drafted with a variant, how many were decided on and how many accepted."""

    decided: int
    accepted: int


class Items(Protocol):
    """The functions that the module in ``settings.APPROVED_ITEMS`` must provide."""

    def newest(self, project: Project, count: int) -> list[Approved]:
        """Return the approved items that were drafted last and may serve as examples."""

    def drawn(self, project: Project, count: int, seed: int) -> list[Approved]:
        """Return approved items drawn at random; the same seed draws the same items."""

    def similar(self, project: Project, text: str, count: int, passage: int) -> list[Approved]:
        """Return the approved items most similar to a text, the most similar first.

        Items of ``passage`` are left out. Items of documents in a test split are left out by every
        method.
        """

    def diverse(self, project: Project, count: int) -> list[Approved]:
        """Return approved items, each as different as possible from those before it."""

    def approved_among(self, project: Project, items: Collection[int]) -> list[Approved]:
        """Return those of these items that are approved and may serve as examples."""

    def with_near_duplicates(self, passage: int) -> set[int]:
        """Return the ids of a passage and of its near-duplicates."""

    def in_test_splits(self, project: Project, passages: Collection[int]) -> set[int]:
        """Return those of these passages whose documents are in a test split."""

    def flag_name(self, flag: str) -> str:
        """Return the name of a flag as pages show it."""

    def disliked(self, prompt: Prompt, count: int) -> list[Disliked]:
        """Return outputs of a prompt that reviewers rejected, the latest first."""

    def check_outputs(
        self, task: str, texts: Sequence[tuple[dict[str, str], str]]
    ) -> list[tuple[dict[str, float], list[str]]]:
        """Return the scores and flags of outputs, as a draft gets them. Raises ModelUnavailable.

        ``texts`` are pairs of the values that an output was written from, and the output.
        """

    def acceptance_shares(self, prompt: Prompt) -> dict[int, AcceptanceShare]:
        """Return how many items of each variant of a prompt were accepted, by the variant's id."""


def items() -> Items:
    """Return the module named in ``settings.APPROVED_ITEMS``."""
    return cast(Items, import_module(settings.APPROVED_ITEMS))


def output_of(approved: Approved, names: Collection[str]) -> str:
    """Return an item's question if the prompt's variables include the answer, else its answer."""
    return approved.values["question" if "answer" in names else "answer"]


def values_of(approved: Approved, names: Collection[str]) -> dict[str, str]:
    """Return an item's values of these variables, without those it has no value for."""
    return {name: approved.values[name] for name in names if name in approved.values}


def example_of(approved: Approved, names: Collection[str]) -> dict[str, Any]:
    """Return an approved item as a worked example of a prompt with the variables ``names``."""
    output = output_of(approved, names)
    if COUNT in names:
        values = approved.values
        item = WrittenItem(values["question"], values["answer"], values.get("focus", ""))
        output = as_reply([item])
    return {**values_of(approved, names), "output": output, "passage_id": approved.passage}
