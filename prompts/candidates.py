"""Prompt candidates, proposed by rules or by a model.

Engineers decide on them: see :mod:`prompts.candidate_decisions`.
"""

import re
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

from prompts import approved_items, restructuring, sandbox, variants
from prompts.builtin_prompts import TIPS
from prompts.models import (
    Candidate,
    CandidateState,
    Choice,
    Comparison,
    Prompt,
    Run,
    Search,
    Task,
    Variant,
    Way,
)
from prompts.rendering import RenderingFailed, request_for
from prompts.restructuring import Wording
from qareview import completions, exchanges, jobs
from qareview.backends import Completion
from qareview.models import Exchange
from qareview.stored_sentences import stored
from qareview.translations import counted

EXAMPLES_QUOTED = 4  # approved items in a request to rewrite; chosen; nobody measured
OUTPUTS_QUOTED = 5  # rejected items in a request to repair; chosen; nobody measured
COMPARISONS_READ = 20  # the latest ones voted “both bad”; chosen; nobody measured
MOST_COMPLAINTS = 3 * OUTPUTS_QUOTED  # in a request to repair; chosen; nobody measured
ROUNDS = 3  # of requests, each round for all candidates wanted; chosen; nobody measured
_FENCE = re.compile(r"\A```\w*\n(.*)\n```\Z", re.DOTALL)
_LABEL = re.compile(r"\A(?:new |rewritten )?prompt:\s*", re.IGNORECASE)
LONGEST_QUOTED = 2000  # characters of each text in a request; chosen; nobody measured
LONGEST_DROPPED = 2000  # characters stored of a dropped template; chosen; nobody measured


class Proposal(NamedTuple):
    """A proposed wording: how it was made, how it differs, and any error of the model."""

    way: Way
    how: str
    wording: Wording
    error: str = ""
    exchange: Exchange | None = None


def order_candidates(prompt: Prompt, user: Any, **values: Any) -> Search:
    """Queue a search for candidates; ``values`` are its other fields."""
    search = Search.objects.create(prompt=prompt, created_by=user, **values)
    jobs.wake_workers(Search)
    return search


def fill_searches(searches: list[Search]) -> None:
    """Fill claimed searches with candidates. Raises JobFailed and CannotWorkNow."""
    jobs.work_in_groups(searches, lambda search: search.pk, lambda group: _fill_search(group[0]))


def _fill_search(search: Search) -> None:
    """Store the candidates that were wanted, or fewer and a note that says why."""
    try:
        proposals = _proposals(search)
        selected, dropped = _select(search, proposals)
    except completions.BudgetUsedUp:
        jobs.return_jobs([search])
        return
    except (RenderingFailed, sandbox.TemplateRefused) as reason:
        raise jobs.JobFailed(str(reason)) from reason
    with jobs.finishing([search]):
        search.dropped, search.note = dropped, _note(search, len(selected))
        search.save(update_fields=["dropped", "note"])
        exchanges.store(proposal.exchange for proposal in selected)
        Candidate.objects.bulk_create(
            _as_candidate(search, number, proposal) for number, proposal in enumerate(selected, 1)
        )


def _as_candidate(search: Search, number: int, proposal: Proposal) -> Candidate:
    return Candidate(
        search=search,
        prompt=search.prompt,
        number=number,
        way=proposal.way,
        how=proposal.how,
        **vars(proposal.wording),
        exchange=proposal.exchange,
    )


def _note(search: Search, count: int) -> str:
    if count == search.wanted:
        return ""
    return stored(
        "%(found)s of %(wanted)s made. These methods produce no other new wordings of this "
        "variant.",
        found=count,
        wanted=counted(search.wanted, "candidate"),
    )


def wording_of(variant: Variant | Candidate) -> Wording:
    """Return the parts of a variant or candidate that other wordings change."""
    return Wording(variant.system, variant.template, tuple(variant.examples))


def _proposals(search: Search) -> Iterator[Proposal]:
    """Yield proposals made in each of the search's ways in turn."""
    sources = [_SOURCES[Way(way)](search) for way in search.ways]
    for proposals in zip_longest(*sources):
        yield from (proposal for proposal in proposals if proposal)


def _by_structure(search: Search) -> Iterator[Proposal]:
    for how, wording in restructuring.restructurings_of(wording_of(search.seed)):
        yield Proposal(Way.STRUCTURE, how, wording)


def _by_crossing(search: Search) -> Iterator[Proposal]:
    if search.other:
        parents = wording_of(search.seed), wording_of(search.other)
        for how, wording in restructuring.crossings_of(*parents):
            yield Proposal(Way.CROSSING, how, wording)


def _by_rewriting(search: Search) -> Iterator[Proposal]:
    for number, completion in _ask_for_rewordings(search, ""):
        tip = _tip_for(search, number)
        how = stored("rewritten: %(tip)s", tip=tip) if tip else stored("rewritten")
        yield _as_proposal(search, Way.REWRITE, how, completion)


def _by_repair(search: Search) -> Iterator[Proposal]:
    if feedback := feedback_on(search.prompt):
        for _, completion in _ask_for_rewordings(search, feedback):
            how = stored("improved, based on rejected outputs")
            yield _as_proposal(search, Way.REPAIR, how, completion)


def _as_proposal(search: Search, way: Way, how: str, completion: Completion) -> Proposal:
    seed = search.seed
    wording = Wording(seed.system, _unwrapped(completion.text), tuple(seed.examples))
    return Proposal(way, how, wording, completion.error, completion.exchange)


_SOURCES = {
    Way.STRUCTURE: _by_structure,
    Way.CROSSING: _by_crossing,
    Way.REWRITE: _by_rewriting,
    Way.REPAIR: _by_repair,
}


