"""An experiment leaves: its winner, its prompts with their ratings, its comparisons."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from prompts import case_matrix
from prompts.models import Comparison, Experiment, Variant
from prompts.rendering import RenderingFailed, request_for
from prompts.results import result
from prompts.variants import model_for
from prompts.votes import pairs_of, votes

Row = dict[str, Any]


def as_json(experiment: Experiment) -> str:
    """Return all variants with their ratings, intervals and the verdict."""
    return json.dumps(_whole(experiment), ensure_ascii=False, indent=2) + "\n"


def as_yaml(experiment: Experiment) -> str:
    """Return what :func:`as_json` does, as YAML."""
    return yaml.safe_dump(_whole(experiment), allow_unicode=True, sort_keys=False)


def _whole(experiment: Experiment) -> Row:
    found = result(experiment)
    variants = {one.pk: one for one in experiment.variants.all()}
    rated = ("gap", "low", "high", "win_rate", "best", "comparisons", "wins", "ties", "losses")
    ratings = {row["id"]: {name: row[name] for name in rated} for row in found["rows"]}
    averages = case_matrix.averages_by_name(experiment)
    return {
        "prompt": experiment.prompt.task,
        "experiment": experiment.number,
        "method": found["method"],
        "verdict": found["verdict"],
        "winner": best(found),
        "comparisons": found["comparisons"],
        "cases": found["cases"],
        "people": found["people"],
        "variants": [
            {
                **_worded(variants[pk]),
                "model": model_for(experiment.prompt.project, variants[pk]),
                "rating": ratings.get(pk),
                "scores": averages.get(pk, {}),
            }
            for pk in sorted(variants, key=lambda pk: variants[pk].number)
        ],
    }


def _worded(variant: Variant) -> Row:
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


def best(found: Row) -> int | None:
    """Return the number of the variant that wins; None as long as none does."""
    return found["rows"][0]["variant"] if found["verdict"] == "winner" else None


def as_jinja(experiment: Experiment) -> str:
    """Return the template of the winner; as long as none wins, of the leader or of production."""
    rows = result(experiment)["rows"]
    leader = rows[0]["id"] if rows else experiment.prompt.production_id or 0
    template = experiment.prompt.variants.filter(pk=leader)[0].template
    return template if template.endswith("\n") else f"{template}\n"


def as_promptfoo(experiment: Experiment) -> str:
    """Return a configuration of promptfoo: a prompt for each variant, a test for each case.

    Its templates are Nunjucks, which reads what ours are made of.
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


def _assertions(experiment: Experiment, reference: str) -> list[Row]:
    """Return what outputs are held against; likeness to the reference is told, and never fails."""
    found: list[Row] = []
    if experiment.pattern:
        found.append({"type": "regex", "value": experiment.pattern})
    if experiment.schema is not None:
        found.append({"type": "is-json", "value": experiment.schema})
    if reference:
        found.append({"type": "rouge-n", "value": reference, "threshold": 0})
    return found


def _chat(variant: Variant) -> Row:
    """Return a variant as a chat in JSON; what is asked stays a template, all else a text."""
    messages = [{"role": "system", "content": _literal(variant.system)}] if variant.system else []
    for example in variant.examples:
        shown = request_for(variant, example, examples=[]).messages[-1]["content"]
        messages.append({"role": "user", "content": _literal(shown)})
        messages.append({"role": "assistant", "content": _literal(example["output"])})
    messages.append({"role": "user", "content": variant.template})
    return {
        "label": f"variant {variant.number}",  # stays English: in a file that leaves
        "raw": json.dumps(messages, ensure_ascii=False),
        "config": {"max_tokens": variant.max_tokens, "temperature": 0},  # as the first run is
    }


def _literal(text: str) -> str:
    """Return text so that a template engine gives it back as it is."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


COLUMNS = (
    *(
        "case",
        "input",
        "left_variant",
        "right_variant",
        "left_output",
        "right_output",
        "choice",
        "outcome",
    ),
    *("reviewer", "comment", "seconds", "is_repeat", "counts", "decided_at"),
)


def as_csv(experiment: Experiment) -> str:
    """Return every comparison that stands, a row for each two outputs that were shown together.

    ``outcome`` is 1 where the left one was better, 0 where the right one was, else 0.5.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_comparisons(experiment))
    return file.getvalue()


