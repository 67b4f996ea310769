"""Variants of prompts: on which model they run, and how they change and differ.

A variant never changes; an edit makes a new variant.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from prompts.models import Prompt, Task, Variant
from qareview.models import Project, ProjectQuerySet
from qareview.stored_sentences import stored
from qareview.word_differences import word_differences


class SameVariant(Exception):
    """The prompt has a variant that says the same; ``variant`` is that one."""

    def __init__(self, variant: Variant) -> None:
        super().__init__(variant.number)
        self.variant = variant


class NameTaken(Exception):
    """The project has another prompt of this name."""


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
    lock_prompt(parent.prompt_id)
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
def save_variant(
    parent: Variant, values: dict[str, Any], user: Any, defaults: dict[str, str] | None = None
) -> Variant:
    """Create a variant as :func:`add_variant` does, unless there is one that says the same.

    ``defaults`` replaces the default values of the prompt's variables. Raises SameVariant, also if
    the other one is stored at the same moment, as by a double click.
    """
    prompt = lock_prompt(parent.prompt_id)
    if twin := twin_of(prompt, values):
        raise SameVariant(twin)
    if defaults is not None:
        prompt.defaults = defaults
        prompt.save(update_fields=["defaults"])
    return add_variant(parent, values, user)


def twin_of(prompt: Prompt, values: dict[str, Any]) -> Variant | None:
    """Return a variant that sends the same requests to the same model as ``values``, or None."""
    names = [name for name in COMPARED_FIELDS if name in values]
    return next(
        (
            variant
            for variant in prompt.variants.all()
            if all(getattr(variant, name) == values[name] for name in names)
        ),
        None,
    )


def begin_prompt(project: Project, task: str, values: dict[str, Any], user: Any) -> Prompt:
    """Create a prompt of the team's own, with its first variant in production.

    Raises NameTaken, also if somebody else begins a prompt of this name at the same moment.
    """
    try:
        return _begin_prompt(project, task, values, user)
    except IntegrityError:  # of the constraint “prompt_once_per_task”
        raise NameTaken from None


@transaction.atomic
def _begin_prompt(project: Project, task: str, values: dict[str, Any], user: Any) -> Prompt:
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
def archive_variant(variant: Variant, is_archived: bool) -> bool:
    """Archive a variant, or unarchive it; return False if it is in production."""
    prompt = lock_prompt(variant.prompt_id)
    if prompt.production_id == variant.pk:
        return False
    rows = Variant.objects.filter(pk=variant.pk)
    if is_archived:
        rows.filter(archived_at=None).update(archived_at=timezone.now())
    else:
        rows.update(archived_at=None)
    return True


def lock_prompt(prompt: int) -> Prompt:
    """Lock the row of a prompt until the transaction ends."""
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


LONGEST_NAME = 40  # characters of a variant's name; chosen; nobody measured


def name_of(variant: Variant) -> str:
    """Return what a variant is called beside its number: its notes or tags; empty without any."""
    name = " ".join(variant.notes.split()) or ", ".join(variant.tags)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
