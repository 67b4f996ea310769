"""Request texts of a prompt's variant until there are as many different ones as are wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from generation.checks.gist import gist
from prompts.examples import Example, Input, examples_for
from prompts.models import Task, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.variants import in_production, model_for
from qareview import completions
from qareview.backends import Completion, Request
from qareview.models import Project
from qareview.stored_sentences import stored
from qareview.translations import counted

MOST_REPEATED = 0.6  # share of the words of the shorter text; chosen; nobody measured
ROUNDS = 4  # of requests; all but one replace empty and repeated texts; chosen; nobody measured


@dataclass
class Quota:
    """A number of different texts to write with the same values of a prompt's variables.

    ``taken`` are the gists of texts that exist already; quotas may share them.
    """

    values: dict[str, str]
    count: int
    taken: set[frozenset[str]]
    passage: int  # id
    next_number: int = 1
    drafts: list[tuple[int, Completion]] = field(default_factory=list)
    error: str = ""

    def next_numbers(self) -> range:
        """Return the numbers of the candidates to request next; each number is returned once."""
        missing = 0 if self.error else self.count - len(self.drafts)
        start, self.next_number = self.next_number, self.next_number + missing
        return range(start, start + missing)

    def add(self, number: int, completion: Completion, examples: Sequence[Example]) -> bool:
        """Add a candidate, unless it is empty, or repeats another or a worked example.

        Return whether it is worth keeping for requests that are equal.
        """
        self.error = self.error or completion.error
        own_gist = gist(completion.text)
        if own_gist and own_gist not in self.taken and not repeats(own_gist, examples):
            self.taken.add(own_gist)
            self.drafts.append((number, completion))
        return True


class Writer(NamedTuple):
    """The variant that writes a text, and the model it runs on."""

    variant: Variant
    model: str


def writer_of(project: Project, task: Task, draft_with: dict[str, Any]) -> Writer:
    """Return the writer for a task: what ``draft_with`` names, or what is in production."""
    named = Variant.objects.select_related("prompt").filter(pk=draft_with.get(task, 0))
    variant = named.first() or in_production(project, task)
    return Writer(variant, draft_with.get("model") or model_for(project, variant))


def write(project: Project, writer: Writer, quotas: Iterable[Quota]) -> None:
    """Request the texts of all quotas together; replace those that are empty or repeated."""
    quotas = [quota for quota in quotas if quota.count]
    inputs = [Input(quota.values, quota.passage) for quota in quotas]
    examples_by_quota = examples_for(project, writer.variant, inputs)
    for _ in range(ROUNDS):
        missing = [
            (quota, examples, number, request)
            for quota, examples in zip(quotas, examples_by_quota, strict=True)
            for number, request in _requests(writer, quota, examples)
        ]
        if not missing:
            return
        written = completions.complete(project, writer.model, [row[-1] for row in missing])
        useless = [
            request
            for (quota, examples, number, request), completion in zip(missing, written, strict=True)
            if not quota.add(number, completion, examples)
        ]
        completions.forget(writer.model, useless)


def _requests(
    writer: Writer, quota: Quota, examples: Sequence[Example]
) -> list[tuple[int, Request]]:
    """Return a quota's next requests with their numbers; if one cannot be built, note why."""
    try:
        return [
            (number, request_for(writer.variant, quota.values, number, examples))
            for number in quota.next_numbers()
        ]
    except RenderingFailed as reason:
        quota.error = str(reason)
        return []


def repeats(own: frozenset[str], examples: Sequence[Example]) -> bool:
    """Whether a text has most of its words from the output of a worked example.

    Small models copy them; about one answer in ten of the embedded one was such a copy.
    """
    outputs = (gist(example["output"]) for example in examples)
    return any(
        len(own & output) > MOST_REPEATED * min(len(own), len(output))
        for output in outputs
        if output
    )


def note_of(quota: Quota, noun: str) -> str:
    """Return why there are fewer texts than were asked for; "" if there are enough."""
    if len(quota.drafts) == quota.count:
        return ""
    return stored(
        "%(found)s of %(wished)s drafted. The model’s other drafts were empty or repeats. "
        "The passage may not have enough content for more.",
        found=len(quota.drafts),
        wished=counted(quota.count, noun),
    )


def provenance(writer: Writer, number: int, completion: Completion) -> dict[str, Any]:
    return {
        "model": writer.model,
        "parameters": {
            "max_tokens": writer.variant.max_tokens,
            "temperature": writer.variant.temperature_of(number),
            "seed": number,
        },
        "tokens_in": completion.tokens_in,
        "tokens_out": completion.tokens_out,
        "milliseconds": completion.milliseconds,
        "cost": completions.cost_of(writer.model, completion),
        "exchange": completion.exchange,
    }
