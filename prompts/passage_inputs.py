"""What prompts need to know of passages; ``settings.PASSAGE_INPUTS`` provides it."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from prompts.written_items import COUNT, EXISTING
from qareview.models import Project

# The variables that a passage has values for; OF_ITEMS only if an item was drafted from it.
VARIABLES = (
    *("passage", "headings", "document", "language", "focus", COUNT, EXISTING),
    *("answer", "question"),
)
OF_ITEMS = {"answer", "question"}


@dataclass(frozen=True)
class PassageInput:
    """A passage; ``values`` are its texts by the names in VARIABLES."""

    passage: int
    document: str
    values: dict[str, str]


class Passages(Protocol):
    """The functions that the module in ``settings.PASSAGE_INPUTS`` must provide.

    Each returns only passages that have a value for all of ``names``.
    """

    def found(
        self, project: Project, names: Collection[str], words: str, count: int
    ) -> list[PassageInput]:
        """Return the first passages that have ``words`` in their text or their document's name."""

    def drawn(self, project: Project, names: Collection[str], count: int) -> list[PassageInput]:
        """Return passages drawn at random."""

    def chosen(
        self, project: Project, names: Collection[str], passages: Collection[int]
    ) -> list[PassageInput]:
        """Return those of a project's passages that have these ids."""

    def first_focus(self, passage: str) -> str:
        """Return the sentence of a text that drafting would state first."""


def passages() -> Passages:
    """Return the module named in ``settings.PASSAGE_INPUTS``."""
    return cast(Passages, import_module(settings.PASSAGE_INPUTS))
