"""Replace the passages of a document that was read again, and keep what was reviewed.

A passage whose text is also a passage of the new cut stays with its items. Of the others, those
that people worked on (:mod:`editing`) stay as passages of an earlier cut, and with them the text
that they are slices of.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from generation.models import Document, EarlierText, Passage, Review, Typed
from generation.passages import editing
from generation.passages.cutting import Cut
from qareview import scripts
from qareview.locking import lock_rows

PLACE = ("start", "end", "headings", "first_page", "last_page")
MOVED_FIELDS = (*PLACE, "header_start", "header_end")


def replace_passages(document: Document, cuts: Sequence[Cut]) -> None:
    """Replace the passages of a document by cuts of its new text, which is not stored yet.

    The caller has opened a transaction and locked the document.
    """
    earlier = _keep_earlier_text(document)
    lock_rows(editing.current_passages(document))
    rows = list(editing.current_passages(document))
    moved, added = _match(document, rows, cuts)
    _move(moved)
    stays = {row.pk for row in moved}
    rest = [row for row in rows if row.pk not in stays]
    excluded = [row for row in rest if row.excluded_at]
    retired = editing.retire_passages(rest)
    Passage.objects.filter(pk__in=retired).update(earlier_text=earlier)
    if not earlier.passage_set.exists():
        earlier.delete()
    editing.add_passages(document, added)
    _exclude_again(editing.current_passages(document).exclude(pk__in=stays), excluded)
    editing.number_passages(document)


def _keep_earlier_text(document: Document) -> EarlierText:
    """Store the text that the database still has; passages of earlier cuts refer to it."""
    row = Document.everything.only("text", "page_starts").get(pk=document.pk)
    earlier = EarlierText.objects.create(
        document=document, text=row.text, page_starts=row.page_starts
    )
    superseded = document.passages.filter(superseded_at__isnull=False, earlier_text=None)
    superseded.update(earlier_text=earlier)
    return earlier


def _match(
    document: Document, rows: Sequence[Passage], cuts: Sequence[Cut]
) -> tuple[list[Passage], list[Cut]]:
    """Give passages the places of cuts with the same text; return them, and the cuts left.

    A passage of which somebody chose an excerpt stays where the excerpt is.
    """
    with_excerpts = set(
        Review.objects.filter(item__passage__in=rows, start__isnull=False).values_list(
            "item__passage", flat=True
        )
    )
    by_text: dict[str, deque[Passage]] = defaultdict(deque)
    for row in rows:
        if row.pk not in with_excerpts:
            by_text[row.text].append(row)
    moved, added = [], []
    for cut in cuts:
        same = by_text[document.text[cut.start : cut.end]]
        if same:
            moved.append(_at(same.popleft(), cut))
        else:
            added.append(cut)
    return moved, added


def _at(row: Passage, cut: Cut) -> Passage:
    for field in PLACE:
        setattr(row, field, getattr(cut, field))
    row.header_start, row.header_end = cut.header or (None, None)
    return row


def _move(rows: Sequence[Passage]) -> None:
    """Store the places of passages; unsent excerpts of their items, which may be wrong, go."""
    Passage.objects.bulk_update(rows, MOVED_FIELDS, batch_size=editing.AT_ONCE)
    typed = Typed.objects.filter(item__passage__in=rows, fields__has_key="start")
    for row in typed.select_for_update():
        row.fields = {key: row.fields[key] for key in row.fields if key not in ("start", "end")}
        row.save(update_fields=["fields"])


def _exclude_again(added: Iterable[Passage], excluded: Sequence[Passage]) -> None:
    """Exclude the new passages most of whose words are in one that was excluded."""
    if not excluded:
        return
    words_of_excluded = [(row, _words(row)) for row in excluded]
    for passage in added:
        words = _words(passage)
        for row, others in words_of_excluded:
            if len(words & others) * 2 > len(words):
                editing.exclude_passage(passage, row.excluded_by)
                break


def _words(passage: Passage) -> set[str]:
    return set(scripts.words(passage.text))
