"""A prompt changes by a new variant; those before stay as they ran."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from prompts.models import Prompt, Variant


@transaction.atomic
def put_in_production(prompt: Prompt, values: dict[str, Any], by: str) -> Variant:
    """Make a variant with these fields, the examples of the one before, and use it from now on."""
    prompt = (
        Prompt.objects.select_for_update(of=("self",))
        .select_related("production")
        .get(pk=prompt.pk)
    )
    last = prompt.variants.aggregate(last=Max("number"))["last"] or 0
    examples = prompt.production.examples if prompt.production else []
    prompt.production = Variant.objects.create(
        prompt=prompt, number=last + 1, examples=examples, origin=f"by {by}"[:100], **values
    )
    prompt.save(update_fields=["production"])
    return prompt.production
