"""Which variant is used, on which model; a prompt changes by a new one, those before stay."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from prompts.models import Prompt, Task, Variant
from qareview.models import Project
from qareview.stored import stored


def in_production(project: Project, task: Task) -> Variant:
    """Return the variant of a task that the pipeline uses."""
    return Variant.objects.select_related("prompt").get(
        produces_for__project=project, produces_for__task=task
    )


def model_for(project: Project, variant: Variant) -> str:
    """Return the name of the model a variant runs on: its own, else the project's."""
    return variant.model or project.model or settings.DEFAULT_MODEL


def reading_model(project: Project) -> str:
    """Return the name of the model that reads a project's passages."""
    return model_for(project, in_production(project, Task.SUMMARISE))


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
        prompt=prompt,
        number=last + 1,
        examples=examples,
        origin=stored("changed by %(name)s", name=by)[:100],
        **values,
    )
    prompt.save(update_fields=["production"])
    return prompt.production
