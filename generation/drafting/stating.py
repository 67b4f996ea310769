"""Write answers that each state one sentence of a passage.

A sentence that stands alone is the answer as it is, so that it stays true. Only one that leans on
others is stated by the model; if that gains or loses a number or a name, the sentence stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from generation.checks.focuses import Focus, focuses_of, states, unstated
from generation.drafting import quotas
from generation.drafting.quotas import Quota, Writer
from generation.models import Passage
from generation.prompt_values import values_of
from prompts import sandbox
from prompts.models import Variant
from qareview.backends import Completion
from qareview.models import Exchange, Project
from qareview.stored_sentences import stored
from qareview.translations import counted

SPARES = 1  # answers more than a passage lacks, so that the best can be kept; chosen


@dataclass(frozen=True)
class Statement:
    """An answer: the sentence that it states, and what a model wrote, if it was asked."""

    focus: Focus
    completion: Completion
    is_verbatim: bool

    @property
    def parameters(self) -> dict[str, Any]:
        """What an item keeps of it."""
        return {
            "focus": [self.focus.start, self.focus.end],
            "verbatim": self.is_verbatim,
            "stands_alone": self.focus.stands_alone or not self.is_verbatim,
        }


def states_sentences(variant: Variant) -> bool:
    """Whether a variant is given a sentence to state, not a whole passage to summarise."""
    return "focus" in sandbox.usable_variables(variant.template)


def write_statements(
    project: Project, writer: Writer, lacking: Sequence[tuple[Passage, int, Sequence[str]]]
) -> dict[int, list[Statement]]:
    """Return statements by the passages' ids, some more than each passage lacks.

    ``lacking`` are passages, how many answers each lacks, and the answers that it has. If a model
    fails for a passage, its ``error`` says so. Raises what :func:`quotas.write` raises.
    """
    chosen = {row.pk: _choose(row, count, answers) for row, count, answers in lacking}
    asked = [
        (row, focus, Quota({**values_of(project, row), "focus": focus.text}, 1, set(), row.pk))
        for row, _, _ in lacking
        for focus in chosen[row.pk]
        if not focus.stands_alone
    ]
    quotas.write(project, writer, [quota for _, _, quota in asked])
    rewritten = {(row.pk, focus): _rewritten(row, focus, quota) for row, focus, quota in asked}
    for row, count, _ in lacking:
        row.note = _note(len(chosen[row.pk]), count)
    return {
        pk: [rewritten.get((pk, focus)) or _verbatim(focus) for focus in focuses]
        for pk, focuses in chosen.items()
    }


def _choose(row: Passage, count: int, answers: Sequence[str]) -> list[Focus]:
    if not count:
        return []
    focuses = focuses_of(row.text, " ".join(row.headings))
    return unstated(focuses, answers)[: count + SPARES]


def _verbatim(focus: Focus, asked: Exchange | None = None) -> Statement:
    """State a sentence as it is; ``asked`` is what was asked of a model in vain."""
    as_it_is = Completion(focus.text, 0, 0, 0, cut_off=False, exchange=asked)
    return Statement(focus, as_it_is, is_verbatim=True)


def _rewritten(row: Passage, focus: Focus, quota: Quota) -> Statement:
    """Return what the model wrote, or the sentence if it does not say what the sentence says."""
    row.error = row.error or quota.error
    if not quota.drafts:
        return _verbatim(focus)
    _, completion = quota.drafts[0]
    context = f"{' '.join(row.headings)} {row.text}"
    if completion.cut_off or not states(completion.text, focus.text, context):
        return _verbatim(focus, completion.exchange)
    return Statement(focus, completion, is_verbatim=False)


def _note(found: int, wished: int) -> str:
    if found >= wished:
        return ""
    return stored(
        "%(found)s of %(wished)s drafted. The passage has no other sentences that say something.",
        found=found,
        wished=counted(wished, "item"),
    )
