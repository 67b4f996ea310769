"""Items that nobody decided on leave the desk's queue, and come back to it."""

from django.db import transaction

from generation.models import Item, ItemQuerySet, ItemState
from generation.review import decisions
from qareview.stored import stored

CUT_ANEW = stored("Its passage was cut anew.")
EXCLUDED = stored("Its passage was excluded.")
DRAFTED_AGAIN = stored("It was drafted again.")


@transaction.atomic
def set_aside(items: ItemQuerySet, reason: str) -> None:
    """Take items that nobody decided on out of the desk's queue, for a reason that is shown."""
    undecided = Item.objects.filter(
        pk__in=items.filter(state=ItemState.PENDING, reviewers=[]).lock()
    )
    undecided.update(state=ItemState.ASIDE, aside=reason)


@transaction.atomic
def restore(items: ItemQuerySet) -> int:
    """Give items that were put aside back to the desk; return how many."""
    given = items.filter(state=ItemState.ASIDE).lock()
    Item.objects.filter(pk__in=given).update(state=ItemState.PENDING, aside="")
    decisions.settle(given)
    return len(given)
