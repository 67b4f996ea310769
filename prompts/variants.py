"""Variants of prompts: which one is in production, on which model, and how they change.

A variant never changes; an edit makes a new variant.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from prompts.models import Promotion, Prompt, Snapshot, Task, Variant
from qareview.models import Project, ProjectQuerySet
from qareview.stored_sentences import stored
from qareview.word_differences import word_differences


class NameTaken(Exception):
    """The project has a prompt with this name."""


def in_production(project: Project, task: Task) -> Variant:
    """Return the variant of a task that is in production."""
    return Variant.objects.select_related("prompt").get(
        produces_for__project=project, produces_for__task=task
    )


def model_for(project: Project, variant: Variant) -> str:
    """Return the name of the model that a variant runs on: its own, else the project's."""
    return variant.model or model_of(project)


def model_of(project: Project) -> str:
    """Return the name of the model that a project's variants run on if they name none."""
    return project.model or settings.DEFAULT_MODEL


def models_of(project: Project) -> set[str]:
    """Return the names of the models that a project's variants in production run on."""
    named = Variant.objects.filter(produces_for__project=project).values_list("model", flat=True)
    return {model or model_of(project) for model in named}


def projects_with_model(model: str) -> ProjectQuerySet:
    """Return the projects with a prompt whose variant in production names a model."""
    return Project.everything.filter(prompts__production__model=model)


def reading_model(project: Project) -> str:
    """Return the name of the model that reads a project's passages."""
    return model_for(project, in_production(project, Task.SUMMARISE))


@transaction.atomic
def add_variant(parent: Variant, values: dict[str, Any], user: Any, origin: str = "") -> Variant:
    """Create a variant as a copy of ``parent`` with other ``values``."""
    _lock_prompt(parent.prompt_id)
    last = parent.prompt.variants.aggregate(last=Max("number"))["last"] or 0
    return Variant.objects.create(
        prompt=parent.prompt,
        number=last + 1,
        parent=parent,
        created_by=user,
        origin=origin or stored("changed by %(name)s", name=user),
        **{name: getattr(parent, name) for name in COMPARED_FIELDS} | values,
    )


@transaction.atomic
def begin_prompt(project: Project, task: str, values: dict[str, Any], user: Any) -> Prompt:
    """Create a prompt of the team's own, with its first variant in production.

    Raises NameTaken.
    """
    try:
        with transaction.atomic():
            prompt = Prompt.objects.create(project=project, task=task)
    except IntegrityError:
        raise NameTaken from None
    first = Variant.objects.create(
        prompt=prompt,
        number=1,
        created_by=user,
        origin=stored("written by %(name)s", name=user),
        **values,
    )
    prompt.production = first
    prompt.save(update_fields=["production"])
    return prompt


@transaction.atomic
def promote_variant(
    variant: Variant, user: Any, *, is_roll_back: bool = False, snapshot: Snapshot | None = None
) -> bool:
    """Put a variant into production; return False if it already is, or is archived.

    ``snapshot`` is the result of the experiment that the variant won, if any.
    """
    prompt = _lock_prompt(variant.prompt_id)
    variant.refresh_from_db(fields=["archived_at"])
    if prompt.production_id == variant.pk or variant.archived_at:
        return False
    if (
        prompt.production and not prompt.promotions.exists()
    ):  # the history is newer than this prompt
        first = prompt.production
        _record_promotion(prompt, first, first.created_by, at=first.created_at)
    prompt.production = variant
    prompt.save(update_fields=["production"])
    _record_promotion(prompt, variant, user, is_roll_back, snapshot)
    return True


def _record_promotion(
    prompt: Prompt,
    variant: Variant,
    user: Any,
    is_roll_back: bool = False,
    snapshot: Snapshot | None = None,
    at: datetime | None = None,
) -> None:
    Promotion.objects.create(
        prompt=prompt,
        variant=variant,
        by=user,
        is_roll_back=is_roll_back,
        snapshot=snapshot,
        created_at=at or timezone.now(),
    )


def previous_in_production(prompt: Prompt) -> Variant | None:
    """Return the latest earlier variant in production that is not archived, or None."""
    earlier = prompt.promotions.exclude(variant=prompt.production_id)
    last = earlier.filter(variant__archived_at=None).select_related("variant__prompt").first()
    return last.variant if last else None


@transaction.atomic
def archive_variant(variant: Variant, is_archived: bool) -> bool:
    """Archive a variant, or unarchive it; return False if it is in production."""
    prompt = _lock_prompt(variant.prompt_id)
    if prompt.production_id == variant.pk:
        return False
    rows = Variant.objects.filter(pk=variant.pk)
    if is_archived:
        rows.filter(archived_at=None).update(archived_at=timezone.now())
    else:
        rows.update(archived_at=None)
    return True


def _lock_prompt(prompt: int) -> Prompt:
    return (
        Prompt.objects.select_for_update(of=("self",)).select_related("production").get(pk=prompt)
    )


COMPARED_FIELDS = {  # the fields that tell variants apart, with their names
    "system": gettext_lazy("System prompt"),
    "template": gettext_lazy("Template"),
    "examples": gettext_lazy("Worked examples"),
    "picks": gettext_lazy("Examples for the model"),
    "pick_count": gettext_lazy("Number of examples to pick"),
    "model": gettext_lazy("Model"),
    "max_tokens": gettext_lazy("Maximum output tokens"),
    "temperature": gettext_lazy("Temperature"),
}


def differences(first: Variant, second: Variant) -> list[tuple[Any, SafeString]]:
    """Return the names of the fields that differ, each with its differences marked in HTML."""
    pairs = {
        name: (_field_as_text(first, name), _field_as_text(second, name))
        for name in COMPARED_FIELDS
    }
    return [
        (COMPARED_FIELDS[name], word_differences(*texts))
        for name, texts in pairs.items()
        if texts[0] != texts[1]
    ]


def _field_as_text(variant: Variant, name: str) -> str:
    value = getattr(variant, name)
    if name != "examples":
        return str(value)
    return "\n\n".join(
        "\n".join(f"{key}: {text}" for key, text in example.items() if key != "passage_id")
        for example in value
    )
