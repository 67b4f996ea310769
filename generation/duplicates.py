"""Passages that say nearly the same: found as they come, drafted once.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4)
names candidates; the words themselves decide.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rensa import RMinHash

from generation.models import Passage
from qareview.models import JobState, Project

PERMUTATIONS, BANDS = 128, 32  # of two texts with 80 % in common, all but 0.01 % become candidates
SHINGLE = 3  # words
ALIKE = 0.8  # shared shingles, of all shingles of both (Jaccard index)
AT_ONCE = 500

NOTE = "It says nearly the same as another passage, so nothing is drafted from it."


def shingles(text: str) -> set[str]:
    """Return the runs of three words in a text, in lower case."""
    words = re.findall(r"\w+", text.lower())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return {" ".join(words[start : start + SHINGLE]) for start in runs}


def bands_of(text: str) -> list[int]:
    """Return hashes, signed and of 64 bits, of which near-duplicates share at least one."""
    signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
    signature.update(list(shingles(text)))
    digest = signature.digest()
    rows = PERMUTATIONS // BANDS
    return [_hash(band, digest[band * rows : (band + 1) * rows]) for band in range(BANDS)]


def _hash(band: int, values: Sequence[int]) -> int:
    data = repr((band, *values)).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), signed=True)


def hold_near_duplicates(project: Project, fresh: Sequence[Passage]) -> None:
    """Find which of a project's new, stored passages say nearly what another says, and hold them.

    To be called in a transaction; others that look for near-duplicates in the project wait.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    for start in range(0, len(fresh), AT_ONCE):
        chunk = fresh[start : start + AT_ONCE]
        found = list(_held(_candidates(project, chunk), chunk))
        Passage.objects.bulk_update(found, ["same_as", "state", "note"])


def _candidates(project: Project, chunk: Sequence[Passage]) -> list[Passage]:
    wanted = list({band for passage in chunk for band in passage.bands})
    return list(
        Passage.objects.filter(
            document__project=project,
            bands__overlap=wanted,
            same_as=None,
            superseded_at=None,
            excluded_at=None,
        )
        .order_by("pk")
        .only("bands", "text")
    )


def _held(candidates: Iterable[Passage], chunk: Sequence[Passage]) -> Iterable[Passage]:
    """Yield the passages of a chunk that are like an earlier one, now marked so."""
    by_band: dict[int, list[Passage]] = defaultdict(list)
    words = {}
    for candidate in candidates:
        words[candidate.pk] = shingles(candidate.text)
        for band in candidate.bands:
            by_band[band].append(candidate)
    gone = set()
    for passage in chunk:
        near = {one.pk: one for band in passage.bands for one in by_band[band]}
        earlier = sorted(pk for pk in near if pk < passage.pk and pk not in gone)
        own = shingles(passage.text)
        for pk in earlier:
            if len(own & words[pk]) >= ALIKE * len(own | words[pk]):
                passage.same_as, passage.state, passage.note = near[pk], JobState.HELD, NOTE
                gone.add(passage.pk)
                yield passage
                break
