"""Engineers accept or reject the candidates of a prompt; an accepted one becomes a variant."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from prompts import sandbox
from prompts.candidates import comparable, objection_to_template, wording_of
from prompts.models import Candidate, CandidateState, Prompt, Variant
from prompts.rendering import variables_of
from prompts.restructuring import Wording
from prompts.variants import add_variant, lock_prompt
from qareview.stored_sentences import stored

LONGEST_REASON = 200  # characters, as many as the column holds


class CannotDecide(Exception):
    """The decision on a candidate was not stored or undone; the message says why."""


class AlreadyDecided(CannotDecide):
    """Somebody else has decided on the candidate."""


@transaction.atomic
def accept_candidate(candidate: Candidate, user: Any, system: str, template: str) -> Variant:
    """Create a variant from a candidate, edited or not. Raises CannotDecide."""
    lock_prompt(candidate.prompt_id)  # so that two equal ones are not accepted at once
    locked = _lock_pending(candidate)
    seed = locked.search.seed
    if reason := _objection(locked, Wording(system, template, tuple(locked.examples))):
        raise CannotDecide(reason)
    is_edited = (system, template) != (locked.system, locked.template)
    origin = (
        stored("candidate edited and accepted by %(name)s", name=user)
        if is_edited
        else stored("candidate accepted by %(name)s", name=user)
    )
    values = {"system": system, "template": template, "examples": locked.examples}
    variant = add_variant(seed, {**values, "notes": locked.how}, user, origin)
    _store_decision(locked, CandidateState.ACCEPTED, user, variant=variant)
    return variant


def _objection(candidate: Candidate, wording: Wording) -> str:
    """Return why a wording of a candidate cannot be a variant; empty if it can."""
    try:
        variables = sandbox.variables_in(candidate.search.seed.template)
    except sandbox.TemplateRefused as refusal:
        return str(refusal)
    allowed = variables_of(candidate.prompt)
    if reason := objection_to_template(wording.template, variables, allowed):
        return reason
    others = candidate.prompt.variants.filter(archived_at=None)
    if any(comparable(wording) == comparable(wording_of(variant)) for variant in others):
        return stored("Another variant has the same wording.")
    return ""


@transaction.atomic
def reject_candidate(candidate: Candidate, user: Any, reason: str = "") -> None:
    """Reject a candidate, perhaps with a reason. Raises AlreadyDecided."""
    _store_decision(
        _lock_pending(candidate), CandidateState.REJECTED, user, reason=reason[:LONGEST_REASON]
    )


def _lock_pending(candidate: Candidate) -> Candidate:
    """Lock a candidate until the transaction ends. Raises AlreadyDecided."""
    rows = Candidate.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related("search__seed__prompt", "prompt").get(pk=candidate.pk)
    if locked.state != CandidateState.PENDING:
        raise AlreadyDecided(
            stored("%(name)s has already decided on this candidate.", name=locked.decided_by or "–")
        )
    return locked


def _store_decision(candidate: Candidate, state: CandidateState, user: Any, **values: Any) -> None:
    values |= {"state": state, "decided_by": user, "decided_at": timezone.now()}
    Candidate.objects.filter(pk=candidate.pk).update(**values)


def place_candidate(candidate: Candidate, place: int | None) -> None:
    """Store a candidate's place among those of its search: 1 is the best, None for no place."""
    Candidate.objects.filter(pk=candidate.pk).update(place=place)


@transaction.atomic
def undo_candidate_decision(prompt: Prompt, user: Any) -> Candidate | None:
    """Undo the user's last decision on a candidate of a prompt; return the candidate.

    The variant of an accepted candidate is archived. Returns None if the user has decided on no
    candidate. Raises CannotDecide if the variant is already in use.
    """
    decided = prompt.candidates.filter(decided_by=user).exclude(state=CandidateState.PENDING)
    rows = decided.select_for_update(of=("self",), no_key=True).select_related("variant")
    candidate = rows.order_by("-decided_at", "-pk").first()
    if candidate is None:
        return None
    variant = candidate.variant
    if variant and _is_used(variant):
        raise CannotDecide(
            stored(
                "Variant %(number)s is already in use, so you cannot undo accepting it.",
                number=variant.number,
            )
        )
    values = {"state": CandidateState.PENDING, "decided_by": None, "decided_at": None}
    Candidate.objects.filter(pk=candidate.pk).update(variant=None, reason="", **values)
    if variant:
        Variant.objects.filter(pk=variant.pk).update(archived_at=timezone.now())
    return candidate


def _is_used(variant: Variant) -> bool:
    names = ("entrants", "runs", "promotions", "children", "searches", "crossed_in")
    return any(getattr(variant, name).exists() for name in names)


def pending_candidates(prompt: Prompt) -> Sequence[Candidate]:
    """Return a prompt's undecided candidates, those of the latest search first."""
    rows = prompt.candidates.filter(state=CandidateState.PENDING).select_related("search__seed")
    return list(rows.order_by("-search", "place", "number"))