def _comparisons(experiment: Experiment) -> Iterator[Row]:
    outputs = dict(experiment.runs.values_list("pk", "output"))
    numbers = dict(experiment.variants.values_list("pk", "number"))
    rows = Comparison.objects.standing().filter(experiment=experiment)
    for one in rows.select_related("reviewer", "case").order_by("pk"):
        at = one.case.position + 1
        said = one.pk, one.runs, one.variants, at, None, one.choice, one.places
        for vote in pairs_of(*said):
            left, right = vote.runs
            yield {
                "case": vote.case,
                "input": json.dumps(one.case.values, ensure_ascii=False, sort_keys=True),
                "left_variant": numbers[vote.left],
                "right_variant": numbers[vote.right],
                "left_output": _cell(outputs[left]),
                "right_output": _cell(outputs[right]),
                "choice": one.choice,
                "outcome": f"{vote.outcome:g}",
                "reviewer": _cell(one.reviewer.get_username() if one.reviewer else ""),
                "comment": _cell(one.comment),
                "seconds": one.seconds,
                "is_repeat": int(one.is_repeat),
                "counts": int(not one.is_repeat and one.reviewer_id not in experiment.without),
                "decided_at": one.decided_at.isoformat() if one.decided_at else "",
            }


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_preferences(experiment: Experiment) -> str:
    """Return a line of prompt, chosen and rejected for each two outputs of which most prefer one.

    The prompt is what the case says in the wording of the variant in production.
    """
    outputs = dict(experiment.runs.values_list("pk", "output"))
    asked = _asked(experiment)
    balance: Counter[tuple[int, int, int]] = Counter()
    for vote in votes(experiment):
        one, other = sorted(vote.runs)
        sign = 1 if vote.runs[0] == one else -1
        balance[vote.case, one, other] += sign * ((vote.outcome > 0.5) - (vote.outcome < 0.5))
    lines = []
    for (case, one, other), ahead in sorted(balance.items()):
        if ahead and case in asked:
            better, worse = (one, other) if ahead > 0 else (other, one)
            row = {"prompt": asked[case], "chosen": outputs[better], "rejected": outputs[worse]}
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


def _asked(experiment: Experiment) -> dict[int, str]:
    """Return what the last message of the production variant says of each case."""
    variant = experiment.prompt.production or experiment.variants.all()[0]
    asked = {}
    for case in experiment.cases.all():
        try:
            asked[case.pk] = request_for(variant, case.values, examples=[]).messages[-1]["content"]
        except RenderingFailed:
            continue
    return asked


@dataclass(frozen=True)
class Format:
    """A file: what writes it, how its name ends, its media type, and what it is for."""

    write: Callable[[Experiment], str]
    ending: str
    media_type: str
    purpose: StrOrPromise


FORMATS = {
    "json": Format(as_json, "json", "application/json", _("All variants with their ratings.")),
    "yaml": Format(as_yaml, "yaml", "application/yaml", _("The same as YAML.")),
    "jinja": Format(as_jinja, "jinja", "text/plain", _("The template of the winner or leader.")),
    "promptfoo": Format(
        as_promptfoo, "yaml", "application/yaml", _("Prompts and cases for promptfoo.")
    ),
    "comparisons": Format(as_csv, "csv", "text/csv", _("Every comparison, for a spreadsheet.")),
    "preference": Format(
        as_preferences, "jsonl", "application/jsonl", _("Preference pairs, for TRL’s DPOTrainer.")
    ),
}


def file_name(experiment: Experiment, name: str) -> str:
    """Return what a download is called."""
    prompt = experiment.prompt
    task = slugify(prompt.task) or str(prompt.pk)
    ending = FORMATS[name].ending
    return f"{prompt.project.slug}-{task}-experiment-{experiment.number}-{name}.{ending}"
