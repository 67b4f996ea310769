"""Passages that say nearly the same: found as they come, drafted once.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4)
names candidates; the words themselves decide.
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
from qareview.stored import stored

PERMUTATIONS, BANDS = 128, 32  # of two texts with 80 % in common, all but 0.01 % become candidates
SHINGLE = 3  # words
ALIKE = 0.8  # shared shingles, of all shingles of both (Jaccard index)

MOST_COMPARED = 20  # passages with which one is compared word by word
ByBand = defaultdict[int, list["Passage"]]
Bands = np.ndarray[Any, np.dtype[np.int64]]
NOTE = stored("It says nearly the same as another passage, so nothing is drafted from it.")


@functools.lru_cache(maxsize=2000)
def shingles(text: str) -> frozenset[str]:
    """Return the runs of three words in a text, in lower case."""
    words = re.findall(r"\w+", text.lower())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return frozenset(" ".join(words[start : start + SHINGLE]) for start in runs)


def bands_of(texts: Iterable[str]) -> Bands:
    """Return hashes of 64 bits, (texts, BANDS), of which near-duplicates share at least one."""
    found = (band for text in texts for band in _bands(text))
    return np.fromiter(found, np.int64).reshape(-1, BANDS)


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
    """Find which of a project's new passages say nearly what another says, and hold them.

    They come stored, some at a time, with the ``bands`` of all. To be called in a transaction;
    others that look for near-duplicates in the project wait.
    """
    Project.everything.select_for_update(no_key=True).get(pk=project.pk)
    shared = _shared(bands)
    by_band: ByBand = defaultdict(list)  # of the fresh ones that stand so far
    first = 0
    for chunk in fresh:
        first = first or chunk[0].pk
        to_draft = [passage for passage in chunk if passage.state == JobState.QUEUED]
        older = _by_band(_older(project, to_draft, first) if to_draft else ())
        found = list(_held(to_draft, older, by_band, shared))
        Passage.objects.bulk_update(found, ["same_as", "state", "note"])


def _shared(bands: Bands) -> set[int]:
    """Return the bands that more than one passage has; they are few."""
    values, counts = np.unique(bands, return_counts=True)
    return set(values[counts > 1].tolist())


def _older(project: Project, chunk: Sequence[Passage], first: int) -> QuerySet[Passage]:
    """Return those older than the ``first`` fresh passage that share a band with a chunk."""
    wanted = [band for passage in chunk for band in passage.bands]
    return (
        Passage.objects.in_project(project)
        .filter(
            pk__lt=first,
            same_as=None,
            superseded_at=None,
            excluded_at=None,
        )
        # last, since to ask a row for so many bands is slow: the fresh rows are not asked
        .filter(RawSQL("generation_passage.bands && %s::bigint[]", [wanted], BooleanField()))
        .order_by("pk")
        .only("bands", "text")
    )


def _by_band(passages: Iterable[Passage]) -> ByBand:
    by_band: ByBand = defaultdict(list)
    for passage in passages:
        _note(passage, passage.bands, by_band)
    return by_band


def _note(passage: Passage, bands: Iterable[int], by_band: ByBand) -> None:
    """Note a passage under its bands; of many that share one, the first stand for all."""
    for band in bands:
        if len(by_band[band]) < MOST_COMPARED:
            by_band[band].append(passage)


def _held(
    chunk: Sequence[Passage], older: ByBand, by_band: ByBand, shared: set[int]
) -> Iterator[Passage]:
    """Yield the passages of a chunk that are like an earlier one, now marked so.

    The others are noted in ``by_band`` under the bands that are ``shared``.
    """
    for passage in chunk:
        own = shared.intersection(passage.bands)
        near = [one for band in passage.bands for one in older.get(band, ())]
        near += [one for band in own for one in by_band[band]]
        same = _first_alike(passage, near)
        if same:
            passage.same_as, passage.state, passage.note = same, JobState.HELD, NOTE
            yield passage
        else:
            _note(passage, own, by_band)


def _first_alike(passage: Passage, near: Sequence[Passage]) -> Passage | None:
    """Return the first passage that says nearly the same, of those that share most bands.

    ``near`` has a passage once for each band it shares.
    """
    by_pk = {one.pk: one for one in near}
    most = Counter(one.pk for one in near).most_common(MOST_COMPARED)
    return next((by_pk[pk] for pk, _ in sorted(most) if alike(passage.text, by_pk[pk].text)), None)


def alike(text: str, other: str) -> bool:
    """Whether two texts say nearly the same: they share most of their shingles."""
    own, others = shingles(text), shingles(other)
    return len(own & others) >= ALIKE * len(own | others)


def groups_of_documents(passages: Iterable[Passage]) -> dict[int, int]:
    """Return for each document of some passages the first of those it shares near-duplicates with.

    Documents are the same group if a chain of such passages leads from one to the other.
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
        near = [one for band in bands for one in by_band[band]]
        same = _first_alike(passage, near)
        if same:
            one, other = sorted((group_of(passage.document_id), group_of(same.document_id)))
            first[other] = one
        _note(passage, bands, by_band)
    return {document: group_of(document) for document in first}
