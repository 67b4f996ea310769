"""Write answers about passages."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from generation.checks import flags
from generation.checks.gist import gist
from generation.drafting import quotas, stating
from generation.drafting.quotas import Quota, Writer
from generation.models import AsideReason, Item, ItemQuerySet, ItemState, Passage
from generation.prompt_values import values_of
from prompts.models import Task, Variant
from qareview.backends import Completion
from qareview.models import Project


def write_answers(project: Project, rows: Sequence[Passage]) -> list[Item]:
    """Return new items, without questions, for the passages that lack some."""
    writer = quotas.writer_of(project, Task.SUMMARISE, rows[0].draft_with)
    if stating.states_sentences(writer.variant):
        return _state_sentences(project, rows, writer)
    by_passage = _answer_quotas(project, rows, writer.variant)
    quotas.write(project, writer, by_passage.values())
    for row in rows:
        quota = by_passage[row.pk]
        row.error, row.note = quota.error, quotas.note_of(quota, "item")
    return [
        _item(row, writer, number, completion)
        for row in rows
        for number, completion in by_passage[row.pk].drafts
    ]


def _state_sentences(project: Project, rows: Sequence[Passage], writer: Writer) -> list[Item]:
    current, lacks = current_answers(rows), missing(project, rows)
    poor = _answers_of(Item.objects.filter(aside_reason=AsideReason.LOW_SCORE), rows)
    last_numbers = _last_numbers(rows, writer.variant)
    lacking = [
        (
            row,
            lacks[row.pk],
            [*current.get(row.pk, ()), *poor.get(row.pk, ())],  # not to be stated again
        )
        for row in rows
    ]
    statements = stating.write_statements(project, writer, lacking)
    return [
        _item(row, writer, number, statement.completion, **statement.parameters)
        for row in rows
        for number, statement in enumerate(statements[row.pk], last_numbers.get(row.pk, 0) + 1)
    ]


def missing(project: Project, rows: Sequence[Passage]) -> dict[int, int]:
    """Return how many items a model has yet to draft, by the passages' ids.

    Items that people wrote by hand do not count as drafts.
    """
    drafted = _answers_of(Item.objects.filter(author=None).exclude(state=ItemState.ASIDE), rows)
    return {
        row.pk: max(0, project.items_per_passage - len(drafted.get(row.pk, ()))) for row in rows
    }


def _item(
    row: Passage, writer: Writer, number: int, completion: Completion, **parameters: Any
) -> Item:
    provenance = quotas.provenance(writer, number, completion)
    provenance["parameters"] |= parameters
    return Item(
        project=row.document.project,
        document=row.document,
        passage=row,
        variant=writer.variant,
        number=number,
        answer=completion.text,
        flags=[flags.CUT_OFF_ANSWER] if completion.cut_off else [],
        **provenance,
    )


def _answer_quotas(project: Project, rows: Sequence[Passage], variant: Variant) -> dict[int, Quota]:
    """Return how many answers to write for each passage, by the passages' ids."""
    answers, lacks = current_answers(rows), missing(project, rows)
    last_numbers = _last_numbers(rows, variant)
    return {
        row.pk: Quota(
            values_of(project, row),
            lacks[row.pk],
            {gist(answer) for answer in answers.get(row.pk, ())},
            row.pk,
            last_numbers.get(row.pk, 0) + 1,
        )
        for row in rows
    }


def current_answers(rows: Sequence[Passage]) -> dict[int, list[str]]:
    """Return the answers of the items that are not set aside, by the passages' ids."""
    return _answers_of(Item.objects.exclude(state=ItemState.ASIDE), rows)


def _answers_of(items: ItemQuerySet, rows: Sequence[Passage]) -> dict[int, list[str]]:
    """Return the answers of those of the items that are of the passages, by the passages' ids."""
    answers: dict[int, list[str]] = {}
    for passage, answer in items.filter(passage__in=rows).values_list("passage", "answer"):
        answers.setdefault(passage, []).append(answer)
    return answers


def _last_numbers(rows: Sequence[Passage], variant: Variant) -> dict[int, int]:
    """Return the highest number of a variant's items, by the passages' ids."""
    numbers = Item.objects.filter(passage__in=rows, variant=variant).order_by().values("passage")
    return dict(numbers.annotate(last=Max("number")).values_list("passage", "last"))
