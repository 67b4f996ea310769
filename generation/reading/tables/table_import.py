"""Import the rows of a table as passages, or as items if they are whole triples."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from generation import search
from generation.checks import scoring
from generation.checks.scoring import Draft
from generation.models import AsideReason, Document, Item, ItemState, Passage, Question
from generation.passages import editing
from generation.passages.cutting import Cut
from generation.passages.left_out import BLANK, LeftOut
from generation.reading.readings import Reading
from generation.review.aside import SENTENCES
from qareview import jobs, languages
from qareview.models import JobState

AT_ONCE = 100  # triples scored and stored together; chosen; nobody measured
READ_FIELDS = ["text", "media_type", "language", "left_out", "note", "survey"]


def ask_for_columns(document: Document, reading: Reading) -> None:
    """Store the survey of a claimed table, and hold it until somebody chooses its columns."""
    document.media_type, document.survey = reading.media_type, reading.survey
    document.note, document.columns = reading.note, {}
    with jobs.finishing([document], JobState.HELD):
        document.save(update_fields=["media_type", "survey", "note", "columns"])


def import_rows(document: Document, reading: Reading) -> None:
    """Store each context of a claimed table as a passage, and each triple as an item.

    Raises ModelUnavailable, and LeaseLost if another worker has since claimed the table.
    """
    cuts = list(_cuts(reading.rows))
    document.text, document.media_type = reading.text, reading.media_type
    document.language = languages.detect_language(reading.text[: cuts[-1].end])
    document.left_out = [gap.as_json() for gap in _gaps(cuts, reading.left_out)]
    document.note, document.survey = reading.note, {}
    if document.is_triples:
        _import_triples(document, reading.rows, cuts)
        return
    with jobs.finishing([document]):
        document.save(update_fields=READ_FIELDS)
        editing.add_passages(document, cuts)


def _import_triples(
    document: Document, rows: Sequence[dict[str, Any]], cuts: Sequence[Cut]
) -> None:
    """Store triples in batches while the document stays claimed.

    A worker that dies loses at most a batch; the next worker continues after it.
    """
    passages = _store_passages(document, cuts)
    for drafts in _drafts(document, rows, passages):
        scoring.score_drafts(document.project, drafts)
        with jobs.storing([document]):
            _set_aside_excluded(drafts)
            scoring.draw_purposes(document.project, (draft.item for draft in drafts))
            Item.objects.bulk_create(draft.item for draft in drafts)
            Question.objects.bulk_create(draft.questions[0] for draft in drafts)
            search.index_items(draft.item.pk for draft in drafts)
    with jobs.finishing([document]):
        pass


def _set_aside_excluded(drafts: Sequence[Draft]) -> None:
    """Set aside the triples whose passages were excluded before the triples could be stored."""
    passages = Passage.objects.filter(pk__in={draft.item.passage_id for draft in drafts})
    locked = dict(passages.select_for_update().values_list("pk", "excluded_at"))
    for draft in drafts:
        if locked[draft.item.passage_id]:
            draft.item.state = ItemState.ASIDE
            draft.item.aside_reason = AsideReason.EXCLUDED
            draft.item.aside = SENTENCES[AsideReason.EXCLUDED]


def _cuts(rows: Sequence[dict[str, Any]]) -> Iterator[Cut]:
    """Yield the passages in the order of the text, with the headings and pages of the first row."""
    end = -1
    for row in rows:
        if row["start"] > end:
            end = row["end"]
            yield Cut(row["start"], end, row["headings"], *row["pages"])


def _gaps(cuts: Sequence[Cut], left_out: Sequence[LeftOut]) -> Iterator[LeftOut]:
    """Yield what was left out behind the passages, and the blanks between all these parts."""
    spans = [(cut.start, cut.end) for cut in cuts] + [(part.start, part.end) for part in left_out]
    for (_, end), (start, _) in pairwise(spans):
        yield LeftOut(end, start, BLANK)
    yield from left_out


def _store_passages(document: Document, cuts: Sequence[Cut]) -> dict[int, Passage]:
    """Store the passages of triples, unless a worker that died has; return them by their starts."""
    passages = list(document.passages.all())
    if not passages:
        with jobs.storing([document]):
            document.save(update_fields=READ_FIELDS)
            editing.add_passages(document, cuts, state=JobState.DONE)
        passages = list(document.passages.all())
    for passage in passages:
        passage.document = document
    return {passage.start: passage for passage in passages}


def _drafts(
    document: Document, rows: Sequence[dict[str, Any]], passages: dict[int, Passage]
) -> Iterator[list[Draft]]:
    """Yield the triples that are not stored yet, in batches."""
    stored_items = Item.objects.filter(document=document)
    stored_rows = set(stored_items.values_list("parameters__row", flat=True))
    numbers: Counter[int] = Counter()  # the triples of each passage, by its start
    drafts: list[Draft] = []
    for row in rows:
        numbers[row["start"]] += 1
        if row["row"] not in stored_rows:
            drafts.append(_draft(document, row, passages[row["start"]], numbers[row["start"]]))
        if len(drafts) == AT_ONCE:
            yield drafts
            drafts = []
    if drafts:
        yield drafts


def _draft(document: Document, row: dict[str, Any], passage: Passage, number: int) -> Draft:
    item = Item(
        project=document.project,
        document=document,
        passage=passage,
        number=number,
        answer=row["answer"],
        parameters={"row": row["row"]},
    )
    return Draft(item, [Question(item=item, text=row["question"], parameters={"row": row["row"]})])
