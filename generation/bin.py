"""Move documents to the bin, restore them, and delete what has been in the bin long enough.

Items of a document in the bin have the state BINNED, and only ``Item.everything`` returns them.
When the document is restored, their states are derived from their reviews, which have not changed.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext

from generation import exchanges, search
from generation.models import BINNED, Document, Item, Passage, ReleaseRow, Review
from generation.passages import editing
from generation.review.settling import settle
from prompts import bin as prompt_bins
from prompts.models import Prompt
from qareview import bin as bins
from qareview import jobs
from qareview.exchanges import delete_unused
from qareview.models import Project
from qareview.stored_sentences import stored
from qareview.translations import counted


class CannotRestore(Exception):
    """The document stays in the bin; the message says why."""


@transaction.atomic
def bin_document(document: Document, user: Any) -> bool:
    """Move a document with all its items to the bin; return False if it was already in the bin."""
    rows = Document.everything.filter(pk=document.pk)
    if not bins.bin_rows(rows, user):
        return False
    jobs.take_from_workers(rows)
    jobs.take_from_workers(Passage.objects.filter(document=document))
    items = Item.objects.filter(document=document)
    items.lock()
    items.update(state=BINNED)
    return True


def restore_document(document: Document) -> bool:
    """Restore a document with its passages and items; return whether it was restored.

    Raises CannotRestore if the same file has been uploaded again.
    """
    try:
        with transaction.atomic():
            if not bins.restore_rows(Document.everything.filter(pk=document.pk)):
                return False
            ids = Item.everything.filter(document=document, state=BINNED).lock()
            settle(ids)
            search.index_items(ids)
            jobs.wake_workers(Document)
            jobs.wake_workers(Passage)
            return True
    except IntegrityError:
        same = Document.objects.filter(project=document.project_id, sha256=document.sha256).first()
        raise CannotRestore(
            stored(
                "%(name)s has since been uploaded again as %(same)s, with the same "
                "content. To restore this document, move the new one to the bin first.",
                name=document.name,
                same=same or document.name,
            )
        ) from None


def restore_project(project: Project) -> bool:
    """Restore a project with all it has; return whether it was restored."""
    if not bins.restore_rows(Project.everything.filter(pk=project.pk)):
        return False
    for kind in jobs.job_kinds():
        jobs.wake_workers(kind)
    return True


def losses(documents: QuerySet[Document]) -> list[str]:
    """Return what would be deleted with these documents, such as ["2 passages", "3 items"]."""
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
    """Return what would be deleted with a project, such as ["2 documents", "1 release"]."""
    documents = Document.everything.filter(project=project)
    return [
        counted(documents.count(), "document"),
        *losses(documents),
        counted(project.releases.count(), "release"),
        counted(Prompt.everything.filter(project=project).count(), "prompt"),
        counted(project.memberships.count(), "membership"),
    ]


def empty_bin() -> None:
    """Delete everything in the bin that can no longer be restored."""
    for document in Document.everything.filter(bins.expired()).defer("text"):
        remove_document(document)
    prompt_bins.remove_expired_prompts()
    for project in Project.everything.filter(bins.expired()):
        remove_project(project)


def remove_document(document: Document) -> None:
    """Delete a document with its reviews, items and passages, and its original file.

    The file stays if another document has the same file. Releases have copies and do not change.
    """
    _draft_near_duplicates(document)
    _delete(document)


def _draft_near_duplicates(document: Document) -> None:
    """For each passage that is deleted, draft from the first of its near-duplicates instead."""
    for passage in document.passages.exclude(near_duplicates=None).distinct():
        others = passage.near_duplicates.exclude(document=document)
        candidates = others.filter(excluded_at=None, superseded_at=None)
        first = candidates.order_by(F("document__binned_at").asc(nulls_first=True), "pk").first()
        if first:
            with transaction.atomic():
                others.exclude(pk=first.pk).update(same_as=first)
                editing.restore_passage(first)


def _delete(document: Document) -> None:
    bins.delete_in_batches(
        Item.everything.filter(document=document),
        lambda ids: Review.objects.filter(item__in=ids).delete(),
        exchanges.used_by,
    )
    bins.delete_in_batches(Passage.objects.filter(document=document))
    original = document.original
    with transaction.atomic():
        document.delete()
        is_shared = Document.everything.filter(original=original.name).exists()
        if original and not is_shared:
            transaction.on_commit(lambda: original.storage.delete(str(original.name)))


def remove_project(project: Project) -> None:
    """Delete a project with its documents, releases and everything else."""
    for document in Document.everything.filter(project=project).defer("text"):
        _delete(document)
    bins.delete_in_batches(ReleaseRow.objects.filter(release__project=project))
    bins.delete_in_batches(project.completions.all())
    with transaction.atomic():
        prompts = Prompt.everything.filter(project=project)
        used = prompt_bins.exchanges_of(*prompts)
        prompts.update(production=None)
        project.delete()
        delete_unused(used)
