"""Makes experiments with outputs, and comparisons of them, for tests of the arena."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from prompts import comparing, experiments, variants
from prompts.models import Case, Choice, Comparison, Experiment, Prompt, Run, Task, Variant
from qareview import process_cache
from qareview.models import JobState, Project


def prompt(project: Project, task: str = Task.SUMMARISE) -> Prompt:
    return Prompt.objects.select_related("project", "production").get(project=project, task=task)


def variant(of: Prompt, **values: Any) -> Variant:
    assert of.production
    number = of.variants.count() + 1
    wording = {"template": f"Passage: {{{{ passage }}}}\n\nWording {number}.", **values}
    return variants.add_variant(of.production, wording, None)


def experiment(
    project: Project, count: int = 2, cases: int = 4, *, is_run: bool = True, **values: Any
) -> Experiment:
    """An experiment of the prompt that summarises; the runs are done, each with its own output."""
    of = prompt(project)
    assert of.production
    chosen = [of.production, *(variant(of) for _ in range(count - 1))]
    fields = {"question": "Which is better?", **values}
    experiment = experiments.create_experiment(of, None, chosen, **fields)
    Case.objects.bulk_create(
        Case(
            experiment=experiment, position=number, values={"passage": f"Passage {number}: tides."}
        )
        for number in range(cases)
    )
    if is_run:
        experiment.started_at = timezone.now()
        experiment.save(update_fields=["started_at"])
        Run.objects.bulk_create(
            Run(
                experiment=experiment,
                variant=variant,
                case=case,
                number=number,
                state=JobState.DONE,
                output=f"Output {variant.number * 7919 % 101}/{number} on passage {case.position}.",
                model="scripted",
                tokens_in=20,
                tokens_out=10,
                milliseconds=5,
                scores={"words": 5},
            )
            for case in experiment.cases.all()
            for variant in chosen
            for number in range(1, experiment.repeats + 1)
        )
    process_cache.clear()
    return experiment


def decide(of: Comparison, choice: Choice, **values: Any) -> Comparison:
    return comparing.store_vote(of, comparing.Vote(choice, **values))


def prefer(experiment: Experiment, user: User, better: Variant, times: int) -> int:
    """Let somebody compare so often, preferring a variant where it is shown; return how often."""
    done = 0
    while done < times:
        process_cache.clear()
        shown = comparing.take_next_comparison(experiment, user)
        if shown is None:
            break
        done += not shown.is_repeat
        places = [shown.variants.index(better.pk)] if better.pk in shown.variants else []
        choice = Choice.GOOD if not places else (Choice.RIGHT if places[0] else Choice.LEFT)
        decide(shown, choice)
    return done
