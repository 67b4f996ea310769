"""What models write, asked once: the same request on the same model is answered from the store.

The stored completions of a project are what it has spent; its budget is held against them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db.models import Sum

from qareview.backends import (
    ABOUT,
    Completion,
    ModelUnavailable,
    Request,
    backend_for,
    options_of,
)
from qareview.models import Project, StoredCompletion
from qareview.stored import stored

REQUESTS_AT_ONCE = 64  # what is lost, and overspent, at most when work stops
MILLION = 1_000_000


class BudgetUsedUp(Exception):
    """The project has spent its budget; the message says so and what to do."""


@dataclass(frozen=True)
class Spending:
    """What a project has spent: tokens read and written, and money."""

    tokens: int
    cost: Decimal


def complete(project: Project, model: str, requests: Sequence[Request]) -> list[Completion]:
    """Return a completion for each request, in order.

    Each distinct request is sent once, and what comes back is stored at once, so that it is
    there if the work is interrupted. What fails is not stored. Raises ModelUnavailable and
    BudgetUsedUp.
    """
    keys = [_key(model, request) for request in requests]
    known = _stored(keys)
    missing = {
        key: request for key, request in zip(keys, requests, strict=True) if key not in known
    }
    for asked in _batches(missing):
        check_budget(project)
        known |= _ask(project, model, asked)
    return [known[key] for key in keys]


def _ask(project: Project, model: str, asked: dict[str, Request]) -> dict[str, Completion]:
    """Send requests, given by their keys, and store what comes back, also where some fail."""
    keys = list(asked)
    try:
        written = backend_for(model).complete(list(asked.values()))
    except ModelUnavailable as reason:
        _store(project, model, {keys[index]: one for index, one in reason.finished.items()})
        raise
    found = dict(zip(keys, written, strict=True))
    _store(project, model, found)
    return found


def _key(model: str, request: Request) -> str:
    """Return a hash of a request and of the model, its weights' place included."""
    weights = {key: value for key, value in options_of(model).items() if key not in ABOUT}
    told = json.dumps([model, weights, asdict(request)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _stored(keys: Sequence[str]) -> dict[str, Completion]:
    return {
        row.key: Completion(
            text=row.text,
            tokens_in=row.tokens_in,
            tokens_out=row.tokens_out,
            milliseconds=row.milliseconds,
            cut_off=row.cut_off,
        )
        for row in StoredCompletion.objects.filter(key__in=keys)
    }


def _batches(missing: dict[str, Request]) -> Iterator[dict[str, Request]]:
    keys = list(missing)
    for start in range(0, len(keys), REQUESTS_AT_ONCE):
        yield {key: missing[key] for key in keys[start : start + REQUESTS_AT_ONCE]}


def _store(project: Project, model: str, found: dict[str, Completion]) -> None:
    StoredCompletion.objects.bulk_create(
        (
            StoredCompletion(
                project=project,
                key=key,
                model=model,
                text=one.text.replace("\0", ""),  # PostgreSQL cannot store it
                tokens_in=one.tokens_in,
                tokens_out=one.tokens_out,
                milliseconds=one.milliseconds,
                cost=cost_of(model, one),
                cut_off=one.cut_off,
            )
            for key, one in found.items()
            if not one.error
        ),
        ignore_conflicts=True,  # another worker was first
    )


def cost_of(model: str, completion: Completion) -> Decimal:
    """Return what a completion costs by the prices in ``settings.MODELS``, per million tokens."""
    options = options_of(model)
    read = Decimal(str(options.get("price_in", 0))) * completion.tokens_in
    written = Decimal(str(options.get("price_out", 0))) * completion.tokens_out
    return (read + written) / MILLION


def spending(project: Project) -> Spending:
    """Sum up what a project's completions took."""
    sums = project.completions.aggregate(
        read=Sum("tokens_in"), written=Sum("tokens_out"), cost=Sum("cost")
    )
    return Spending((sums["read"] or 0) + (sums["written"] or 0), sums["cost"] or Decimal(0))


def check_budget(project: Project) -> None:
    """Raise BudgetUsedUp if the project has spent what it may."""
    reason = why_stopped(project)
    if reason:
        raise BudgetUsedUp(reason)


def why_stopped(project: Project) -> str:
    """Return, as a sentence, that the budget is used up; or nothing."""
    if project.budget_tokens is None and project.budget_cost is None:
        return ""
    spent = spending(project)
    if project.budget_tokens is not None and spent.tokens >= project.budget_tokens:
        return stored(
            "The budget of %(budget_tokens)s tokens is used up (%(tokens)s). What is left goes "
            "on when an admin raises it in the settings.",
            budget_tokens=project.budget_tokens,
            tokens=spent.tokens,
        )
    if project.budget_cost is not None and spent.cost >= project.budget_cost:
        return stored(
            "The budget of %(budget_cost)s is used up (%(cost)s). What is left goes on when an "
            "admin raises it in the settings.",
            budget_cost=f"{project.budget_cost:,.2f}",
            cost=f"{spent.cost:,.2f}",
        )
    return ""


def stopped_projects() -> list[int]:
    """Return the projects that nothing may be drafted for: in the bin, paused, or out of budget."""
    limited = Project.objects.exclude(budget_tokens=None, budget_cost=None)
    paused = Project.objects.filter(is_paused=True).values_list("pk", flat=True)
    binned = Project.everything.exclude(binned_at=None).values_list("pk", flat=True)
    return [*paused, *binned, *(project.pk for project in limited if why_stopped(project))]
