"""Passages that say nearly the same: found as they come, drafted once.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4)
names candidates; the words themselves decide.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from rensa import RMinHash

from generation.models import Passage
from qareview.models import JobState, Project

PERMUTATIONS, BANDS = 128, 32  # of two texts with 80 % in common, all but 0.01 % become candidates
SHINGLE = 3  # words
ALIKE = 0.8  # shared shingles, of all shingles of both (Jaccard index)

Bands = np.ndarray[Any, np.dtype[np.int64]]
NOTE = "It says nearly the same as another passage, so nothing is drafted from it."


def shingles(text: str) -> set[str]:
    """Return the runs of three words in a text, in lower case."""
    words = re.findall(r"\w+", text.lower())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return {" ".join(words[start : start + SHINGLE]) for start in runs}


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
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    shared = _shared(bands)
    by_band: dict[int, list[Passage]] = defaultdict(list)  # of the fresh ones that stand so far
    first = 0
    for chunk in fresh:
        first = first or chunk[0].pk
        to_draft = [passage for passage in chunk if passage.state == JobState.QUEUED]
        older = _by_band(_older(project, to_draft, first)) if to_draft else {}
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
        Passage.objects.filter(
            document__project=project,
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


def _by_band(passages: Iterable[Passage]) -> dict[int, list[Passage]]:
    by_band: dict[int, list[Passage]] = defaultdict(list)
    for passage in passages:
        for band in passage.bands:
            by_band[band].append(passage)
    return by_band


def _held(
    chunk: Sequence[Passage],
    older: dict[int, list[Passage]],
    by_band: dict[int, list[Passage]],
    shared: set[int],
) -> Iterator[Passage]:
    """Yield the passages of a chunk that are like an earlier one, now marked so.

    The others are added to ``by_band`` under the bands that are ``shared``.
    """
    for passage in chunk:
        near = {one.pk: one for band in passage.bands for one in older.get(band, ())}
        own = shared.intersection(passage.bands)
        near |= {one.pk: one for band in own for one in by_band[band]}
        same = _first_alike(passage, [near[pk] for pk in sorted(near)])
        if same:
            passage.same_as, passage.state, passage.note = same, JobState.HELD, NOTE
            yield passage
        else:
            for band in own:
                by_band[band].append(passage)


def _first_alike(passage: Passage, others: Sequence[Passage]) -> Passage | None:
    own = shingles(passage.text) if others else set()
    for other in others:
        words = shingles(other.text)
        if len(own & words) >= ALIKE * len(own | words):
            return other
    return None
