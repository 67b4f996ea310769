"""Keep the best drafts of each passage, and set aside those that are not good enough."""

from collections import defaultdict
from collections.abc import Sequence

from generation.checks.first_chance import is_chance_known, least_chance
from generation.checks.scoring import Draft
from generation.drafting import answers
from generation.models import AsideReason, ItemState, Passage
from qareview.models import Project
from qareview.stored_sentences import stored
from qareview.translations import counted


def keep_best(project: Project, rows: Sequence[Passage], drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts to store, with the questions to store, and say in ``note`` what is not.

    Of drafts that state sentences, there are more than the passage lacks: the best are kept, and
    those among them that are not good enough are set aside.
    """
    by_passage: dict[int, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_passage[draft.item.passage.pk].append(draft)
    existing = answers.existing_answers(project, rows)
    kept = []
    for row in rows:
        own = by_passage[row.pk]
        if any(draft.item.states_sentence for draft in own):
            own = _best(project, row, own, existing[row.pk].missing)
        kept += own
    return kept


def _best(project: Project, row: Passage, drafts: Sequence[Draft], wished: int) -> list[Draft]:
    best = sorted(drafts, key=lambda draft: -draft.item.score)[:wished]
    for draft in best:
        draft.questions = draft.questions[: project.questions_per_answer]
        _set_aside_if_poor(draft)
    shown = sum(draft.item.state != ItemState.ASIDE for draft in best)
    if shown < len(best):
        row.note = stored(
            "%(found)s of %(wished)s drafted: the rest was not good enough.",
            found=shown,
            wished=counted(wished, "item"),
        )
    return best


def _set_aside_if_poor(draft: Draft) -> None:
    question = draft.questions[0]
    chance = question.score  # if it is known, that is what scoring has stored here
    is_poor = is_chance_known(question) and chance < least_chance()
    if is_poor and draft.item.state != ItemState.ASIDE:
        draft.item.state = ItemState.ASIDE
        draft.item.aside_reason = AsideReason.LOW_SCORE
        draft.item.aside = stored(
            "It is not good enough: its chance to be accepted is %(chance)s %%.",
            chance=round(100 * chance),
        )
