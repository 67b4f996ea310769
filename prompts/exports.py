"""Exports of an experiment: its winner, its variants with their ratings, its comparisons."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from prompts import case_matrix
from prompts.models import Comparison, Experiment, Run, Variant
from prompts.ranking import SAFE, WINNER
from prompts.rendering import RenderingFailed, request_for
from prompts.results import result_of
from prompts.variants import model_for
from prompts.votes import PairVote, pair_votes, pair_votes_of

Record = dict[str, Any]


def as_json(experiment: Experiment) -> str:
    """Return all variants with their ratings and intervals, and the verdict, as JSON."""
    return json.dumps(_as_record(experiment), ensure_ascii=False, indent=2) + "\n"


def as_yaml(experiment: Experiment) -> str:
    """Return the same as :func:`as_json`, as YAML."""
    return yaml.safe_dump(_as_record(experiment), allow_unicode=True, sort_keys=False)


def _as_record(experiment: Experiment) -> Record:
    result = result_of(experiment)
    rated = ("gap", "low", "high", "win_rate", "best", "comparisons", "wins", "ties", "losses")
    ratings = {row["id"]: {name: row[name] for name in rated} for row in result["rows"]}
    averages = case_matrix.averages_by_name(experiment)
    return {
        "prompt": experiment.prompt.task,
        "experiment": experiment.number,
        "method": result["method"],
        "verdict": result["verdict"],
        "winner": winner_of(result),
        "safe_choice": result["rows"][0]["variant"] if result["verdict"] == SAFE else None,
        "comparisons": result["comparisons"],
        "cases": result["cases"],
        "people": result["people"],
        "variants": [
            {
                **_variant_as_record(variant),
                "model": model_for(experiment.prompt.project, variant),
                "rating": ratings.get(variant.pk),
                "scores": averages.get(variant.pk, {}),
            }
            for variant in experiment.variants.order_by("number")
        ],
    }


def _variant_as_record(variant: Variant) -> Record:
    return {
        "variant": variant.number,
        "system": variant.system,
        "template": variant.template,
        "examples": [
            {name: text for name, text in example.items() if name != "passage_id"}
            for example in variant.examples
        ],
        "picks": variant.picks,
        "pick_count": variant.pick_count if variant.picks else 0,
        "max_tokens": variant.max_tokens,
        "temperature": variant.temperature,
    }


def winner_of(result: Record) -> int | None:
    """Return the number of the winning variant, or None if the verdict names none."""
    return result["rows"][0]["variant"] if result["verdict"] == WINNER else None


def as_jinja(experiment: Experiment) -> str:
    """Return the winner's or leader's template; without comparisons, the one in production."""
    rows = result_of(experiment)["rows"]
    leader = rows[0]["id"] if rows else experiment.prompt.production_id or 0
    template = experiment.prompt.variants.filter(pk=leader)[0].template
    return template if template.endswith("\n") else f"{template}\n"


def as_promptfoo(experiment: Experiment) -> str:
    """Return a promptfoo configuration with a prompt for each variant and a test for each case.

    promptfoo fills in templates with Nunjucks, which supports the part of Jinja that prompts use.
    """
    variants = list(experiment.variants.all())
    tests = [
        {
            "vars": case.values,
            "assert": _assertions(experiment, case.reference),
        }
        for case in experiment.cases.all()
    ]
    models = sorted({model_for(experiment.prompt.project, variant) for variant in variants})
    configuration = {
        "description": f"{experiment.prompt.task} {experiment.number}: {experiment.question}",
        "providers": [f"openai:chat:{model}" for model in models],
        "prompts": [_chat(variant) for variant in variants],
        "tests": tests,
    }
    return yaml.safe_dump(configuration, allow_unicode=True, sort_keys=False)


def _assertions(experiment: Experiment, reference: str) -> list[Record]:
    """Return promptfoo's assertions. Similarity to the reference is reported but never fails."""
    assertions: list[Record] = []
    if experiment.pattern:
        assertions.append({"type": "regex", "value": experiment.pattern})
    if experiment.schema is not None:
        assertions.append({"type": "is-json", "value": experiment.schema})
    if reference:
        assertions.append({"type": "rouge-n", "value": reference, "threshold": 0})
    return assertions


def _chat(variant: Variant) -> Record:
    """Return a variant as a promptfoo prompt; of its messages only the last is a template."""
    messages = [{"role": "system", "content": _literal(variant.system)}] if variant.system else []
    for example in variant.examples:
        shown = request_for(variant, example, examples=[]).messages[-1]["content"]
        messages.append({"role": "user", "content": _literal(shown)})
        messages.append({"role": "assistant", "content": _literal(example["output"])})
    messages.append({"role": "user", "content": variant.template})
    return {
        "label": f"variant {variant.number}",  # not translated: for other programs
        "raw": json.dumps(messages, ensure_ascii=False),
        "config": {"max_tokens": variant.max_tokens, "temperature": 0},  # as in a first run
    }


def _literal(text: str) -> str:
    """Escape a text so that a template engine renders it unchanged."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


COLUMNS = (
    *("case", "input", "left_variant", "right_variant", "left_output", "right_output"),
    *("choice", "outcome", "reviewer", "comment", "seconds", "is_repeat", "counts", "decided_at"),
)


def as_csv(experiment: Experiment) -> str:
    """Return all votes as CSV, with a line for each pair of outputs that was shown together.

    ``outcome`` is 1 if the left output was better, 0 if the right output was, else 0.5.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_csv_records(experiment))
    return file.getvalue()


