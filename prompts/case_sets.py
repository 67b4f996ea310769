"""Case sets: cases that are kept with a project, beyond the experiment that they come from."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from prompts.cases import NewCase, Values, with_defaults
from prompts.models import Case, CaseSet, Experiment


class NameTaken(Exception):
    """The project has another case set of this name."""


def keep_cases(experiment: Experiment, name: str, user: Any) -> CaseSet:
    """Keep the cases of an experiment as a set of its project. Raises NameTaken."""
    rows = [_as_row(case) for case in experiment.cases.all()]
    project = experiment.prompt.project_id
    try:
        with transaction.atomic():
            return CaseSet.objects.create(
                project_id=project, name=name, rows=rows, count=len(rows), created_by=user
            )
    except IntegrityError:  # of the constraint “case_set_name”
        raise NameTaken from None


def _as_row(case: Case) -> dict[str, Any]:
    return {
        "values": case.values,
        "references": case.references,
        "item": case.item,
        "passage": case.passage,
    }


def cases_in(case_set: CaseSet, names: Sequence[str], defaults: Values) -> list[NewCase]:
    """Return the cases of a set, with defaults for variables they lack."""
    return [_as_case(row, names, defaults) for row in case_set.rows]


def _as_case(row: dict[str, Any], names: Sequence[str], defaults: Values) -> NewCase:
    first, *others = row["references"] or [""]
    values = with_defaults(row["values"], names, defaults)
    return NewCase(values, first, row["item"], row["passage"], others=tuple(others))
