"""The cases of an experiment: from approved items, a file, another experiment, or typed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Max

from prompts import approved_items
from prompts.case_tables import plain, read_rows
from prompts.models import Case, Experiment, Prompt
from qareview.stored_sentences import stored
from qareview.tables import BadTable

MOST_CASES = 2000  # of an experiment; chosen; nobody measured
LONGEST_VALUE = 200_000  # characters; chosen; nobody measured
REFERENCE_COLUMNS = ("reference", "output", "expected")  # each may have another one
Values = Mapping[str, str]


class BadCases(Exception):
    """The cases cannot be used; the message says which and why."""


@dataclass(frozen=True)
class NewCase:
    """A case that is not stored yet."""

    values: dict[str, str]
    reference: str = ""
    item: int | None = None
    passage: int | None = None
    copied: int | None = None  # the id of the case of another experiment
    others: tuple[str, ...] = ()  # references that are as good as the first

    @property
    def references(self) -> list[str]:
        """All references, each once, none of them empty."""
        return [*dict.fromkeys(text for text in (self.reference, *self.others) if text)]


def from_items(
    prompt: Prompt, names: Sequence[str], count: int, seed: int, defaults: Values
) -> list[NewCase]:
    """Draw approved items at random as cases; the same seed draws the same items.

    The reference is the text that the prompt would write: the item's question or its answer.
    """
    return [
        NewCase(
            with_defaults(approved_items.values_of(item, names), names, defaults),
            approved_items.output_of(item, names),
            item.item,
            item.passage,
        )
        for item in approved_items.items().drawn(prompt.project, count, seed)
    ]


def from_experiment(
    experiment: Experiment, names: Sequence[str], defaults: Values
) -> list[NewCase]:
    """Return the cases of an experiment again, with defaults for variables they lack."""
    return [
        NewCase(
            with_defaults(case.values, names, defaults),
            case.reference,
            case.item,
            case.passage,
            case.pk,
            tuple(case.other_references),
        )
        for case in experiment.cases.all()
    ]


def with_defaults(values: Values, names: Iterable[str], defaults: Values) -> dict[str, str]:
    """Return values with the defaults of those of the variables that lack one."""
    lacking = [name for name in names if name not in values and name in defaults]
    return {**values, **{name: defaults[name] for name in lacking}}


def from_text(
    text: str, names: Sequence[str], *, is_typed: bool = False, defaults: Values | None = None
) -> list[NewCase]:
    """Read cases from JSON, or from CSV with a header. Raises BadCases.

    A variable without a column, or with an empty cell, gets its default value. With ``is_typed``,
    and if one variable has no default, a line may also be just its value.
    """
    text = text.replace("\0", "").removeprefix("\ufeff").strip()
    if not text:
        return []
    try:
        needed = [name for name in names if name not in (defaults or {})]
        rows = read_rows(text, needed, is_typed=is_typed)
    except BadTable as reason:
        raise BadCases(str(reason)) from reason
    if len(rows) > MOST_CASES:
        raise BadCases(
            stored(
                "%(rows)s cases are too many. The limit is %(most)s.",
                rows=len(rows),
                most=MOST_CASES,
            )
        )
    return [_new_case(row, names, defaults or {}, number) for number, row in enumerate(rows, 1)]


def _new_case(row: Values, names: Sequence[str], defaults: Values, number: int) -> NewCase:
    if names and not any(row.get(plain(name)) for name in names):
        raise BadCases(
            stored(
                "Case %(number)s has no value for %(names)s.", number=number, names=", ".join(names)
            )
        )
    values = {name: row.get(plain(name)) or defaults.get(name, "") for name in names}
    if any(len(value) > LONGEST_VALUE for value in values.values()):
        raise BadCases(
            stored(
                "Case %(number)s is longer than %(most)s characters.",
                number=number,
                most=LONGEST_VALUE,
            )
        )
    columns = [name for name in REFERENCE_COLUMNS if name not in names]
    references = [row[name][:LONGEST_VALUE] for name in columns if row.get(name)]
    return _with_references(NewCase(values), references)


def _with_references(case: NewCase, references: Iterable[str]) -> NewCase:
    first, *others = [*dict.fromkeys(references)] or [""]
    return replace(case, reference=first, others=tuple(others))


def names_without_value(cases: Sequence[NewCase], names: Sequence[str]) -> list[str]:
    """Return the variables for which some case has no value."""
    return [name for name in names if any(name not in case.values for case in cases)]


@dataclass(frozen=True)
class StoredCases:
    """What came of new cases: those stored, and what the experiment could not take."""

    cases: list[Case]
    copies: dict[int, Case]  # by the id of the case of another experiment that they copy
    repeated: int  # with the values of another case, so they were left out
    unused: int  # references of those that were there before, as their runs are scored already
    empty: list[str]  # variables for which some cases have an empty value


def store_cases(experiment: Experiment, cases: Sequence[NewCase]) -> StoredCases:
    """Add cases after those of an experiment, in their order; values that are there only once.

    Of new cases with equal values, the first gets the references of all. Lock the experiment
    before, if others may add cases to it, too.
    """
    known = {_key(case.values): case.references for case in experiment.cases.all()}
    new: dict[str, NewCase] = {}
    unused = 0
    for case in cases:
        key = _key(case.values)
        if key in known:
            unused += len({*case.references} - {*known[key]})
        else:
            first = new.setdefault(key, case)
            new[key] = _with_references(first, [*first.references, *case.references])
    created = _create(experiment, list(new.values()))
    return StoredCases(
        cases=created,
        copies={
            case.copied: stored_case
            for case, stored_case in zip(new.values(), created, strict=True)
            if case.copied is not None
        },
        repeated=len(cases) - len(new),
        unused=unused,
        empty=_with_empty_values(created),
    )


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)


def _create(experiment: Experiment, cases: Sequence[NewCase]) -> list[Case]:
    last = experiment.cases.aggregate(last=Max("position"))["last"]
    return Case.objects.bulk_create(
        Case(
            experiment=experiment,
            position=position,
            values=case.values,
            reference=case.reference,
            other_references=list(case.others),
            item=case.item,
            passage=case.passage,
        )
        for position, case in enumerate(cases, 0 if last is None else last + 1)
    )


def _with_empty_values(cases: Iterable[Case]) -> list[str]:
    """Return the variables for which a case that no item gave has an empty value."""
    typed = [case for case in cases if case.item is None]
    return sorted({name for case in typed for name, value in case.values.items() if not value})
