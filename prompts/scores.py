"""Automatic scores of a run's output and of its usage."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from rapidfuzz.distance import LCSseq

from prompts import approved_items, sandbox
from prompts.models import Experiment, Run
from prompts.output_rules import CannotScore
from qareview import scripts
from qareview.embeddings import embed

WORDS, EXACT, ROUGE, SIMILARITY = "words", "exact", "rouge", "similarity"
PATTERN, SCHEMA, SUPPORT, FLAGS = "pattern", "schema", "support", "flags"


@dataclass(frozen=True)
class ScoreKind:
    """A kind of score: its name and meaning; ``sign`` is 1 if more is better, -1 if less is."""

    name: StrOrPromise
    tells: StrOrPromise
    sign: int = 1


KINDS = {
    EXACT: ScoreKind(
        _("exact match"), _("Whether it equals the reference, ignoring case and spaces")
    ),
    ROUGE: ScoreKind(_("ROUGE-L"), _("Overlap with the words of the reference, in the same order")),
    SIMILARITY: ScoreKind(_("similarity"), _("How close its meaning is to the reference")),
    SUPPORT: ScoreKind(_("support"), _("How well the passage supports its weakest sentence")),
    PATTERN: ScoreKind(_("pattern"), _("Whether it matches the regular expression")),
    SCHEMA: ScoreKind(_("schema"), _("Whether it is JSON that matches the schema")),
    FLAGS: ScoreKind(_("flags"), _("Number of problems the checks found"), -1),
    WORDS: ScoreKind(_("words"), _("Length in words"), -1),
    "tokens": ScoreKind(_("tokens"), _("Tokens read and written"), -1),
    "milliseconds": ScoreKind(_("milliseconds"), _("Its share of its batch’s running time"), -1),
    "cost": ScoreKind(_("cost"), _("Based on the prices in the settings"), -1),
}
USAGE_SCORES = ("tokens", "milliseconds", "cost")  # columns of each run


def score_runs(experiment: Experiment, runs: Sequence[Run]) -> dict[int, str]:
    """Set the scores and flags of an experiment's runs, which are loaded with their cases.

    Returns the reasons why runs could not be scored, by their ids. Raises ModelUnavailable.
    """
    task = experiment.prompt.task
    checked = approved_items.items().check_outputs(
        task, [(run.case.values, run.output) for run in runs]
    )
    for run, (scores, flags) in zip(runs, checked, strict=True):
        run.flags = [*_own_flags(run), *flags]
        run.scores = {WORDS: scripts.word_count(run.output), FLAGS: len(run.flags), **scores}
    _score_by_reference([run for run in runs if run.case.references])
    return _score_by_requirements(experiment, runs)


EMPTY, CUT_OFF = "empty", "cut off"
NAMES = {EMPTY: _("empty"), CUT_OFF: _("cut off")}


def _own_flags(run: Run) -> list[str]:
    if not run.output:
        return [EMPTY]
    return [CUT_OFF] if run.cut_off else []


def flag_name(flag: str) -> str:
    """Return the name of a flag as pages show it."""
    return str(NAMES[flag]) if flag in NAMES else approved_items.items().flag_name(flag)


def score_of(run: Run, name: str) -> float | None:
    """Return a run's score with a name, or None if it has no such score."""
    if name == "tokens":
        return run.tokens_in + run.tokens_out
    if name in USAGE_SCORES:
        return float(getattr(run, name))
    return run.scores.get(name)


def _score_by_reference(runs: Sequence[Run]) -> None:
    """Score runs against the references of their cases: of several, the nearest (Lin 2004)."""
    texts = sorted({text for run in runs for text in (run.output, *run.case.references)})
    vectors = dict(zip(texts, embed(texts), strict=True))
    for run in runs:
        output, references = run.output, run.case.references
        near = [float(vectors[output] @ vectors[each]) if output else 0.0 for each in references]
        is_exact = _normalised(output) in map(_normalised, references)
        run.scores |= {
            EXACT: float(is_exact),
            ROUGE: round(max(rouge_l(output, each) for each in references), 3),
            SIMILARITY: round(max(0.0, *near), 3),
        }


def _normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def rouge_l(output: str, reference: str) -> float:
    """Return the F1 of the longest common subsequence of words, from 0 to 1 (Lin 2004, ROUGE)."""
    words, reference_words = (scripts.words(text.casefold()) for text in (output, reference))
    if not words or not reference_words:
        return 0.0
    return 2 * LCSseq.similarity(words, reference_words) / (len(words) + len(reference_words))


def _score_by_requirements(experiment: Experiment, runs: Sequence[Run]) -> dict[int, str]:
    """Score runs against the pattern and schema; return why some could not be, by their ids."""
    refused = {}
    for run in runs:
        try:
            if experiment.pattern:
                run.scores[PATTERN] = float(sandbox.matches_pattern(experiment.pattern, run.output))
            if experiment.schema is not None:
                run.scores[SCHEMA] = float(sandbox.meets_schema(experiment.schema, run.output))
        except CannotScore as reason:
            refused[run.pk] = str(reason)
    return refused
