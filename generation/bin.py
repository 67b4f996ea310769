"""Documents go to the bin and come back whole; what is due there is removed for good.

While a document is in the bin its items have the state BINNED, in which nothing but
``Item.everything`` finds them. When it comes back, their states follow from their reviews, which
nobody touched, as they do at any time.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext

from generation import search
from generation.models import BINNED, Document, Item, Passage, ReleaseRow, Review
from generation.passages import editing
from generation.review import decisions
from prompts import bin as prompt_bins
from prompts.models import Prompt
from qareview import bin as bins
from qareview import jobs
from qareview.models import Project
from qareview.stored import stored
from qareview.translations import counted


class CannotRestore(Exception):
    """The document stays in the bin; the message says why."""


@transaction.atomic
def bin_document(document: Document, user: Any) -> bool:
    """Put a document into the bin with all that hangs on it; return whether it was out of it."""
    itself = Document.everything.filter(pk=document.pk)
    if not bins.bin_rows(itself, user):
        return False
    jobs.take_from_workers(itself)
    jobs.take_from_workers(Passage.objects.filter(document=document))
    items = Item.objects.filter(document=document)
    items.lock()
    items.update(state=BINNED)
    return True


def restore_document(document: Document) -> bool:
    """Take a document out of the bin, whole; return whether it could still come back.

    Raises CannotRestore if the same file came a second time meanwhile.
    """
    try:
        with transaction.atomic():
            is_back = bins.restore_rows(Document.everything.filter(pk=document.pk))
            items = Item.everything.filter(document=document, state=BINNED)
            if is_back:
                ids = items.lock()
                decisions.settle(ids)
                search.index_items(ids)
                jobs.wake_workers(Document)
                jobs.wake_workers(Passage)
            return is_back
    except IntegrityError:
        same = Document.objects.filter(project=document.project_id, sha256=document.sha256).first()
        raise CannotRestore(
            stored(
                "%(name)s was uploaded again meanwhile, as %(same)s: the content is the same. "
                "Move that one to the bin first.",
                name=document.name,
                same=same,
            )
        ) from None


def restore_project(project: Project) -> bool:
    """Take a project out of the bin, whole; return whether it could still come back."""
    if not bins.restore_rows(Project.everything.filter(pk=project.pk)):
        return False
    for kind in jobs.job_kinds():
        jobs.wake_workers(kind)
    return True


def losses(documents: QuerySet[Document]) -> list[str]:
    """Return, each as a number with its noun, what would be removed with some documents."""
    return [
        counted(Passage.objects.filter(document__in=documents).count(), "passage"),
        counted(Item.everything.filter(document__in=documents).count(), "item"),
        _reviews_of(documents),
    ]


def _reviews_of(documents: QuerySet[Document]) -> str:
    reviews = Review.objects.filter(item__document__in=documents)
    people = reviews.order_by().values("reviewer").distinct().count()
    count = counted(reviews.count(), "review")
    if not people:
        return count
    return gettext("%(reviews)s by %(people)s") % {
        "reviews": count,
        "people": counted(people, "person"),
    }


def losses_of_project(project: Project) -> list[str]:
    """Return, each as a number with its noun, what would be removed with a project."""
    documents = Document.everything.filter(project=project)
    return [
        counted(documents.count(), "document"),
        *losses(documents),
        counted(project.releases.count(), "release"),
        counted(Prompt.everything.filter(project=project).count(), "prompt"),
        counted(project.memberships.count(), "membership"),
    ]


def empty_bin() -> None:
    """Remove everything for good whose days in the bin are over."""
    for document in Document.everything.filter(bins.expired()).defer("text"):
        remove_document(document)
    prompt_bins.empty()
    for project in Project.everything.filter(bins.expired()):
        remove_project(project)


def remove_document(document: Document) -> None:
    """Remove a document for good: its reviews, items and passages, and its original file.

    The file stays if it is that of another document as well. Releases hold copies and stay.
    """
    _draft_copies(document)
    _delete(document)


def _draft_copies(document: Document) -> None:
    """Draft from the first of those that were held as near-duplicates of a passage that goes."""
    for passage in document.passages.exclude(near_duplicates=None).distinct():
        copies = passage.near_duplicates.exclude(document=document)
        candidates = copies.filter(excluded_at=None, superseded_at=None)
        first = candidates.order_by(F("document__binned_at").asc(nulls_first=True), "pk").first()
        if first:
            with transaction.atomic():
                copies.exclude(pk=first.pk).update(same_as=first)
                editing.restore_passage(first)


def _delete(document: Document) -> None:
    items = Item.everything.filter(document=document)
    bins.delete_in_batches(items, lambda ids: Review.objects.filter(item__in=ids).delete())
    bins.delete_in_batches(Passage.objects.filter(document=document))
    original = document.original
    with transaction.atomic():
        document.delete()
        is_shared = Document.everything.filter(original=original.name).exists()
        if original and not is_shared:
            transaction.on_commit(lambda: original.storage.delete(str(original.name)))


def remove_project(project: Project) -> None:
    """Remove a project for good, with its documents, releases and all else."""
    for document in Document.everything.filter(project=project).defer("text"):
        _delete(document)
    bins.delete_in_batches(ReleaseRow.objects.filter(release__project=project))
    bins.delete_in_batches(project.completions.all())
    with transaction.atomic():
        Prompt.everything.filter(project=project).update(production=None)
        project.delete()
