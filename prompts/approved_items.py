"""What prompts need of the items people decided on: another app has them, named in the settings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings

from prompts.models import Prompt
from qareview.models import Project

# what an approved item has values for
VARIABLES = ("passage", "headings", "document", "language", "question", "answer")


@dataclass(frozen=True)
class Approved:
    """An approved item: texts for the variables of prompts, its question and answer among them."""

    item: int
    passage: int
    values: dict[str, str]


@dataclass(frozen=True)
class Disliked:
    """An output that people rejected, what it was made of, and what they said."""

    values: dict[str, str]
    output: str
    why: str


@dataclass(frozen=True)
class Share:
    """Of the items drafted with a variant: how many were decided on, and accepted."""

    decided: int
    accepted: int


class Items(Protocol):
    """What the app that has the items offers, as functions of a module."""

    def newest(self, project: Project, count: int) -> list[Approved]:
        """Return the approved items that were drafted last and may serve as examples."""

    def drawn(self, project: Project, count: int, seed: int) -> list[Approved]:
        """Return approved items drawn at random, the same for one seed."""

    def similar(self, project: Project, text: str, count: int, passage: int) -> list[Approved]:
        """Return those most similar to a text, the most similar first, not of that passage.

        None is of a document in a test split, here and wherever examples are given.
        """

    def diverse(self, project: Project, count: int) -> list[Approved]:
        """Return approved items, each as different as can be from those before it."""

    def chosen(self, project: Project, items: Collection[int]) -> list[Approved]:
        """Return those of some items that are approved and may serve as examples."""

    def alike(self, passage: int) -> set[int]:
        """Return the ids of a passage and of those that say nearly the same."""

    def tested(self, project: Project, passages: Collection[int]) -> set[int]:
        """Return those of some passages that are of documents in a test split."""

    def named(self, flag: str) -> str:
        """Return the name of a flag, for people."""

    def disliked(self, prompt: Prompt, count: int) -> list[Disliked]:
        """Return what a prompt brought out and reviewers rejected, the latest first."""

    def check(
        self, task: str, texts: Sequence[tuple[dict[str, str], str]]
    ) -> list[tuple[dict[str, float], list[str]]]:
        """Return scores and flags of outputs, each given with its values, as drafts get them.

        Raises ModelUnavailable.
        """

    def shares(self, prompt: Prompt) -> dict[int, Share]:
        """Return what became of the items drafted with each variant of a prompt, by its id."""


def items() -> Items:
    return cast(Items, import_module(settings.APPROVED_ITEMS))


def output_of(approved: Approved, names: Collection[str]) -> str:
    """Return what is wanted of a prompt that is told ``names``: a question, of one told answers."""
    wanted = "question" if "answer" in names else "answer"
    return approved.values[wanted]


def values_of(approved: Approved, names: Collection[str]) -> dict[str, str]:
    """Return the values of some variables; those that an item has none for are not among them."""
    return {name: approved.values[name] for name in names if name in approved.values}


def example_of(approved: Approved, names: Collection[str]) -> dict[str, Any]:
    """Return an approved item as a worked example of a prompt whose variables are ``names``."""
    return {
        **values_of(approved, names),
        "output": output_of(approved, names),
        "passage_id": approved.passage,
    }
