"""Find passages that say nearly the same when they are stored; only one of a group is drafted.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4)
names candidates, whose words are then compared.
"""

import functools
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from rensa import RMinHash

from generation.models import Passage
from qareview.models import JobState, Project
from qareview.stored_sentences import stored

PERMUTATIONS, BANDS = 128, 32  # of two texts with 80 % in common, all but 0.01 % become candidates
SHINGLE = 3  # words; chosen; nobody measured
ALIKE = 0.8  # shared shingles, of all shingles of both (Jaccard index); chosen; nobody measured

MOST_COMPARED = 20  # passages, word by word, with one passage; chosen; nobody measured
ByBand = defaultdict[int, list["Passage"]]
Bands = np.ndarray[Any, np.dtype[np.int64]]
NOTE = stored("It is a near-duplicate of another passage, so nothing is drafted from it.")


@functools.lru_cache(maxsize=2000)
def shingles(text: str) -> frozenset[str]:
    """Return the runs of three words in a text, in lower case."""
    words = re.findall(r"\w+", text.lower())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return frozenset(" ".join(words[start : start + SHINGLE]) for start in runs)


def bands_of(texts: Iterable[str]) -> Bands:
    """Return hashes of 64 bits, (texts, BANDS), of which near-duplicates share at least one."""
    bands = (band for text in texts for band in _bands(text))
    return np.fromiter(bands, np.int64).reshape(-1, BANDS)


def _bands(text: str) -> Iterator[int]:
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(list(shingles(text)))
    digest = signature.digest()
    rows = PERMUTATIONS // BANDS
    return (_hash(band, digest[band * rows : (band + 1) * rows]) for band in range(BANDS))


def _hash(band: int, values: Sequence[int]) -> int:
    data = repr((band, *values)).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), signed=True)


def hold_near_duplicates(
    project: Project, fresh: Iterable[Sequence[Passage]], bands: Bands
) -> None:
    """Hold the new passages of a project that say nearly the same as another.

    ``fresh`` has them in batches, stored; ``bands`` are those of all. Called in a transaction:
    another search for near-duplicates in the project waits for its end.
    """
    Project.everything.select_for_update(no_key=True).get(pk=project.pk)
    shared = _shared(bands)
    by_band: ByBand = defaultdict(list)  # of fresh passages that are not held
    first = 0
    for chunk in fresh:
        first = first or chunk[0].pk
        to_draft = [passage for passage in chunk if passage.state == JobState.QUEUED]
        older = _by_band(_older(project, to_draft, first) if to_draft else ())
        held = list(_held(to_draft, older, by_band, shared))
        Passage.objects.bulk_update(held, ["same_as", "state", "note"])


def _shared(bands: Bands) -> set[int]:
    """Return the few bands that more than one passage has."""
    values, counts = np.unique(bands, return_counts=True)
    return set(values[counts > 1].tolist())


def _older(project: Project, chunk: Sequence[Passage], first: int) -> QuerySet[Passage]:
    """Return the passages before the ``first`` fresh one that share a band with a chunk."""
    bands = [band for passage in chunk for band in passage.bands]
    return (
        Passage.objects.in_project(project)
        .filter(
            pk__lt=first,
            same_as=None,
            superseded_at=None,
            excluded_at=None,
        )
        # last, since this is slow for so many bands, and the fresh rows are left out by now
        .filter(RawSQL("generation_passage.bands && %s::bigint[]", [bands], BooleanField()))
        .order_by("pk")
        .only("bands", "text")
    )


def _by_band(passages: Iterable[Passage]) -> ByBand:
    by_band: ByBand = defaultdict(list)
    for passage in passages:
        _add(passage, passage.bands, by_band)
    return by_band


def _add(passage: Passage, bands: Iterable[int], by_band: ByBand) -> None:
    """Add a passage under its bands, each of which lists only the first MOST_COMPARED."""
    for band in bands:
        if len(by_band[band]) < MOST_COMPARED:
            by_band[band].append(passage)


def _held(
    chunk: Sequence[Passage], older: ByBand, by_band: ByBand, shared: set[int]
) -> Iterator[Passage]:
    """Yield the passages of a chunk that say nearly the same as an earlier one, marked as held.

    The others are added to ``by_band``, under the bands that are ``shared``.
    """
    for passage in chunk:
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
    """Return the first passage that says nearly the same, of those that share most bands.

    ``near`` has a passage once for each band it shares.
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
    """Return for each document the first document of its group, by their ids.

    Two documents are in one group if a chain of near-duplicates leads from one to the other.
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
