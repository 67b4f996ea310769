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
from qareview.backends import Completion
from qareview.models import Project

DRAWN = 2  # questions for an answer that states a sentence; the best are kept; chosen


def write_questions(
    project: Project, rows: Sequence[Passage], begun: Sequence[Draft]
) -> list[Draft]:
    """Return the items with the questions they lack; an item without questions is left out."""
    writer = quotas.writer_of(project, Task.ASK, rows[0].draft_with)
    taken = question_gists(rows)
    own = [
        Quota(
            {**values_of(project, draft.item.passage), "answer": draft.item.answer},
            max(0, _count(project, draft.item) - len(draft.questions)),
            set() if draft.item.states_sentence else taken[draft.item.document_id],
            draft.item.passage.pk,
        )
        for draft in begun
    ]
    for draft in begun:
        taken[draft.item.document_id] |= {gist(question.text) for question in draft.questions}
    quotas.write(project, writer, own)
    drafts = []
    for draft, quota in zip(begun, own, strict=True):
        passage = draft.item.passage
        passage.error = passage.error or quota.error
        if len(draft.questions) + len(quota.drafts) < project.questions_per_answer:
            passage.note = passage.note or quotas.note_of(quota, "question")
        written = [*draft.questions, *_questions(draft.item, writer, quota)]
        if written:
            drafts.append(Draft(draft.item, written))
    return drafts


def _count(project: Project, item: Item) -> int:
    """Return how many questions to write: more than are kept where the best can be chosen."""
    wanted = project.questions_per_answer
    return max(wanted, DRAWN) if item.states_sentence else wanted


def _questions(item: Item, writer: quotas.Writer, quota: Quota) -> list[Question]:
    return [new_question(item, writer, number, completion) for number, completion in quota.drafts]


def new_question(
    item: Item, writer: quotas.Writer, number: int, completion: Completion
) -> Question:
    """Return a question of an item that is not stored yet: the text of request ``number``."""
    return Question(
        item=item,
        variant=writer.variant,
        text=completion.text,
        flags=[flags.CUT_OFF_QUESTION] if completion.cut_off else [],
        scores=likelihood_scores.told_by(completion) if item.states_sentence else {},
        **quotas.provenance(writer, number, completion),
    )


def current_questions(rows: Sequence[Passage]) -> dict[int, list[str]]:
    """Return the first questions of the items that are not set aside, by the passages' ids."""
    texts: dict[int, list[str]] = {}
    current = Question.objects.filter(item__passage__in=rows, rank=1).exclude(
        item__state=ItemState.ASIDE
    )
    for passage, text in current.order_by("item").values_list("item__passage", "text"):
        texts.setdefault(passage, []).append(text)
    return texts


def question_gists(rows: Sequence[Passage]) -> dict[int, set[frozenset[str]]]:
    """Return the gists of the questions about the passages' documents, by the documents' ids."""
    gists: dict[int, set[frozenset[str]]] = {row.document_id: set() for row in rows}
    questions = Question.objects.filter(item__document__in=gists).exclude(
        item__state=ItemState.ASIDE
    )
    for document, text in questions.values_list("item__document", "text"):
        gists[document].add(gist(text))
    return gists
