"""Sentences about a bulk action: before it, while it is carried out, and after."""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.items import bulk_actions, bulk_steps
from generation.models import BulkAction, BulkActionKind
from qareview.models import JobState
from qareview.stored_sentences import translated
from qareview.translations import counted, number

# For each kind: the text of the button, and the sentence about its result.
WORDS = {
    BulkActionKind.ACCEPT: (_("Accept %(items)s"), _("%(items)s accepted")),
    BulkActionKind.REJECT: (_("Reject %(items)s"), _("%(items)s rejected")),
    BulkActionKind.ASSIGN: (_("Assign %(items)s"), _("%(items)s assigned to %(member)s")),
    BulkActionKind.UNASSIGN: (
        _("Unassign %(items)s"),
        _("%(items)s unassigned from %(member)s"),
    ),
    BulkActionKind.REDRAFT: (
        _("Draft %(items)s again"),
        _("%(items)s set aside to be drafted again"),
    ),
    BulkActionKind.CALIBRATE: (
        _("Add %(items)s to the calibration set"),
        _("%(items)s added to the calibration set"),
    ),
    BulkActionKind.UNCALIBRATE: (
        _("Remove %(items)s from the calibration set"),
        _("%(items)s removed from the calibration set"),
    ),
}
_REVIEWS = _(
    "These count as your own reviews of the drafted text. Items you have already reviewed or "
    "wrote yourself, fully reviewed items and items on someone else’s desk are skipped."
)
EXPLANATIONS = {
    BulkActionKind.ACCEPT: _REVIEWS,
    BulkActionKind.REJECT: _REVIEWS,
    BulkActionKind.ASSIGN: _(
        "The member gets these items first. Items they have already reviewed or wrote "
        "themselves and items that are not waiting for review are skipped."
    ),
    BulkActionKind.UNASSIGN: _("The member no longer gets these items first."),
    BulkActionKind.REDRAFT: _(
        "These items are set aside and new ones are drafted. Decided items, items that were "
        "imported or written by hand, and items on someone else’s desk are skipped."
    ),
    BulkActionKind.CALIBRATE: _(
        "Calibration items go to every reviewer, so that their agreement can be measured."
    ),
    BulkActionKind.UNCALIBRATE: _("These items will need only as many reviews as any other item."),
}


@dataclass(frozen=True)
class BulkActionStatus:
    """How far a bulk action is, in sentences."""

    action: BulkAction
    sentence: str
    left_out: str  # how many items were skipped, and why; "" if none were
    finished: int  # the number of items, out of action.size
    is_moving: bool
    may_be_undone: bool


def bulk_action_title(kind: BulkActionKind, count: int) -> str:
    """Return the text of the button that orders a bulk action on ``count`` items."""
    return str(WORDS[kind][0] % {"items": counted(count, "item")})


def bulk_action_status(action: BulkAction) -> BulkActionStatus:
    """Return how far a bulk action is."""
    counts = bulk_actions.outcome_counts(action)
    waiting = counts.get(bulk_actions.DONE if action.undo_at else "", 0)
    is_moving = action.state in (JobState.QUEUED, JobState.RUNNING)
    return BulkActionStatus(
        action,
        _sentence(action, counts, is_moving),
        _left_out(counts),
        max(0, action.size - waiting),
        is_moving,
        may_be_undone=action.undo_at is None,
    )


def _sentence(action: BulkAction, counts: dict[str, int], is_moving: bool) -> str:
    done, undone = counts.get(bulk_actions.DONE, 0), counts.get(bulk_actions.UNDONE, 0)
    count = undone if action.undo_at else done
    words = WORDS[BulkActionKind(action.kind)][1] % {
        "items": counted(count, "item"),
        "member": action.member or gettext("a former user"),
    }
    if action.undo_at:
        begin = gettext("Undoing: %(words)s.") if is_moving else gettext("Undone: %(words)s.")
        return begin % {"words": words}
    if action.reason:
        words = gettext("%(words)s with the reason “%(reason)s”") % {
            "words": words,
            "reason": action.reason,
        }
    if is_moving:
        size = number(action.size)
        words = gettext("%(words)s so far, out of %(size)s") % {"words": words, "size": size}
    return f"{words}."


def _left_out(counts: dict[str, int]) -> str:
    """Return how many items were skipped and why: “12 on someone else’s desk, 3 set aside”."""
    reasons = [
        f"{number(counts[name])} {translated(why)}"
        for name, why in bulk_steps.OUTCOMES.items()
        if counts.get(name)
    ]
    return ", ".join(reasons)
