"""Write questions that answers reply to."""

from collections.abc import Sequence

from generation.checks import flags, likelihood_scores
from generation.checks.gist import gist
from generation.checks.scoring import Draft
from generation.drafting import quotas
from generation.drafting.quotas import Quota
from generation.models import Item, ItemState, Passage, Question
from generation.prompt_values import values_of
from prompts.models import Task
from qareview.models import Project

DRAWN = 2  # questions for an answer that states a sentence; the best are kept; chosen


def write_questions(
    project: Project, rows: Sequence[Passage], items: Sequence[Item]
) -> list[Draft]:
    """Return the items with their questions; an item without questions is left out."""
    writer = quotas.writer_of(project, Task.ASK, rows[0].draft_with)
    taken = _question_gists(rows)
    own = [
        Quota(
            {**values_of(project, item.passage), "answer": item.answer},
            _count(project, item),
            set() if item.states_sentence else taken[item.document_id],
            item.passage.pk,
        )
        for item in items
    ]
    quotas.write(project, writer, own)
    drafts = []
    for item, quota in zip(items, own, strict=True):
        item.passage.error = item.passage.error or quota.error
        if len(quota.drafts) < project.questions_per_answer:
            item.passage.note = item.passage.note or quotas.note_of(quota, "question")
        if quota.drafts:
            drafts.append(Draft(item, _questions(item, writer, quota)))
    return drafts


def _count(project: Project, item: Item) -> int:
    """Return how many questions to write: more than are kept where the best can be chosen."""
    wanted = project.questions_per_answer
    return max(wanted, DRAWN) if item.states_sentence else wanted


def _questions(item: Item, writer: quotas.Writer, quota: Quota) -> list[Question]:
    return [
        Question(
            item=item,
            variant=writer.variant,
            text=completion.text,
            flags=[flags.CUT_OFF_QUESTION] if completion.cut_off else [],
            scores=likelihood_scores.told_by(completion) if item.states_sentence else {},
            **quotas.provenance(writer, number, completion),
        )
        for number, completion in quota.drafts
    ]


def _question_gists(rows: Sequence[Passage]) -> dict[int, set[frozenset[str]]]:
    """Return the gists of the questions about the passages' documents, by the documents' ids."""
    gists: dict[int, set[frozenset[str]]] = {row.document_id: set() for row in rows}
    questions = Question.objects.filter(item__document__in=gists).exclude(
        item__state=ItemState.ASIDE
    )
    for document, text in questions.values_list("item__document", "text"):
        gists[document].add(gist(text))
    return gists
