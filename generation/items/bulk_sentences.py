"""What is said of an act: before it, while it is carried out, and after."""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation import acts
from generation.models import Act, ActKind
from qareview.models import JobState
from qareview.wording import counted, number, translated

# with the number of items: what is asked, and what is told when it is done
WORDS = {
    ActKind.ACCEPT: (_("Accept %(items)s"), _("%(items)s accepted")),
    ActKind.REJECT: (_("Reject %(items)s"), _("%(items)s rejected")),
    ActKind.ASSIGN: (_("Assign %(items)s"), _("%(items)s assigned to %(member)s")),
    ActKind.UNASSIGN: (
        _("Take the assignment of %(items)s away"),
        _("%(items)s taken from %(member)s"),
    ),
    ActKind.REDRAFT: (_("Draft %(items)s again"), _("%(items)s put aside to be drafted again")),
    ActKind.CALIBRATE: (
        _("Put %(items)s into the calibration set"),
        _("%(items)s put into the calibration set"),
    ),
    ActKind.UNCALIBRATE: (
        _("Take %(items)s out of the calibration set"),
        _("%(items)s taken out of the calibration set"),
    ),
}
_REVIEWS = _(
    "These are your own reviews, of the text as it was drafted. Left out is what you reviewed "
    "already, what has all its reviews and what is on others’ desks."
)
EXPLAINED = {
    ActKind.ACCEPT: _REVIEWS,
    ActKind.REJECT: _REVIEWS,
    ActKind.ASSIGN: _(
        "They are given to that member first. Left out is what they reviewed already "
        "and what waits for no review."
    ),
    ActKind.UNASSIGN: _("They are no longer given to that member first."),
    ActKind.REDRAFT: _(
        "They are put aside, and new ones drafted. Left out is what is decided, on "
        "another desk or imported."
    ),
    ActKind.CALIBRATE: _("Everyone gets them to review, so that it is seen how far people agree."),
    ActKind.UNCALIBRATE: _("They need no more reviews than any other item."),
}


@dataclass(frozen=True)
class Told:
    """What is said of an act now."""

    act: Act
    sentence: str
    left_out: str
    through: int  # items, of act.size
    is_moving: bool
    may_be_undone: bool


def title(kind: ActKind, count: int) -> str:
    return str(WORDS[kind][0] % {"items": counted(count, "item")})


def tell(act: Act) -> Told:
    counts = acts.counts(act)
    waiting = counts.get(acts.DONE if act.undo_at else "", 0)
    is_moving = act.state in (JobState.QUEUED, JobState.RUNNING)
    return Told(
        act,
        _sentence(act, counts, is_moving),
        _left_out(counts),
        max(0, act.size - waiting),
        is_moving,
        may_be_undone=act.undo_at is None,
    )


def _sentence(act: Act, counts: dict[str, int], is_moving: bool) -> str:
    done, undone = counts.get(acts.DONE, 0), counts.get(acts.UNDONE, 0)
    told = undone if act.undo_at else done
    words = WORDS[ActKind(act.kind)][1] % {
        "items": counted(told, "item"),
        "member": act.member or gettext("a former user"),
    }
    if act.undo_at:
        begin = gettext("Being undone: %(words)s.") if is_moving else gettext("Undone: %(words)s.")
        return begin % {"words": words}
    if act.reason:
        words = gettext("%(words)s for “%(reason)s”") % {"words": words, "reason": act.reason}
    if is_moving:
        size = number(act.size)
        words = gettext("%(words)s so far, of %(size)s") % {"words": words, "size": size}
    return f"{words}."


def _left_out(counts: dict[str, int]) -> str:
    """Return how many were left out and why, such as “12 on others’ desks, 3 put aside”."""
    told = [
        f"{number(counts[name])} {translated(why)}"
        for name, why in acts.OUTCOMES.items()
        if counts.get(name)
    ]
    return ", ".join(told)
