"""Freeze accepted items into a numbered release: copies that never change."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from generation.models import (
    Item,
    ItemState,
    Release,
    ReleaseRow,
    Split,
    Verdict,
)
from generation.passages import cutting, near_duplicates
from qareview import jobs
from qareview.models import JobState, Project
from qareview.stored_sentences import stored

SHARES = {Split.TRAIN: 0.8, Split.VALIDATION: 0.1, Split.TEST: 0.1}  # chosen; nobody measured
ROWS_AT_ONCE = 1000  # rows of one statement; chosen; nobody measured


class NothingAccepted(Exception):
    """The project has no accepted item to freeze."""


def work_off_releases() -> None:
    """Freeze releases, one by one, until none is queued."""
    jobs.work_off(Release, 1, lambda rows: freeze(rows[0]))


def order_release(project: Project, user: Any = None, note: str = "") -> Release:
    """Queue and return the project's next release; if one is already on its way, return that.

    Raises NothingAccepted.
    """
    if not project.items.filter(state=ItemState.ACCEPTED).exists():
        raise NothingAccepted(
            stored("No items have been accepted yet. A release is made of accepted items.")
        )
    while True:
        moving = project.releases.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).first()
        if moving:
            return moving
        last = project.releases.aggregate(last=Max("number"))["last"] or 0
        try:
            with transaction.atomic():
                release = Release.objects.create(
                    project=project, number=last + 1, created_by=user, note=note
                )
                jobs.wake_workers(Release)
        except IntegrityError:  # somebody else has just taken the number
            continue
        return release


def freeze(release: Release) -> None:
    """Copy every accepted item, with its decided texts, into the rows of a claimed release.

    Raises JobFailed if no items are accepted, and LeaseLost if another worker has claimed it.
    """
    with jobs.finishing([release]):
        items = list(_accepted(release.project))
        if not items:
            raise jobs.JobFailed(
                stored("There are no accepted items any more. Their decisions have been undone.")
            )
        splits = _splits(release.project, items)
        rows = _rows(release, items, splits)
        ReleaseRow.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        release.sha256 = _sha256(rows)
        release.facts = _facts(rows, items, splits)
        release.save(update_fields=["sha256", "facts"])


def _accepted(project: Project) -> Iterable[Item]:
    """Lock and return the accepted items, so that no review changes them while they are copied."""
    return (
        project.items.filter(state=ItemState.ACCEPTED)
        .select_for_update(of=("self",))
        .for_list()
        .select_related("variant__prompt")
        .order_by("document_id", "passage__position", "number")
    )


def _rows(release: Release, items: list[Item], splits: dict[int, Split]) -> list[ReleaseRow]:
    rows = [
        ReleaseRow(release=release, split=split, line=line_of(triple_of(item)))
        for split in Split
        for item in items
        if splits[item.document_id] == split
    ]
    for position, row in enumerate(rows):
        row.position = position
    return rows


def triple_of(item: Item) -> dict[str, Any]:
    """Return the full record of an accepted item, with the texts of its decision.

    Raises ValueError if the item is not decided.
    """
    decision = item.decision
    if decision is None:
        raise ValueError(f"Item {item.pk} is not decided.")
    passage = item.passage
    pages = passage.first_page, passage.last_page
    if decision.start is not None and decision.end is not None:
        whole = passage.earlier_text or item.document
        pages = cutting.pages(whole.page_starts, decision.start, decision.end)
    return {
        "id": str(item.pk),
        "question": decision.question,
        "context": item.document.as_said(decision.context or passage.text),
        "answer": decision.answer,
        "document": item.document.name,
        "headings": list(map(item.document.as_said, passage.headings)),
        "pages": list(pages) if pages[0] else [],
        "reviewers": sorted({review.reviewer.get_username() for review in item.decisions}),
        "edited": decision.verdict == Verdict.EDITED,
        **_origin(item),
    }


def _origin(item: Item) -> dict[str, str]:
    """Return where the draft came from, and the name of the model or person that wrote it."""
    if item.author:
        return {"origin": "person", "written_by": item.author.get_username()}
    return {"origin": "table" if item.is_imported else "model", "written_by": item.model}


def line_of(record: dict[str, Any]) -> str:
    """Return a record as a line of JSON; the order of its keys is preserved."""
    return json.dumps(record, ensure_ascii=False)


def _sha256(rows: list[ReleaseRow]) -> str:
    """Return the hash of the rows as a file has them: in UTF-8, each followed by a newline."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.line}\n".encode())
    return digest.hexdigest()


