"""What is said of an act: before it, while it is carried out, and after."""

from dataclasses import dataclass

from generation import acts
from generation.models import Act, ActKind
from qareview.models import JobState
from qareview.wording import counted

# with the number of items: what is asked, and what is told when it is done
WORDS = {
    ActKind.ACCEPT: ("Accept {}", "{} accepted"),
    ActKind.REJECT: ("Reject {}", "{} rejected"),
    ActKind.ASSIGN: ("Assign {}", "{} assigned to {member}"),
    ActKind.UNASSIGN: ("Take the assignment of {} away", "{} taken from {member}"),
    ActKind.REDRAFT: ("Draft {} again", "{} put aside to be drafted again"),
    ActKind.CALIBRATE: ("Put {} into the calibration set", "{} put into the calibration set"),
    ActKind.UNCALIBRATE: (
        "Take {} out of the calibration set",
        "{} taken out of the calibration set",
    ),
}
_REVIEWS = (
    "These are your own reviews, of the text as it was drafted. Left out is what you reviewed "
    "already, what has all its reviews and what is on others’ desks."
)
EXPLAINED = {
    ActKind.ACCEPT: _REVIEWS,
    ActKind.REJECT: _REVIEWS,
    ActKind.ASSIGN: "They are given to that member first. Left out is what they reviewed already "
    "and what waits for no review.",
    ActKind.UNASSIGN: "They are no longer given to that member first.",
    ActKind.REDRAFT: "They are put aside, and new ones drafted. Left out is what is decided, on "
    "another desk or imported.",
    ActKind.CALIBRATE: "Everyone gets them to review, so that it is seen how far people agree.",
    ActKind.UNCALIBRATE: "They need no more reviews than any other item.",
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
    return WORDS[kind][0].format(counted(count, "item"))


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
    member = act.member or "a former user"
    words = WORDS[ActKind(act.kind)][1].format(counted(told, "item"), member=member)
    if act.undo_at:
        return f"{'Being undone' if is_moving else 'Undone'}: {words}."
    so_far = f" so far, of {act.size:,}" if is_moving else ""
    reason = f" for “{act.reason}”" if act.reason else ""
    return f"{words}{reason}{so_far}."


def _left_out(counts: dict[str, int]) -> str:
    """Return how many were left out and why, such as “12 on others’ desks, 3 put aside”."""
    told = [f"{counts[name]:,} {why}" for name, why in acts.OUTCOMES.items() if counts.get(name)]
    return ", ".join(told)
