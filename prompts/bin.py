"""A team's own prompts go to the bin; those the pipeline needs stay."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from prompts.models import Prompt
from qareview import bin as bins
from qareview.stored import stored


class CannotMove(Exception):
    """The prompt stays where it is; the message says why."""


def put(prompt: Prompt, user: Any) -> bool:
    """Put a prompt into the bin; return whether it was out of it. Raises CannotMove."""
    if prompt.is_builtin:
        raise CannotMove(
            stored("The prompt “%(task)s” is needed for drafting, so it stays.", task=prompt.task)
        )
    return bins.bin_rows(Prompt.everything.filter(pk=prompt.pk), user)


def restore(prompt: Prompt) -> bool:
    """Take a prompt out of the bin; return whether it could still come back. Raises CannotMove."""
    try:
        with transaction.atomic():
            return bins.restore_rows(Prompt.everything.filter(pk=prompt.pk))
    except IntegrityError:
        raise CannotMove(
            stored(
                "There is another prompt “%(task)s” by now. Move that one to the bin first.",
                task=prompt.task,
            )
        ) from None


def empty() -> None:
    """Remove the prompts for good whose days in the bin are over.

    One that wrote something which is still there stays, out of sight: it tells where that is from.
    """
    for prompt in Prompt.everything.filter(bins.expired()):
        try:
            remove(prompt)
        except ProtectedError:
            continue


@transaction.atomic
def remove(prompt: Prompt) -> None:
    """Delete a prompt with its variants. Raises ProtectedError if one of them wrote something."""
    Prompt.everything.filter(pk=prompt.pk).update(production=None)
    prompt.delete()