def _ask_for_rewordings(search: Search, feedback: str) -> Iterator[tuple[int, Completion]]:
    """Yield the model's rewordings of the seed, each with its number from 1.

    Raises ModelUnavailable, BudgetUsedUp and RenderingFailed.
    """
    project = search.prompt.project
    variant = variants.in_production(project, Task.REWRITE)
    model = variants.model_for(project, variant)
    values = {
        "prompt": search.seed.template,
        "about": search.about,
        "examples": _approved_as_lines(search),
        "feedback": feedback,
    }
    for first in range(1, ROUNDS * search.wanted + 1, search.wanted):
        numbers = range(first, first + search.wanted)
        requests = [
            request_for(variant, {**values, "tip": _tip_for(search, number)}, number)
            for number in numbers
        ]
        written = completions.complete(project, model, requests)
        yield from zip(numbers, written, strict=True)


def _tip_for(search: Search, number: int) -> str:
    return search.tip or TIPS[number % len(TIPS)]


def _unwrapped(text: str) -> str:
    """Strip the code fence, the label and the quotes that models put around a prompt."""
    text = _FENCE.sub(r"\1", text.replace("\0", "").strip()).strip()
    text = _LABEL.sub("", text)
    is_quoted = len(text) > 1 and text[0] in "\"“'" and text[-1] in "\"”'"
    return text[1:-1].strip() if is_quoted else text


def _approved_as_lines(search: Search) -> str:
    """Return approved items as text for a model; empty if the prompt has other variables."""
    names = sandbox.variables_in(search.seed.template)
    if not names <= {*approved_items.VARIABLES}:
        return ""
    approved = approved_items.items().newest(search.prompt.project, EXAMPLES_QUOTED)
    return "\n\n".join(
        _as_lines(approved_items.values_of(item, names), approved_items.output_of(item, names))
        for item in approved
    )


def _as_lines(values: dict[str, str], output: str) -> str:
    fields = {**values, "output": output}
    return "\n".join(f"{name}: {text[:LONGEST_QUOTED]}" for name, text in fields.items())


def _with_reason(values: dict[str, str], output: str, reason: str) -> str:
    return f"{_as_lines(values, output)}\nwhy not: {reason}"  # not translated: for a model


def feedback_on(prompt: Prompt) -> str:
    """Return outputs that reviewers rejected or voted “both bad”, with their reasons, as text.

    Comparisons of people whose votes are excluded are left out.
    """
    disliked = approved_items.items().disliked(prompt, OUTPUTS_QUOTED)
    complaints = [
        _with_reason(rejected.values, rejected.output, rejected.why) for rejected in disliked
    ]
    both_bad = Comparison.objects.standing().filter(experiment__prompt=prompt, choice=Choice.BAD)
    latest = both_bad.select_related("case", "experiment").order_by("-pk")
    for comparison in latest[:COMPARISONS_READ]:
        if comparison.reviewer_id in comparison.experiment.without:
            continue
        complaints.extend(
            _with_reason(comparison.case.values, run.output, comparison.comment or "bad")
            for run in Run.objects.filter(pk__in=comparison.runs)
        )
    return "\n\n".join(complaints[:MOST_COMPLAINTS])


def _select(
    search: Search, proposals: Iterator[Proposal]
) -> tuple[list[Proposal], list[dict[str, str]]]:
    """Return the first ``search.wanted`` proposals that are usable and new, and those dropped.

    Each dropped proposal is {"text", "reason"}. No more proposals are requested than needed.
    """
    variables = sandbox.variables_in(search.seed.template)
    known = _known_wordings(search.prompt)
    selected: list[Proposal] = []
    dropped: list[dict[str, str]] = []
    for proposal in proposals:
        wording = proposal.wording
        reason = proposal.error or objection_to_template(wording.template, variables)
        if not reason and comparable(wording) in known:
            reason = stored("Same wording as another variant or candidate.")
        if reason:
            dropped.append({"text": wording.template[:LONGEST_DROPPED], "reason": reason})
        else:
            known.add(comparable(wording))
            selected.append(proposal)
        if len(selected) == search.wanted:
            break
    return selected, dropped


def _known_wordings(prompt: Prompt) -> set[tuple[Any, ...]]:
    """Return the wordings of a prompt's variants and pending candidates, made comparable."""
    pending = prompt.candidates.filter(state=CandidateState.PENDING)
    known: list[Variant | Candidate] = [*prompt.variants.all(), *pending]
    return {comparable(wording_of(variant)) for variant in known}


def objection_to_template(
    template: str, variables: frozenset[str], allowed: Collection[str] = ()
) -> str:
    """Return why a template cannot replace one that has ``variables``; empty if it can.

    It may use those that are ``allowed`` as well.
    """
    if not template.strip():
        return stored("The template is empty.")
    try:
        actual = sandbox.variables_in(template)
        sandbox.render(template, dict.fromkeys(actual, "1"))
    except sandbox.TemplateRefused as reason:
        return str(reason)
    if lost := variables - actual:
        return stored("The template no longer contains %(names)s.", names=", ".join(sorted(lost)))
    if foreign := actual - variables - {*allowed}:
        return stored(
            "The template uses variables that have no value here: %(names)s.",
            names=", ".join(foreign),
        )
    return ""


def comparable(wording: Wording) -> tuple[Any, ...]:
    """Return a wording without letter case and spacing, to compare it with others."""
    texts = (" ".join(text.casefold().split()) for text in (wording.system, wording.template))
    return *texts, repr([example.get("output") for example in wording.examples])
