"""Which variant is used, on which model; a prompt changes by a new one, those before stay."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from prompts.models import Promotion, Prompt, Snapshot, Task, Variant
from qareview.models import Project
from qareview.stored import stored
from qareview.word_differences import word_differences


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
def add(parent: Variant, values: dict[str, Any], user: Any, origin: str = "") -> Variant:
    """Make a variant of a prompt from another, which it is like in all that ``values`` lacks."""
    _locked(parent.prompt_id)
    last = parent.prompt.variants.aggregate(last=Max("number"))["last"] or 0
    return Variant.objects.create(
        prompt=parent.prompt,
        number=last + 1,
        parent=parent,
        created_by=user,
        origin=origin or stored("changed by %(name)s", name=user),
        **{name: getattr(parent, name) for name in COMPARED} | values,
    )


@transaction.atomic
def begin(project: Project, task: str, values: dict[str, Any], user: Any) -> Prompt:
    """Make a prompt of the team's own with its first variant, which is in production."""
    prompt = Prompt.objects.create(project=project, task=task)
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
def put_in_production(
    variant: Variant, user: Any, *, is_roll_back: bool = False, snapshot: Snapshot | None = None
) -> bool:
    """Use a variant from now on; return False if it is in production, or archived.

    ``snapshot`` is the result that speaks for it.
    """
    prompt = _locked(variant.prompt_id)
    variant.refresh_from_db(fields=["archived_at"])
    if prompt.production_id == variant.pk or variant.archived_at:
        return False
    if prompt.production and not prompt.promotions.exists():  # of a time without a history
        first = prompt.production
        _note(prompt, first, first.created_by, at=first.created_at)
    prompt.production = variant
    prompt.save(update_fields=["production"])
    _note(prompt, variant, user, is_roll_back, snapshot)
    return True


def _note(
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


def before(prompt: Prompt) -> Variant | None:
    """Return the variant that was in production before the present one, if it can be again."""
    earlier = prompt.promotions.exclude(variant=prompt.production_id)
    last = earlier.filter(variant__archived_at=None).select_related("variant__prompt").first()
    return last.variant if last else None


@transaction.atomic
def archive(variant: Variant, is_archived: bool) -> bool:
    """Put a variant out of the way, or back; return False if it is in production."""
    prompt = _locked(variant.prompt_id)
    if prompt.production_id == variant.pk:
        return False
    rows = Variant.objects.filter(pk=variant.pk)
    if is_archived:
        rows.filter(archived_at=None).update(archived_at=timezone.now())
    else:
        rows.update(archived_at=None)
    return True


def _locked(prompt: int) -> Prompt:
    return (
        Prompt.objects.select_for_update(of=("self",)).select_related("production").get(pk=prompt)
    )


COMPARED = {  # the fields in which variants differ, with their names
    "system": gettext_lazy("System prompt"),
    "template": gettext_lazy("Template"),
    "examples": gettext_lazy("Examples"),
    "picks": gettext_lazy("Which examples"),
    "pick_count": gettext_lazy("How many of them"),
    "model": gettext_lazy("Model"),
    "max_tokens": gettext_lazy("At most so many tokens"),
    "temperature": gettext_lazy("Temperature"),
}


def differences(first: Variant, second: Variant) -> list[tuple[Any, SafeString]]:
    """Return in what two variants differ: the field's name, and what changed in it."""
    pairs = {name: (_text(first, name), _text(second, name)) for name in COMPARED}
    return [
        (COMPARED[name], word_differences(*texts))
        for name, texts in pairs.items()
        if texts[0] != texts[1]
    ]


def _text(variant: Variant, name: str) -> str:
    value = getattr(variant, name)
    if name != "examples":
        return str(value)
    return "\n\n".join(
        "\n".join(f"{key}: {text}" for key, text in example.items() if key != "passage_id")
        for example in value
    )
