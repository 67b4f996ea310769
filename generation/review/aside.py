"""Items that nobody decided on are set aside, and restored to the desk."""

from django.db import transaction

from generation.models import AsideReason, Item, ItemQuerySet, ItemState
from generation.review import decisions
from qareview.stored import stored

SENTENCES = {
    AsideReason.EXCLUDED: stored("Its passage was excluded."),
    AsideReason.CUT_AGAIN: stored("Its passage was cut anew."),
    AsideReason.DRAFTED_AGAIN: stored("It was drafted again."),
}


@transaction.atomic
def set_aside(items: ItemQuerySet, reason: AsideReason) -> None:
    """Take items that nobody decided on out of the desk's queue, for one of SENTENCES."""
    undecided = Item.objects.filter(
        pk__in=items.filter(state=ItemState.PENDING, reviewers=[]).lock()
    )
    undecided.update(state=ItemState.ASIDE, aside_reason=reason, aside=SENTENCES[reason])


@transaction.atomic
def restore(items: ItemQuerySet) -> int:
    """Give items that were set aside back to the desk; return how many."""
    ids = items.filter(state=ItemState.ASIDE).lock()
    rows = Item.objects.filter(pk__in=ids)
    rows.update(state=ItemState.PENDING, aside_reason="", aside="")
    decisions.settle(ids)
    return len(ids)
