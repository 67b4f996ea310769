"""Change a document's passages: cut again, merge, split, exclude and restore them.

No review, no comment, nothing typed at an item and no item written by hand is lost: a passage that
has one and is not in the new cut stays, with its items, as a passage of an earlier cut. What
somebody has typed of a new item and not sent stays with the document.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from generation import exchanges
from generation.models import (
    AsideReason,
    Document,
    Item,
    Passage,
    PassageQuerySet,
    UnsentItem,
)
from generation.passages import cutting, near_duplicates
from generation.passages.cutting import Cut
from generation.passages.headings import outline_of
from generation.passages.left_out import BLANK, LeftOut
from generation.passages.table_headers import Headers
from generation.review import aside
from generation.review.aside import set_items_aside
from prompts.variants import reading_model
from qareview import jobs, scripts
from qareview.backends.tokens import tokenizer_for
from qareview.copying import copy_rows
from qareview.exchanges import delete_unused
from qareview.locking import lock_rows
from qareview.models import JobState
from qareview.stored_sentences import stored

# Added to positions while they change, since they are unique: more than a document has passages.
OUT_OF_THE_WAY = 1_000_000  # chosen; nobody measured
AT_ONCE = 500  # rows of one statement; chosen; nobody measured
_PART_END = re.compile(
    rf"\n\s*\n|(?<=[{re.escape(scripts.SENTENCE_MARKS)}])\s+(?=\S)"
    rf"|[{scripts.SPACELESS_MARKS}]+[{re.escape(scripts.CLOSING_MARKS)}]*(?=\S)"
)


class CannotCut(Exception):
    """The passages cannot be changed this way; the message says why."""


def propose_cuts(document: Document, length: int) -> tuple[list[Cut], list[LeftOut]]:
    """Return how a document would be cut into passages of at most ``length`` tokens.

    Raises ModelUnavailable if the reading model has no tokenizer.
    """
    tokenizer = tokenizer_for(reading_model(document.project))
    from_file = [gap for gap in map(_left_out, document.left_out) if gap.is_from_file]
    return cutting.cut(
        document.text,
        length,
        document.page_starts,
        tokenizer,
        from_file,
        is_plain=document.is_plain_text,
    )


def _left_out(gap: dict[str, Any]) -> LeftOut:
    return LeftOut(gap["start"], gap["end"], gap["reason"])


def add_passages(document: Document, cuts: Sequence[Cut], **values: Any) -> None:
    """Store passages of a document, and queue those that are not near-duplicates.

    ``values`` are set on each passage. The caller has opened a transaction.
    """
    bands = near_duplicates.bands_of(document.text[cut.start : cut.end] for cut in cuts)
    batches = _store_in_batches(document, cuts, bands, values)
    near_duplicates.hold_near_duplicates(document.project, batches, bands)
    jobs.wake_workers(Passage)


def _store_in_batches(
    document: Document, cuts: Sequence[Cut], bands: near_duplicates.Bands, values: dict[str, Any]
) -> Iterator[list[Passage]]:
    """Store passages in batches and yield each batch, so that only one is in memory."""
    last = document.passages.filter(superseded_at=None).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + OUT_OF_THE_WAY
    for start in range(0, len(cuts), AT_ONCE):
        rows = [
            Passage(
                document=document,
                position=first + index,
                start=cuts[index].start,
                end=cuts[index].end,
                text=document.text[cuts[index].start : cuts[index].end],
                headings=cuts[index].headings,
                first_page=cuts[index].first_page,
                last_page=cuts[index].last_page,
                header_start=(cuts[index].header or (None, None))[0],
                header_end=(cuts[index].header or (None, None))[1],
                bands=bands[index].tolist(),
                **values,
            )
            for index in range(start, min(start + AT_ONCE, len(cuts)))
        ]
        copy_rows(rows)
        yield rows


@transaction.atomic
def recut(document: Document, length: int) -> None:
    """Cut a document again into passages of at most ``length`` tokens.

    Raises ModelUnavailable if the reading model has no tokenizer.
    """
    cuts, left_out = propose_cuts(document, length)
    _replace(document, 0, len(document.text), cuts, left_out)


@transaction.atomic
def merge_with_next(passage: Passage) -> None:
    """Merge a passage with the next one. Raises CannotCut."""
    document = _locked(passage)
    following = current_passages(document).filter(position__gt=passage.position).first()
    if following is None:
        raise CannotCut(
            stored(
                "This is the document’s last passage, so there is no next passage to merge it with."
            )
        )
    merged = Cut(
        passage.start,
        following.end,
        passage.headings,
        passage.first_page,
        following.last_page,
        passage.header_range,
    )
    _replace(document, passage.start, following.end, [merged], [])


@transaction.atomic
def split_passage(passage: Passage, offset: int) -> None:
    """Split a passage in two; the second starts ``offset`` characters into it.

    Raises CannotCut if either would be empty.
    """
    document = _locked(passage)
    before, after = passage.text[:offset], passage.text[offset:]
    if not before.strip() or not after.strip():
        raise CannotCut(stored("A passage can only be cut between two sentences."))
    end = passage.start + len(before.rstrip())
    start = passage.end - len(after.lstrip())
    pages = document.page_starts
    first = Cut(
        passage.start,
        end,
        passage.headings,
        *cutting.pages(pages, passage.start, end),
        passage.header_range,
    )
    second = Cut(
        start,
        passage.end,
        passage.headings,
        *cutting.pages(pages, start, passage.end),
        _headers(document).at(start),
    )
    blank = [LeftOut(end, start, BLANK)] if start > end else []
    _replace(document, passage.start, passage.end, [first, second], blank)


def _headers(document: Document) -> Headers:
    outline = outline_of(document.text, is_plain=document.is_plain_text)
    return Headers(document.text, outline.blocks)


def sentences_and_paragraphs(text: str) -> list[tuple[int, str]]:
    """Return the offset and text of each part of a passage; it may be split between parts."""
    ends = [match.end() for match in _PART_END.finditer(text)]
    starts = [0, *(end for end in ends if text[:end].strip() and text[end:].strip())]
    return [
        (start, text[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]


@transaction.atomic
def exclude_passage(passage: Passage, user: Any) -> None:
    """Stop drafting from a passage, and set aside its items that nobody has decided on."""
    passage.excluded_at, passage.excluded_by = timezone.now(), user
    passage.save(update_fields=["excluded_at", "excluded_by"])
    jobs.hold_jobs(Passage.objects.filter(pk=passage.pk))
    set_items_aside(passage.items.all(), AsideReason.EXCLUDED)


@transaction.atomic
def restore_passage(passage: Passage) -> None:
    """Restore a passage that was excluded or held as a near-duplicate.

    Its items that were set aside with it come back. If it has none, the passage is queued.
    """
    passage.excluded_at = passage.excluded_by = passage.same_as = None
    passage.note = ""
    passage.save(update_fields=["excluded_at", "excluded_by", "same_as", "note"])
    restored = aside.restore_items(passage.items.filter(aside_reason=AsideReason.EXCLUDED))
    if not restored:
        jobs.queue_again(Passage.objects.filter(pk=passage.pk).not_imported())


def _locked(passage: Passage) -> Document:
    """Lock and return the document of a passage that may be merged or split, or raise CannotCut."""
    document = _lock_document(passage.document_id)
    passage.refresh_from_db()
    if passage.superseded_at:
        raise CannotCut(stored("The document has since been cut again. Check its passages."))
    if document.is_triples:
        raise CannotCut(
            stored("This passage was imported with its triples, so it cannot be changed.")
        )
    return document


def current_passages(document: Document) -> PassageQuerySet:
    """Return the passages of the present cut, in the order of the text."""
    return document.passages.filter(superseded_at=None).order_by("position")


def _lock_document(pk: int) -> Document:
    """Lock a document's row against other cuts, but not against workers that store its items.

    These workers lock the passages of the items instead.
    """
    return Document.objects.select_for_update(no_key=True).get(pk=pk)


def _replace(
    document: Document, start: int, end: int, cuts: Sequence[Cut], left_out: Sequence[LeftOut]
) -> None:
    """Replace the passages between ``start`` and ``end`` by these cuts."""
    document = _lock_document(document.pk)
    lock_rows(
        current_passages(document)
    )  # waits for workers that are storing items of these passages
    old = {
        (row.start, row.end): row
        for row in current_passages(document).filter(start__gte=start, end__lte=end)
    }
    new = {(cut.start, cut.end) for cut in cuts}
    replaced = [row for span, row in old.items() if span not in new]
    excluded = [row for row in replaced if row.excluded_at]
    retire_passages(replaced)
    newest = document.passages.aggregate(newest=Max("pk"))["newest"] or 0
    add_passages(document, [cut for cut in cuts if (cut.start, cut.end) not in old])
    if excluded:
        _exclude_covered(document.passages.filter(pk__gt=newest), excluded)
    outside = [gap for gap in document.left_out if gap["end"] <= start or gap["start"] >= end]
    gaps = [*outside, *(gap.as_json() for gap in left_out)]
    document.left_out = sorted(gaps, key=lambda gap: gap["start"])
    document.save(update_fields=["left_out"])
    number_passages(document)


def _exclude_covered(passages: Iterable[Passage], excluded: Sequence[Passage]) -> None:
    """Exclude the passages of which excluded ones cover more than half."""
    for passage in passages:
        covered = sum(
            max(0, min(passage.end, row.end) - max(passage.start, row.start)) for row in excluded
        )
        if covered * 2 > passage.end - passage.start:
            exclude_passage(passage, excluded[0].excluded_by)


def retire_passages(rows: Sequence[Passage]) -> list[int]:
    """Delete locked passages; mark those with what people did or typed at their items instead.

    Returns the ids of the latter, which belong to an earlier cut from then on.
    """
    passages = Passage.objects.filter(pk__in=[row.pk for row in rows])
    items = Item.objects.filter(passage__in=rows)
    items.lock()  # so that nobody stores a review before this transaction ends
    by_people = items.filter(
        Q(reviews__isnull=False)
        | Q(comments__isnull=False)
        | Q(typed__isnull=False)
        | Q(author__isnull=False)
    )
    superseded_ids = list(
        passages.filter(pk__in=by_people.values("passage")).values_list("pk", flat=True)
    )
    set_items_aside(Item.objects.filter(passage__in=superseded_ids), AsideReason.CUT_AGAIN)
    Passage.objects.filter(pk__in=superseded_ids).update(
        superseded_at=timezone.now(), state=JobState.DONE, lease=""
    )
    used = exchanges.used_by(items.exclude(passage__in=superseded_ids))
    going = passages.exclude(pk__in=superseded_ids)
    own_text = Passage.objects.filter(pk=OuterRef("passage")).values("text")
    UnsentItem.objects.filter(passage__in=going).update(about=Subquery(own_text))
    going.delete()
    delete_unused(used)
    return superseded_ids


def number_passages(document: Document) -> None:
    """Number a document's passages in the order of its text."""
    rows = list(current_passages(document).order_by("start").only("pk"))
    current_passages(document).update(position=F("position") + 2 * OUT_OF_THE_WAY)
    for position, row in enumerate(rows):
        row.position = position
    Passage.objects.bulk_update(rows, ["position"], batch_size=AT_ONCE)