def _csv_records(experiment: Experiment) -> Iterator[Record]:
    outputs = dict(experiment.runs.values_list("pk", "output"))
    numbers = dict(experiment.variants.values_list("pk", "number"))
    rows = Comparison.objects.standing().filter(experiment=experiment)
    for comparison in rows.select_related("reviewer", "case").order_by("pk"):
        shared = _comparison_as_record(comparison, experiment.without)
        for vote in _pair_votes_on(comparison):
            left, right = vote.runs
            yield {
                **shared,
                "left_variant": numbers[vote.left],
                "right_variant": numbers[vote.right],
                "left_output": _csv_text(outputs[left]),
                "right_output": _csv_text(outputs[right]),
                "outcome": f"{vote.outcome:g}",
            }


def _comparison_as_record(comparison: Comparison, without: Collection[int]) -> Record:
    """Return the values that all lines of a comparison share."""
    reviewer = comparison.reviewer.get_username() if comparison.reviewer else ""
    is_counted = not comparison.is_repeat and comparison.reviewer_id not in without
    return {
        "case": comparison.case.position + 1,
        "input": json.dumps(comparison.case.values, ensure_ascii=False, sort_keys=True),
        "choice": comparison.choice,
        "reviewer": _csv_text(reviewer),
        "comment": _csv_text(comparison.comment),
        "seconds": comparison.seconds,
        "is_repeat": int(comparison.is_repeat),
        "counts": int(is_counted),
        "decided_at": comparison.decided_at.isoformat() if comparison.decided_at else "",
    }


def _pair_votes_on(comparison: Comparison) -> Iterator[PairVote]:
    return pair_votes_of(
        comparison.pk,
        comparison.runs,
        comparison.variants,
        comparison.case_id,
        comparison.reviewer_id,
        comparison.choice,
        comparison.places,
    )


def _csv_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_preferences(experiment: Experiment) -> str:
    """Return a JSON line of prompt, chosen and rejected for each pair of outputs with a majority.

    They are messages. The prompt is what the model was sent for the chosen output, with the system
    prompt and the worked examples; each output is the model's reply.
    """
    pairs = list(_preferences(experiment))
    rows = experiment.runs.select_related("exchange", "variant__prompt", "case")
    runs = rows.in_bulk({run for pair in pairs for run in pair})
    lines = []
    for better, worse in pairs:
        try:
            row = {
                "prompt": _messages_sent(runs[better]),
                "chosen": _reply(runs[better]),
                "rejected": _reply(runs[worse]),
            }
        except RenderingFailed:  # it was sent before exchanges were recorded
            continue
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


def _preferences(experiment: Experiment) -> Iterator[tuple[int, int]]:
    """Yield the ids of the better and the worse run of each pair that has a majority."""
    balance: Counter[tuple[int, int, int]] = Counter()
    for vote in pair_votes(experiment):
        first, second = sorted(vote.runs)
        sign = 1 if vote.runs[0] == first else -1
        balance[vote.case, first, second] += sign * ((vote.outcome > 0.5) - (vote.outcome < 0.5))
    for (_case, first, second), ahead in sorted(balance.items()):
        if ahead:
            yield (first, second) if ahead > 0 else (second, first)


def _messages_sent(run: Run) -> list[dict[str, str]]:
    """Return the messages that were sent for a run; of old runs, those that its variant makes.

    Raises RenderingFailed.
    """
    if run.exchange:
        return run.exchange.messages
    messages = request_for(run.variant, run.case.values, run.number).messages
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def _reply(run: Run) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": run.output}]


@dataclass(frozen=True)
class PromptFormat:
    """A file format: its writer, the ending of file names, its media type and its purpose."""

    write: Callable[[Experiment], str]
    ending: str
    media_type: str
    purpose: StrOrPromise


FORMATS = {
    "json": PromptFormat(
        as_json, "json", "application/json", _("All variants with their ratings.")
    ),
    "yaml": PromptFormat(as_yaml, "yaml", "application/yaml", _("The same data as YAML.")),
    "jinja": PromptFormat(
        as_jinja,
        "jinja",
        "text/plain",
        _("The template of the winner, or of the leader if there is no winner yet."),
    ),
    "promptfoo": PromptFormat(
        as_promptfoo, "yaml", "application/yaml", _("Prompts and cases for promptfoo.")
    ),
    "comparisons": PromptFormat(
        as_csv, "csv", "text/csv", _("All comparisons, for a spreadsheet.")
    ),
    "preference": PromptFormat(
        as_preferences,
        "jsonl",
        "application/jsonl",
        _("Preference pairs with the messages that were sent, for TRL’s DPOTrainer."),
    ),
}


def file_name(experiment: Experiment, name: str) -> str:
    """Return the name of a downloaded file."""
    prompt = experiment.prompt
    task = slugify(prompt.task) or str(prompt.pk)
    ending = FORMATS[name].ending
    return f"{prompt.project.slug}-{task}-experiment-{experiment.number}-{name}.{ending}"