def _splits(project: Project, items: Sequence[Item]) -> dict[int, Split]:
    """Return the split of each document's id; documents that share near-duplicates share it."""
    passages = {item.passage_id: item.passage for item in items}
    groups = near_duplicates.groups_of_documents(passages.values())
    earlier = earlier_splits(project)
    known = {groups[pk]: earlier[pk] for pk in sorted(groups, reverse=True) if pk in earlier}
    splits = assign_splits(Counter(groups[item.document_id] for item in items), known)
    return {document: splits[group] for document, group in groups.items()}


def assign_splits(rows: Counter[int], earlier: dict[int, Split]) -> dict[int, Split]:
    """Return a split for each document; a document stays in the split of earlier releases.

    ``rows`` counts rows by document. The largest new document goes to the first empty split,
    usually train. The smallest documents then fill the other empty splits, so that three documents
    are enough for all three. Each of the rest goes to the split that is furthest below its share.
    """
    splits = {document: split for document, split in earlier.items() if document in rows}
    ascending = sorted((count, document) for document, count in rows.items())
    new = [document for _, document in ascending if document not in splits]
    for document in [*new[-1:], *new[:-1]]:
        filled = Counter(dict.fromkeys(Split, 0))
        for assigned, split in splits.items():
            filled[split] += rows[assigned]
        splits[document] = _emptiest(filled, rows.total())
    return splits


def _emptiest(filled: Counter[Split], total: int) -> Split:
    empty = [split for split in Split if not filled[split]]
    if empty:
        return empty[0]
    return max(Split, key=lambda split: SHARES[split] * total - filled[split])


def earlier_splits(project: Project) -> dict[int, Split]:
    """Return the split of each document that is in an earlier release, by its id."""
    releases = project.releases.exclude(facts={}).order_by("number").values_list("facts", flat=True)
    known: dict[int, Split] = {}
    for facts in releases:
        known.update({entry["id"]: Split(entry["split"]) for entry in facts["documents"]})
    return known


def _facts(rows: list[ReleaseRow], items: list[Item], splits: dict[int, Split]) -> dict[str, Any]:
    """Return what the card and the manifest say about a release besides its rows."""
    by_document = Counter(item.document_id for item in items)
    by_split = Counter(row.split for row in rows)
    documents = {item.document_id: item.document for item in items}
    return {
        "rows": len(rows),
        "edited": sum(row.triple["edited"] for row in rows),
        "splits": {split.value: by_split[split] for split in Split},
        "documents": [
            {
                "id": pk,
                "name": document.name,
                "sha256": document.sha256,
                "rows": by_document[pk],
                "split": splits[pk].value,
            }
            for pk, document in documents.items()
        ],
        "reviewers": sorted({name for row in rows for name in row.triple["reviewers"]}),
        "variants": _variants(items),
        "written": sum(row.triple["origin"] == "person" for row in rows),
        "writers": sorted({item.author.get_username() for item in items if item.author}),
        "decided_by_writer": sum(_is_own_decision(row.triple) for row in rows),
        "imported": sum(item.is_imported for item in items),
    }


def _is_own_decision(triple: dict[str, Any]) -> bool:
    """Whether only the person who wrote a triple decided on it, as an admin who is alone may."""
    return bool(triple["origin"] == "person" and triple["reviewers"] == [triple["written_by"]])


def _variants(items: list[Item]) -> list[dict[str, Any]]:
    """Return the variants and models that wrote the items; imported items have none."""
    drafts = [draft for item in items for _, draft in item.drafts]
    used = {(draft.variant.pk, draft.model): draft.variant for draft in drafts if draft.variant}
    return [
        {"prompt": variant.prompt.task, "variant": variant.number, "model": model}
        for (_, model), variant in sorted(used.items(), key=lambda entry: entry[0])
    ]
