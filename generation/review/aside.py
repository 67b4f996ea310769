"""Set undecided items aside, so that the desk does not hand them out, and restore them."""

from django.db import transaction

from generation.models import AsideReason, Item, ItemQuerySet, ItemState
from generation.review.settling import settle
from qareview.stored_sentences import stored

SENTENCES = {
    AsideReason.EXCLUDED: stored("Its passage was excluded."),
    AsideReason.CUT_AGAIN: stored("Its passage was cut again."),
    AsideReason.DRAFTED_AGAIN: stored("It was drafted again."),
}


@transaction.atomic
def set_items_aside(items: ItemQuerySet, reason: AsideReason) -> None:
    """Set aside the items that nobody has decided on, for one of the reasons in SENTENCES."""
    undecided = Item.objects.filter(
        pk__in=items.filter(state=ItemState.PENDING, reviewers=[]).lock()
    )
    undecided.update(state=ItemState.ASIDE, aside_reason=reason, aside=SENTENCES[reason])


@transaction.atomic
def restore_items(items: ItemQuerySet) -> int:
    """Restore the items that are set aside; return how many there were."""
    ids = items.filter(state=ItemState.ASIDE).lock()
    rows = Item.objects.filter(pk__in=ids)
    rows.update(state=ItemState.PENDING, aside_reason="", aside="")
    settle(ids)
    return len(ids)
