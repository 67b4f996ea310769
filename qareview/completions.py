"""Completions of models, stored so that equal requests to a model are sent only once.

The stored completions of a project are also the record of what it has spent of its budget.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from qareview import moving
from qareview.backends import (
    Came,
    Completion,
    Request,
    backend_for,
    backend_options,
    forgotten,
    model_options,
)
from qareview.models import Exchange, Project, StoredCompletion
from qareview.storable_text import storable
from qareview.stored_sentences import stored
from qareview.translations import decimals_of

REQUESTS_AT_ONCE = 64  # the most that are lost, or are over budget; chosen; nobody measured
MILLION = 1_000_000
MOST_COST = Decimal(999_999)  # of a completion; its column holds no larger number
CHANGES_NO_TEXT = {"context", "encrypted_key"}  # options of a model


@dataclass(frozen=True)
class Prices:
    """What a million tokens of a model cost, read and written."""

    read: Decimal
    written: Decimal

    def cost_of(self, completion: Completion) -> Decimal:
        """Return what a completion costs."""
        cost = self.read * completion.tokens_in + self.written * completion.tokens_out
        return min(cost / MILLION, MOST_COST)


class BudgetUsedUp(Exception):
    """The project has spent its budget; the message says what to do."""


@dataclass(frozen=True)
class Spending:
    """What a project has spent: tokens, read or written, and money."""

    tokens: int
    cost: Decimal


def complete(
    project: Project, model: str, requests: Sequence[Request], came: Came = forgotten
) -> list[Completion]:
    """Return a completion for each request, in order; call ``came`` with each as it comes.

    Equal requests are sent once, and again only if the completion was empty. Each completion is
    stored as it comes, before anything else is done with it, so that it is not lost and not paid
    for again if the work is interrupted; failed completions are not stored. Raises
    ModelUnavailable, and BudgetUsedUp if the budget is used up before the last batch.
    """
    keys = [_key(model, request) for request in requests]
    indices: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        indices.setdefault(key, []).append(index)

    def tell(key: str, completion: Completion) -> None:
        for index in indices[key]:
            came(index, completion)

    by_key = dict(zip(keys, requests, strict=True))
    known = _stored(model, by_key)
    for key, completion in known.items():
        tell(key, completion)
    missing = {key: request for key, request in by_key.items() if key not in known}
    for batch in _batches(missing):
        check_budget(project)
        known |= _ask(project, model, batch, tell)
    return [known[key] for key in keys]


def _ask(
    project: Project,
    model: str,
    requests: dict[str, Request],
    tell: Callable[[str, Completion], None],
) -> dict[str, Completion]:
    """Send requests; store and tell each completion as it comes; return all by their keys."""
    keys = list(requests)
    known: dict[str, Completion] = {}
    prices = prices_of(model)  # before, as the model may be removed meanwhile

    def keep(index: int, completion: Completion) -> None:
        key = keys[index]
        completion = _storable(completion)
        if not completion.error:
            _store(project, model, prices, {key: completion})
        known[key] = _with_exchange(completion, model, key, requests[key], timezone.now())
        moving.note()
        tell(key, known[key])

    written = backend_for(model).complete(list(requests.values()), keep)
    for index, completion in enumerate(written):
        if keys[index] not in known:  # such as one that failed
            keep(index, completion)
    return known


def _storable(completion: Completion) -> Completion:
    """Return a completion whose texts a database can store, whatever its backend sent."""
    return replace(
        completion,
        text=storable(completion.text),
        raw=storable(completion.raw),
        prompt=storable(completion.prompt),
    )


def _with_exchange(
    completion: Completion, model: str, key: str, request: Request, sent_at: datetime
) -> Completion:
    """Add what was sent and what the model replied, unless the request failed."""
    if completion.error:
        return completion
    parameters = {name: value for name, value in asdict(request).items() if value is not None}
    reply = completion.raw or completion.text
    exchange = Exchange(
        key=_digest([key, reply]),
        model=model,
        content={
            "messages": parameters.pop("messages"),
            "prompt": completion.prompt,
            "reply": reply,
            "parameters": parameters,
        },
        tokens_in=completion.tokens_in,
        tokens_out=completion.tokens_out,
        milliseconds=completion.milliseconds,
        cut_off=completion.cut_off,
        sent_at=sent_at,
    )
    return replace(completion, exchange=exchange)


def _key(model: str, request: Request) -> str:
    """Return a hash of a request, the model's name and the options that decide on its text."""
    options = backend_options(model).items()
    content = [
        model,
        {name: value for name, value in options if name not in CHANGES_NO_TEXT},
        {name: value for name, value in asdict(request).items() if value is not None},
    ]
    return _digest(content)


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def forget(model: str, requests: Sequence[Request]) -> None:
    """Send these requests again when they are made again, since their completions are of no use.

    What they cost stays on record.
    """
    for row in StoredCompletion.objects.filter(key__in=[_key(model, one) for one in requests]):
        row.key = _unused_key()
        row.save(update_fields=["key"])


