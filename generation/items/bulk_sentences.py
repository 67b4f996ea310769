"""Sentences about a bulk action: before it, while it is carried out, and after."""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.items import bulk_actions, bulk_steps
from generation.models import BulkAction, BulkActionKind
from qareview.models import JobState
from qareview.translations import counted, number, translated

# of each kind, with the number of items: the button, and the sentence once it is done
WORDS = {
    BulkActionKind.ACCEPT: (_("Accept %(items)s"), _("%(items)s accepted")),
    BulkActionKind.REJECT: (_("Reject %(items)s"), _("%(items)s rejected")),
    BulkActionKind.ASSIGN: (_("Assign %(items)s"), _("%(items)s assigned to %(member)s")),
    BulkActionKind.UNASSIGN: (
        _("Take the assignment of %(items)s away"),
        _("%(items)s taken from %(member)s"),
    ),
    BulkActionKind.REDRAFT: (
        _("Draft %(items)s again"),
        _("%(items)s put aside to be drafted again"),
    ),
    BulkActionKind.CALIBRATE: (
        _("Put %(items)s into the calibration set"),
        _("%(items)s put into the calibration set"),
    ),
    BulkActionKind.UNCALIBRATE: (
        _("Take %(items)s out of the calibration set"),
        _("%(items)s taken out of the calibration set"),
    ),
}
_REVIEWS = _(
    "These are your own reviews, of the text as it was drafted. Left out is what you reviewed "
    "already, what has all its reviews and what is on others’ desks."
)
EXPLANATIONS = {
    BulkActionKind.ACCEPT: _REVIEWS,
    BulkActionKind.REJECT: _REVIEWS,
    BulkActionKind.ASSIGN: _(
        "They are given to that member first. Left out is what they reviewed already "
        "and what waits for no review."
    ),
    BulkActionKind.UNASSIGN: _("They are no longer given to that member first."),
    BulkActionKind.REDRAFT: _(
        "They are put aside, and new ones drafted. Left out is what is decided, on "
        "another desk or imported."
    ),
    BulkActionKind.CALIBRATE: _(
        "Everyone gets them to review, so that it is seen how far people agree."
    ),
    BulkActionKind.UNCALIBRATE: _("They need no more reviews than any other item."),
}


@dataclass(frozen=True)
class BulkActionStatus:
    """How far a bulk action is, in sentences."""

    action: BulkAction
    sentence: str
    left_out: str
    finished: int  # items, of action.size
    is_moving: bool
    may_be_undone: bool


def bulk_action_title(kind: BulkActionKind, count: int) -> str:
    return str(WORDS[kind][0] % {"items": counted(count, "item")})


def bulk_action_status(action: BulkAction) -> BulkActionStatus:
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
        begin = gettext("Being undone: %(words)s.") if is_moving else gettext("Undone: %(words)s.")
        return begin % {"words": words}
    if action.reason:
        words = gettext("%(words)s for “%(reason)s”") % {"words": words, "reason": action.reason}
    if is_moving:
        size = number(action.size)
        words = gettext("%(words)s so far, of %(size)s") % {"words": words, "size": size}
    return f"{words}."


def _left_out(counts: dict[str, int]) -> str:
    """Say how many items were left out and why: “12 on others’ desks, 3 put aside”."""
    reasons = [
        f"{number(counts[name])} {translated(why)}"
        for name, why in bulk_steps.OUTCOMES.items()
        if counts.get(name)
    ]
    return ", ".join(reasons)
