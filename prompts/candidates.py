"""Other wordings of a prompt are proposed, by rule and by a model, and reviewed like items."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

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
from qareview import completions, jobs
from qareview.backends import Completion
from qareview.stored import stored
from qareview.translations import counted

EXAMPLES = 4  # approved ones, that a model is shown
DISLIKED = 5  # outputs of the desk, that a model is to repair, and as many comparisons
LOOKED_AT = 20  # comparisons, of which those of people whose votes are out are passed over
ROUNDS = 3  # of asking a model, each for as many as are wanted
_FENCE = re.compile(r"\A```\w*\n(.*)\n```\Z", re.DOTALL)
_LABEL = re.compile(r"\A(?:new |rewritten )?prompt:\s*", re.IGNORECASE)

LONGEST_QUOTED = 2000  # characters of a text that a model is shown


class Proposal(NamedTuple):
    """A wording, in which way it came to be, and what is different in it, or went wrong."""

    way: Way
    how: str
    wording: Wording
    error: str = ""


class CannotDecide(Exception):
    """The decision on a candidate is not taken; the message says why."""


class TooLate(CannotDecide):
    """Somebody has decided by now."""


def order(prompt: Prompt, user: Any, **values: Any) -> Search:
    """Queue a search for candidates; ``values`` are fields of it."""
    made = Search.objects.create(prompt=prompt, created_by=user, **values)
    jobs.wake_workers(Search)
    return made


def work_off_searches() -> None:
    """Make candidates, a search at a time, until none is queued."""
    jobs.work_off(Search, 1, make)


def make(searches: list[Search]) -> None:
    """Fill claimed searches with candidates. Raises JobFailed and CannotWorkNow."""
    jobs.work_in_groups(searches, lambda search: search.pk, lambda group: _make(group[0]))


def _make(search: Search) -> None:
    """Fill a search with candidates: as many as are wanted, else with a note why not."""
    try:
        proposals = _proposals(search)
        kept, dropped = _sift(search, proposals)
    except completions.BudgetUsedUp:
        jobs.return_jobs([search])
        return
    except RenderingFailed as reason:
        raise jobs.JobFailed(str(reason)) from reason
    with jobs.finishing([search]):
        search.dropped, search.note = dropped, _note(search, len(kept))
        search.save(update_fields=["dropped", "note"])
        Candidate.objects.bulk_create(
            _candidate(search, number, proposal) for number, proposal in enumerate(kept, 1)
        )


def _candidate(search: Search, number: int, proposal: Proposal) -> Candidate:
    way, how, wording, _error = proposal
    return Candidate(
        search=search,
        prompt=search.prompt,
        number=number,
        way=way,
        how=how,
        system=wording.system,
        template=wording.template,
        examples=list(wording.examples),
    )


def _note(search: Search, found: int) -> str:
    if found == search.wanted:
        return ""
    return stored(
        "%(found)s of %(wanted)s: no more can be made of this variant in these ways that differs "
        "from what is there.",
        found=found,
        wanted=counted(search.wanted, "candidate"),
    )


def wording_of(variant: Variant | Candidate) -> Wording:
    return Wording(variant.system, variant.template, tuple(variant.examples))


def _proposals(search: Search) -> Iterator[Proposal]:
    """Yield what each of the ways proposes, in turn."""
    sources = [_SOURCES[Way(way)](search) for way in search.ways]
    for proposals in zip_longest(*sources):
        yield from (one for one in proposals if one)


def _by_structure(search: Search) -> Iterator[Proposal]:
    for how, wording in restructuring.restructured(wording_of(search.seed)):
        yield Proposal(Way.STRUCTURE, how, wording)


def _by_crossing(search: Search) -> Iterator[Proposal]:
    if search.other:
        parents = wording_of(search.seed), wording_of(search.other)
        for how, wording in restructuring.crossed(*parents):
            yield Proposal(Way.CROSSING, how, wording)


def _rewritten(search: Search) -> Iterator[Proposal]:
    for number, written in _written(search, ""):
        tip = _tip(search, number)
        how = stored("in other words: %(tip)s", tip=tip) if tip else stored("in other words")
        yield _proposal(search, Way.REWRITE, how, written)


def _repaired(search: Search) -> Iterator[Proposal]:
    feedback = feedback_on(search.prompt)
    if feedback:
        for _, written in _written(search, feedback):
            how = stored("repaired from what people rejected")
            yield _proposal(search, Way.REPAIR, how, written)


def _proposal(search: Search, way: Way, how: str, written: Completion) -> Proposal:
    seed = search.seed
    wording = Wording(seed.system, _plain(written.text), tuple(seed.examples))
    return Proposal(way, how, wording, written.error)


_SOURCES = {
    Way.STRUCTURE: _by_structure,
    Way.CROSSING: _by_crossing,
    Way.REWRITE: _rewritten,
    Way.REPAIR: _repaired,
}


def _written(search: Search, feedback: str) -> Iterator[tuple[int, Completion]]:
    """Yield what the prompt that rewrites makes of the seed, with the number of each.

    Raises ModelUnavailable, BudgetUsedUp and RenderingFailed.
    """
    project = search.prompt.project
    variant = variants.in_production(project, Task.REWRITE)
    model = variants.model_for(project, variant)
    values = {
        "prompt": search.seed.template,
        "about": search.about,
        "examples": _approved(search),
        "feedback": feedback,
    }
    for first in range(1, ROUNDS * search.wanted + 1, search.wanted):
        numbers = range(first, first + search.wanted)
        requests = [
            request_for(variant, {**values, "tip": _tip(search, number)}, number)
            for number in numbers
        ]
        written = completions.complete(project, model, requests)
        yield from zip(numbers, written, strict=True)


def _tip(search: Search, number: int) -> str:
    return search.tip or TIPS[number % len(TIPS)]


def _plain(text: str) -> str:
    """Return a text without the fence, the label and the quotes that models put around it."""
    text = _FENCE.sub(r"\1", text.replace("\0", "").strip()).strip()
    text = _LABEL.sub("", text)
    is_quoted = len(text) > 1 and text[0] in "\"“'" and text[-1] in "\"”'"
    return text[1:-1].strip() if is_quoted else text


def _approved(search: Search) -> str:
    names = sandbox.names(search.seed.template)
    if not names <= {*approved_items.VARIABLES}:  # a prompt of another kind
        return ""
    found = approved_items.items().newest(search.prompt.project, EXAMPLES)
    return "\n\n".join(
        _told(approved_items.values_of(one, names), approved_items.output_of(one, names))
        for one in found
    )


def _told(values: dict[str, str], output: str) -> str:
    given = {**values, "output": output}
    return "\n".join(f"{name}: {text[:LONGEST_QUOTED]}" for name, text in given.items())


def _with_reason(values: dict[str, str], output: str, reason: str) -> str:
    return f"{_told(values, output)}\nwhy not: {reason}"  # stays English: a model reads it


def feedback_on(prompt: Prompt) -> str:
    """Return what people disliked about the outputs of a prompt: at the desk, and comparing."""
    disliked = approved_items.items().disliked(prompt, DISLIKED)
    told = [_with_reason(one.values, one.output, one.why) for one in disliked]
    bad = Comparison.objects.standing().filter(experiment__prompt=prompt, choice=Choice.BAD)
    for comparison in bad.select_related("case", "experiment").order_by("-pk")[:LOOKED_AT]:
        if comparison.reviewer_id in comparison.experiment.without:
            continue
        told.extend(
            _with_reason(comparison.case.values, run.output, comparison.comment or "bad")
            for run in Run.objects.filter(pk__in=comparison.runs)
        )
    return "\n\n".join(told[: 3 * DISLIKED])


# What is no use is dropped, with the reason


def _sift(
    search: Search, proposals: Iterator[Proposal]
) -> tuple[list[Proposal], list[dict[str, str]]]:
    """Keep so many proposals as are wanted; return them and what was dropped, with reasons."""
    wanted = sandbox.names(search.seed.template)
    there = {_gist(wording_of(one)) for one in search.prompt.variants.all()}
    waiting = search.prompt.candidates.filter(state=CandidateState.PENDING)
    there |= {_gist(wording_of(one)) for one in waiting}
    kept: list[Proposal] = []
    dropped: list[dict[str, str]] = []
    for proposal in proposals:
        wording = proposal.wording
        reason = proposal.error or objection(wording.template, wanted)
        if not reason and _gist(wording) in there:
            reason = stored("It says what another variant or candidate says.")
        if reason:
            dropped.append({"text": wording.template[:2000], "reason": reason})
        else:
            there.add(_gist(wording))
            kept.append(proposal)
        if len(kept) == search.wanted:
            break
    return kept, dropped


def objection(template: str, wanted: frozenset[str]) -> str:
    """Return why a template cannot stand for one that names ``wanted``; nothing if it can."""
    if not template.strip():
        return stored("It is empty.")
    try:
        named = sandbox.names(template)
        sandbox.render(template, dict.fromkeys(named, "1"))
    except sandbox.TemplateRefused as reason:
        return str(reason)
    if lost := wanted - named:
        return stored("It does not name %(names)s any more.", names=", ".join(sorted(lost)))
    if foreign := named - wanted:
        return stored("It names %(names)s, which has no value here.", names=", ".join(foreign))
    return ""


def _gist(wording: Wording) -> tuple[Any, ...]:
    texts = (" ".join(text.casefold().split()) for text in (wording.system, wording.template))
    return *texts, [example.get("output") for example in wording.examples].__repr__()


# Reviewing


@transaction.atomic
def accept(candidate: Candidate, user: Any, system: str, template: str) -> Variant:
    """Make a variant of a candidate, as it stands or edited. Raises CannotDecide."""
    locked = _pending(candidate)
    seed = locked.search.seed
    if reason := objection(template, sandbox.names(seed.template)):
        raise CannotDecide(reason)
    wording = Wording(system, template, tuple(locked.examples))
    there = locked.prompt.variants.filter(archived_at=None)
    if any(_gist(wording) == _gist(wording_of(one)) for one in there):
        raise CannotDecide(stored("Another variant says the same."))
    is_edited = (system, template) != (locked.system, locked.template)
    origin = (
        stored("proposed, edited by %(name)s", name=user)
        if is_edited
        else stored("proposed, accepted by %(name)s", name=user)
    )
    values = {"system": system, "template": template, "examples": locked.examples}
    made = variants.add(seed, {**values, "notes": locked.how}, user, origin)
    _decide(locked, CandidateState.ACCEPTED, user, variant=made)
    return made


@transaction.atomic
def reject(candidate: Candidate, user: Any, reason: str = "") -> None:
    """Refuse a candidate, perhaps with a reason. Raises CannotDecide."""
    _decide(_pending(candidate), CandidateState.REJECTED, user, reason=reason[:200])


def _pending(candidate: Candidate) -> Candidate:
    rows = Candidate.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("search__seed__prompt", "prompt").get(pk=candidate.pk)
    if found.state != CandidateState.PENDING:
        raise TooLate(stored("%(name)s decided on it by now.", name=found.decided_by or "–"))
    return found


def _decide(candidate: Candidate, state: CandidateState, user: Any, **values: Any) -> None:
    values |= {"state": state, "decided_by": user, "decided_at": timezone.now()}
    Candidate.objects.filter(pk=candidate.pk).update(**values)


def place(candidate: Candidate, at: int | None) -> None:
    """Give a candidate a place among those of its search: 1 is the best."""
    Candidate.objects.filter(pk=candidate.pk).update(place=at)


@transaction.atomic
def undo(prompt: Prompt, user: Any) -> Candidate | None:
    """Take back the user's last decision on a candidate of a prompt; return the candidate.

    A variant that was made of it is archived. If it is used already, CannotDecide is raised.
    """
    decided = prompt.candidates.filter(decided_by=user).exclude(state=CandidateState.PENDING)
    rows = decided.select_for_update(of=("self",), no_key=True).select_related("variant")
    found = rows.order_by("-decided_at", "-pk").first()
    if found is None:
        return None
    made = found.variant
    if made and _is_used(made):
        raise CannotDecide(
            stored("Variant %(number)s is used already, so it stays.", number=made.number)
        )
    values = {"state": CandidateState.PENDING, "decided_by": None, "decided_at": None}
    Candidate.objects.filter(pk=found.pk).update(variant=None, reason="", **values)
    if made:
        Variant.objects.filter(pk=made.pk).update(archived_at=timezone.now())
    return found


def _is_used(variant: Variant) -> bool:
    names = ("entrants", "runs", "promotions", "children", "searches", "crossed_in")
    return any(getattr(variant, name).exists() for name in names)


def waiting(prompt: Prompt) -> Sequence[Candidate]:
    """Return the candidates that wait for a decision, those of the last search first."""
    rows = prompt.candidates.filter(state=CandidateState.PENDING).select_related("search__seed")
    return list(rows.order_by("-search", "place", "number"))