def _unused_key() -> str:
    """Return the key of a completion that has its cost, but is not used again: it is empty."""
    return secrets.token_hex(32)


def _stored(model: str, requests: Mapping[str, Request]) -> dict[str, Completion]:
    """Return the completions that are stored already, by the keys of their requests."""
    rows = StoredCompletion.objects.filter(key__in=list(requests)).exclude(text="")
    return {
        row.key: _with_exchange(
            Completion(
                text=row.text,
                tokens_in=row.tokens_in,
                tokens_out=row.tokens_out,
                milliseconds=row.milliseconds,
                cut_off=row.cut_off,
                raw=row.raw,
            ),
            model,
            row.key,
            requests[row.key],
            row.created_at,
        )
        for row in rows
    }


def _batches(missing: dict[str, Request]) -> Iterator[dict[str, Request]]:
    keys = list(missing)
    for start in range(0, len(keys), REQUESTS_AT_ONCE):
        yield {key: missing[key] for key in keys[start : start + REQUESTS_AT_ONCE]}


def _store(
    project: Project, model: str, prices: Prices, completions: dict[str, Completion]
) -> None:
    StoredCompletion.objects.bulk_create(
        (
            StoredCompletion(
                project=project,
                key=key if completion.text else _unused_key(),
                model=model,
                text=completion.text,
                raw=completion.raw if completion.raw != completion.text else "",
                tokens_in=completion.tokens_in,
                tokens_out=completion.tokens_out,
                milliseconds=completion.milliseconds,
                cost=prices.cost_of(completion),
                cut_off=completion.cut_off,
            )
            for key, completion in completions.items()
            if not completion.error
        ),
        ignore_conflicts=True,  # another worker may have stored the same
    )


def record_spending(project: Project, model: str, prices: Prices, completion: Completion) -> None:
    """Count a completion in what the project has spent, without keeping what it says."""
    _store(project, model, prices, {"": replace(completion, text="", raw="")})


def cost_of(model: str, completion: Completion) -> Decimal:
    """Return what a completion costs, by the model's prices. Raises ModelUnavailable."""
    return prices_of(model).cost_of(completion)


def prices_of(model: str) -> Prices:
    """Return the prices of a model, 0 if it has none. Raises ModelUnavailable."""
    options = model_options(model)
    return Prices(*(Decimal(str(options.get(name, 0))) for name in ("price_in", "price_out")))


def spending(project: Project) -> Spending:
    """Return the sums of the tokens and costs of a project's completions."""
    sums = project.completions.aggregate(
        read=Sum("tokens_in"), written=Sum("tokens_out"), cost=Sum("cost")
    )
    return Spending((sums["read"] or 0) + (sums["written"] or 0), sums["cost"] or Decimal(0))


def check_budget(project: Project) -> None:
    """Raise BudgetUsedUp if the project has used up its budget."""
    reason = why_over_budget(project)
    if reason:
        raise BudgetUsedUp(reason)


def why_over_budget(project: Project) -> str:
    """Return a sentence that says that the budget is used up; empty if it is not."""
    if project.budget_tokens is None and project.budget_cost is None:
        return ""
    spent = spending(project)
    if project.budget_tokens is not None and spent.tokens >= project.budget_tokens:
        return stored(
            "The budget of %(budget_tokens)s tokens is used up (%(tokens)s used). Work "
            "continues when an admin raises the budget in the settings.",
            budget_tokens=project.budget_tokens,
            tokens=spent.tokens,
        )
    if project.budget_cost is not None and spent.cost >= project.budget_cost:
        return stored(
            "The budget of %(budget_cost)s is used up (%(cost)s used). Work continues when "
            "an admin raises the budget in the settings.",
            budget_cost=f"{project.budget_cost:,.2f}",
            cost=f"{spent.cost:,.{decimals_of(spent.cost)}f}",
        )
    return ""


def stopped_projects() -> list[int]:
    """Return the ids of projects for which nothing is drafted: paused, in the bin, over budget."""
    limited = Project.objects.exclude(budget_tokens=None, budget_cost=None)
    paused = Project.objects.filter(is_paused=True).values_list("pk", flat=True)
    binned = Project.everything.exclude(binned_at=None).values_list("pk", flat=True)
    return [*paused, *binned, *(project.pk for project in limited if why_over_budget(project))]
