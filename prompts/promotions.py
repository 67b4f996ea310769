"""Which variant of a prompt is in production: promoting, rolling back and undoing.

Every change is an entry in the prompt's history, and is made under a lock. Who rolls back or undoes
says which entry they know as the latest, so that they take back nothing that came after it.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts.models import Promotion, Prompt, Snapshot, Variant
from prompts.variants import lock_prompt
from qareview.stored_sentences import stored


class NotChanged(Exception):
    """The variant in production stays; the message says why."""


@transaction.atomic
def promote_variant(
    variant: Variant, user: Any, *, snapshot: Snapshot | None = None
) -> Promotion | None:
    """Put a variant into production; return None if it already is, or is archived.

    ``snapshot`` is the result of the experiment that the variant won, if any.
    """
    prompt = lock_prompt(variant.prompt_id)
    variant.refresh_from_db(fields=["archived_at"])
    if prompt.production_id == variant.pk or variant.archived_at:
        return None
    if prompt.production and not prompt.promotions.exists():
        # the history is newer than this prompt
        first = prompt.production
        _record(prompt, first, first.created_by, at=first.created_at)
    return _put(prompt, variant, user, snapshot=snapshot)


def _put(prompt: Prompt, variant: Variant, user: Any, **values: Any) -> Promotion:
    prompt.production = variant
    prompt.save(update_fields=["production"])
    return _record(prompt, variant, user, **values)


def _record(
    prompt: Prompt,
    variant: Variant,
    user: Any,
    *,
    is_roll_back: bool = False,
    snapshot: Snapshot | None = None,
    at: datetime | None = None,
) -> Promotion:
    return Promotion.objects.create(
        prompt=prompt,
        variant=variant,
        by=user,
        is_roll_back=is_roll_back,
        snapshot=snapshot,
        created_at=at or timezone.now(),
    )


def previous_in_production(prompt: Prompt) -> Variant | None:
    """Return the variant that a rollback brings back, or None.

    Archived ones are passed over, and the one in production, which may be behind them.
    """
    *way, current = [None, *_way_to_production(prompt)]
    earlier = [each for each in way if each and each != current and not each.archived_at]
    return earlier[-1] if earlier else None


def _way_to_production(prompt: Prompt) -> list[Variant]:
    """Return the variants that led to the one in production, which is the last.

    A rollback takes back what came after its variant. So rollbacks go through the whole history,
    one step each, and never to a variant that was rolled back.
    """
    way: list[Variant] = []
    for promotion in prompt.promotions.order_by("pk").select_related("variant__prompt"):
        if promotion.is_roll_back and promotion.variant in way:
            while way[-1] != promotion.variant:
                way.pop()
        else:
            way.append(promotion.variant)
    return way


@transaction.atomic
def roll_back(prompt: Prompt, user: Any, seen: int | None = None) -> Promotion:
    """Put the previous variant back into production.

    ``seen`` is the id of the latest entry in the history that the user knows. Raises NotChanged if
    another one came after it, or there is no earlier variant.
    """
    locked = lock_prompt(prompt.pk)
    if seen is not None:
        _check_latest(locked, seen)
    variant = previous_in_production(locked)
    if variant is None:
        raise NotChanged(stored("There is no earlier variant to roll back to."))
    return _put(locked, variant, user, is_roll_back=True)


@transaction.atomic
def undo_promotion(promotion: Promotion, user: Any) -> Promotion:
    """Put the variant that was in production before a promotion or rollback there again.

    Raises NotChanged if another entry came after it, or that variant was archived since.
    """
    prompt = lock_prompt(promotion.prompt_id)
    _check_latest(prompt, promotion.pk)
    before = prompt.promotions.filter(pk__lt=promotion.pk).select_related("variant__prompt").first()
    if before is None:
        raise NotChanged(stored("There is no earlier variant to roll back to."))
    if before.variant.archived_at:
        raise NotChanged(
            stored(
                "Variant %(number)s, which was in production before, is archived now. Nothing was "
                "undone.",
                number=before.variant.number,
            )
        )
    # What takes back a rollback is no rollback: it adds to the way that rollbacks go.
    return _put(prompt, before.variant, user, is_roll_back=not promotion.is_roll_back)


def _check_latest(prompt: Prompt, seen: int) -> None:
    """Raise NotChanged if an entry came after the one with the id ``seen``."""
    latest = prompt.promotions.select_related("variant__prompt", "by").first()
    if latest and latest.pk != seen:
        raise NotChanged(
            stored(
                "Nothing was changed: %(name)s has put variant %(number)s into production since.",
                name=latest.by or "–",
                number=latest.variant.number,
            )
        )
