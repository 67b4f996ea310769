"""Find passages that say nearly the same; only one of them is drafted from.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4)
finds candidates, whose words are then compared.
"""

import functools
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max, QuerySet
from rensa import RMinHash

from generation.models import Passage
from qareview.models import JobState, Project
from qareview.scripts import words
from qareview.stored_sentences import stored
from qareview.time_limits import check_time

PERMUTATIONS, BANDS = 128, 32  # miss (1 - 0.8**4)**32 = 5e-8 of pairs with 80 % in common
ROWS = PERMUTATIONS // BANDS  # of a band
_BAND = b"(%s)" % b", ".join([b"%d"] * (ROWS + 1))
SHINGLE = 3  # words; chosen; nobody measured
ALIKE = 0.8  # Jaccard index of the shingles of near-duplicates; chosen; nobody measured

MOST_COMPARED = 20  # passages whose words are compared with a passage; chosen; nobody measured
ByBand = defaultdict[int, list["Passage"]]
Bands = np.ndarray[Any, np.dtype[np.int64]]
NOTE = stored("It is a near-duplicate of another passage, so nothing is drafted from it.")


@functools.lru_cache(maxsize=2000)
def shingles(text: str) -> frozenset[str]:
    """Return the runs of three words in a text, in lower case."""
    own = words(text)
    if len(own) < SHINGLE:
        return frozenset([" ".join(own)])
    later = (own[start:] for start in range(SHINGLE))
    return frozenset(map(" ".join, zip(*later, strict=False)))


def bands_of(texts: Iterable[str]) -> Bands:
    """Return 64-bit hashes, (texts, BANDS); near-duplicates share at least one."""
    hashes = b"".join(map(_bands, texts))
    return np.frombuffer(hashes, ">i8").astype(np.int64).reshape(-1, BANDS)


def _bands(text: str) -> bytes:
    """Return the hashes of a text's bands, each of which is written with its number before."""
    check_time()
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(list(shingles(text)))
    digest = iter(signature.digest())
    written = (
        _BAND % (band, *rows) for band, rows in enumerate(zip(*[digest] * ROWS, strict=True))
    )
    return b"".join(hashlib.blake2b(each, digest_size=8).digest() for each in written)


def hold_near_duplicates(
    project: Project, fresh: Iterable[Sequence[Passage]], bands: Bands
) -> None:
    """Hold the new passages of a project that say nearly the same as another passage.

    ``fresh`` yields batches of stored passages; ``bands`` has the bands of all of them. The caller
    has opened a transaction. Until it ends, other calls for the same project wait.
    """
    Project.everything.select_for_update(no_key=True).get(pk=project.pk)
    shared = _shared(bands)
    by_band: ByBand = defaultdict(list)  # the fresh passages that are not held
    # Of the older ones. Among those of all projects, the highest id is found without a search.
    last = Passage.objects.aggregate(last=Max("pk"))["last"]
    for batch in fresh:
        to_draft = [passage for passage in batch if passage.state == JobState.QUEUED]
        older = _by_band(_older(project, to_draft, last) if last and to_draft else ())
        held = list(_held(to_draft, older, by_band, shared))
        Passage.objects.bulk_update(held, ["same_as", "state", "note"])


def _shared(bands: Bands) -> set[int]:
    """Return the bands that more than one passage has, which are few."""
    values, counts = np.unique(bands, return_counts=True)
    return set(values[counts > 1].tolist())


def _older(project: Project, batch: Sequence[Passage], last: int) -> QuerySet[Passage]:
    """Return the passages up to the ``last`` id that share a band with a batch."""
    bands = {band for passage in batch for band in passage.bands}
    return (
        Passage.objects.in_project(project)
        .filter(
            pk__in=_share_a_band(bands, last),
            superseded_at=None,
            excluded_at=None,
        )
        .order_by("pk")
        .only("bands", "text")
    )


def _share_a_band(bands: set[int], last: int) -> list[int]:
    """Return the ids, up to the ``last``, of passages of any project that have any of the bands.

    Passages that are near-duplicates themselves are left out.

    It looks each band up in the index, in a query of its own: as a part of another query, or with
    ``bands && …``, all bands would be compared with each passage, a thousand times as slowly.
    OFFSET 0 keeps the other conditions from being looked up first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT passage.id FROM unnest(%s::bigint[]) band, LATERAL ("
            " SELECT id, same_as_id FROM generation_passage WHERE bands @> ARRAY[band] OFFSET 0"
            ") passage WHERE passage.id <= %s AND passage.same_as_id IS NULL",
            [list(bands), last],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _by_band(passages: Iterable[Passage]) -> ByBand:
    by_band: ByBand = defaultdict(list)
    for passage in passages:
        _add(passage, passage.bands, by_band)
    return by_band


def _add(passage: Passage, bands: Iterable[int], by_band: ByBand) -> None:
    """Add a passage to the list of each of its bands, up to MOST_COMPARED passages."""
    for band in bands:
        if len(by_band[band]) < MOST_COMPARED:
            by_band[band].append(passage)


def _held(
    batch: Sequence[Passage], older: ByBand, by_band: ByBand, shared: set[int]
) -> Iterator[Passage]:
    """Mark as held, and yield, the passages of a batch that are near-duplicates of an earlier one.

    The others are added to ``by_band``, under the bands that are ``shared``.
    """
    for passage in batch:
        own = shared.intersection(passage.bands)
        near = [other for band in passage.bands for other in older.get(band, ())]
        near += [other for band in own for other in by_band[band]]
        same = _first_near_duplicate(passage, near)
        if same:
            passage.same_as, passage.state, passage.note = same, JobState.HELD, NOTE
            yield passage
        else:
            _add(passage, own, by_band)


def _first_near_duplicate(passage: Passage, near: Sequence[Passage]) -> Passage | None:
    """Return the earliest near-duplicate among the passages that share most bands, or None.

    ``near`` has a passage once for each band that it shares.
    """
    by_pk = {other.pk: other for other in near}
    most = Counter(other.pk for other in near).most_common(MOST_COMPARED)
    return next(
        (by_pk[pk] for pk, _ in sorted(most) if are_near_duplicates(passage.text, by_pk[pk].text)),
        None,
    )


def are_near_duplicates(text: str, other: str) -> bool:
    """Whether two texts say nearly the same: they share most of their shingles."""
    own, others = shingles(text), shingles(other)
    return len(own & others) >= ALIKE * len(own | others)


def groups_of_documents(passages: Iterable[Passage]) -> dict[int, int]:
    """Return the group of each document, both as ids; a group has the id of its first document.

    Documents are in the same group if a chain of near-duplicates connects them.
    """
    first: dict[int, int] = {}
    by_band: ByBand = defaultdict(list)

    def group_of(document: int) -> int:
        while first[document] != document:
            document = first[document]
        return document

    for passage in passages:
        first.setdefault(passage.document_id, passage.document_id)
        bands = passage.bands or bands_of([passage.text])[0].tolist()
        near = [other for band in bands for other in by_band[band]]
        same = _first_near_duplicate(passage, near)
        if same:
            earlier, later = sorted((group_of(passage.document_id), group_of(same.document_id)))
            first[later] = earlier
        _add(passage, bands, by_band)
    return {document: group_of(document) for document in first}
