"""Models that admins of the installation add, change and remove."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from qareview.models import AddedModel, ModelFetch, Project
from qareview.stored_sentences import listed, stored
from qareview.translations import counted


class InUse(Exception):
    """The model cannot be removed; the message says which projects use it."""


def is_taken(name: str) -> bool:
    """Return whether a model has a name, or one that is being fetched will have it."""
    is_here = name in settings.MODELS or AddedModel.objects.filter(name=name).exists()
    return is_here or ModelFetch.objects.filter(name=name, model=None).exists()


@transaction.atomic
def remove_model(model: AddedModel, user: Any) -> None:
    """Remove a model that was added. Raises InUse, with the projects that ``user`` may see."""
    if model.name == settings.DEFAULT_MODEL:
        raise InUse(
            stored("%(model)s is the default model of this installation.", model=model.name)
        )
    using = projects_using(model.name)
    if using:
        seen = set(Project.everything.of(user).values_list("pk", flat=True))
        names = [project.name for project in using if project.pk in seen]
        others = len(using) - len(names)
        raise InUse(_who_uses(model.name, names, others))
    model.delete()


def projects_using(model: str) -> list[Project]:
    """Return the projects, those in the bin included, that draft with a model or are about to."""
    ids = set(Project.everything.filter(model=model).values_list("pk", flat=True))
    for path in settings.MODEL_USES:
        ids |= set(import_string(path)(model).values_list("pk", flat=True))
    return list(Project.everything.filter(pk__in=ids))


def _who_uses(model: str, names: list[str], others: int) -> str:
    if not names:
        return stored(
            "%(model)s is used by %(projects)s of other people. They have to choose another "
            "model first.",
            model=model,
            projects=counted(others, "project"),
        )
    if not others:
        return stored(
            "%(model)s is used by: %(names)s. Choose another model there first.",
            model=model,
            names=listed(names),
        )
    return stored(
        "%(model)s is used by: %(names)s, and by %(projects)s of other people. Choose another "
        "model there first.",
        model=model,
        names=listed(names),
        projects=counted(others, "project"),
    )


def worth_of(names: list[str]) -> dict[str, str]:
    """Return a sentence on what each model is worth, by its name; see settings.MODEL_WORTH."""
    worth: dict[str, str] = import_string(settings.MODEL_WORTH)(names)
    return worth
