"""Move prompts to the bin and restore them. Prompts that drafting needs cannot be moved."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from prompts.models import Candidate, Prompt, Run
from qareview import bin as bins
from qareview import exchanges
from qareview.stored_sentences import stored


class CannotMove(Exception):
    """The prompt cannot be moved or restored; the message says why."""


def bin_prompt(prompt: Prompt, user: Any) -> bool:
    """Move a prompt to the bin; return False if it was there already. Raises CannotMove."""
    if prompt.is_builtin:
        raise CannotMove(
            stored(
                "The prompt “%(task)s” is needed for drafting, so you cannot move it to the bin.",
                task=prompt.task,
            )
        )
    return bins.bin_rows(Prompt.everything.filter(pk=prompt.pk), user)


def restore_prompt(prompt: Prompt) -> bool:
    """Restore a prompt from the bin; return False if it was not there. Raises CannotMove."""
    try:
        with transaction.atomic():
            return bins.restore_rows(Prompt.everything.filter(pk=prompt.pk))
    except IntegrityError:
        raise CannotMove(
            stored(
                "There is already another prompt “%(task)s”. Move that one to the bin first.",
                task=prompt.task,
            )
        ) from None


def remove_expired_prompts() -> None:
    """Delete the prompts whose time in the bin is over.

    A prompt whose outputs are still in use stays, to document where they come from.
    """
    for prompt in Prompt.everything.filter(bins.expired()):
        try:
            remove_prompt(prompt)
        except ProtectedError:
            continue


@transaction.atomic
def remove_prompt(prompt: Prompt) -> None:
    """Delete a prompt with its variants. Raises ProtectedError if their outputs are in use."""
    used = exchanges_of(prompt)
    Prompt.everything.filter(pk=prompt.pk).update(production=None)
    prompt.delete()
    exchanges.delete_unused(used)


def exchanges_of(*prompts: Prompt) -> set[int]:
    """Return the ids of the exchanges of prompts, deleted with the last row that refers to them."""
    runs = Run.objects.filter(experiment__prompt__in=prompts)
    return exchanges.used_by(runs, Candidate.objects.filter(prompt__in=prompts))
