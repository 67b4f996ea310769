"""The models of prompts, experiments, comparisons and candidates."""

from prompts.models.candidates import Candidate, CandidateState, Search, Way
from prompts.models.comparisons import Choice, Comparison, ComparisonQuerySet, Snapshot
from prompts.models.experiments import LAST_RUNG, Case, CaseSet, Entrant, Experiment, Run
from prompts.models.prompts import Picks, Promotion, Prompt, Task, Variant

__all__ = [
    "LAST_RUNG",
    "Candidate",
    "CandidateState",
    "Case",
    "CaseSet",
    "Choice",
    "Comparison",
    "ComparisonQuerySet",
    "Entrant",
    "Experiment",
    "Picks",
    "Promotion",
    "Prompt",
    "Run",
    "Search",
    "Snapshot",
    "Task",
    "Variant",
    "Way",
]
