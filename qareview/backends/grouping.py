"""Group prompts that are run together: of similar length, or with the same beginning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SHORTEST_BEGINNING = 16  # tokens; shorter beginnings are not shared; chosen; nobody measured
LEAST_SHARED = 0.5  # of a prompt, to be in a family; chosen; nobody measured
BATCH_TOKENS = 40_960  # in a batch, with padding and max_tokens; chosen; nobody measured


@dataclass
class Family:
    """Prompts, by their indices, that begin with the same ``shared`` tokens."""

    members: list[int] = field(default_factory=list)
    shared: int = 0


def families(prompts: Sequence[Sequence[int]]) -> list[Family]:
    """Return the prompts in families, such as those about the same passage.

    A prompt joins a family if the shared beginning is then at least half of that prompt; at least
    one token is not shared. A prompt that joins none is a family of its own, and shares nothing.
    """
    found: list[Family] = []
    for index in sorted(range(len(prompts)), key=lambda index: list(prompts[index])):
        family = found[-1] if found else Family()
        shared = _shared_with(family, prompts, index)
        if shared >= max(SHORTEST_BEGINNING, LEAST_SHARED * len(prompts[index])):
            family.members.append(index)
            family.shared = shared
        else:
            found.append(Family([index]))
    return found


def _shared_with(family: Family, prompts: Sequence[Sequence[int]], index: int) -> int:
    """Return how many tokens a family would share with one prompt more."""
    if not family.members:
        return 0
    shared = _shared_tokens(prompts[family.members[-1]], prompts[index])
    return min(shared, family.shared) if len(family.members) > 1 else shared


def _shared_tokens(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens both begin with; at least one of each is not counted."""
    return min(same_tokens(first, second), len(first) - 1, len(second) - 1)


def same_tokens(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next(
        (place for place, (one, other) in pairs if one != other), min(len(first), len(second))
    )


def shared_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with: usually instruction and worked examples.

    At least one token of each prompt is not counted, since the model must run on it. Returns 0 for
    a single prompt or fewer than SHORTEST_BEGINNING tokens.
    """
    if len(prompts) < 2:
        return 0
    shared = min(_shared_tokens(prompts[0], prompt) for prompt in prompts[1:])
    return shared if shared >= SHORTEST_BEGINNING else 0


def batches(
    indices: Sequence[int], lengths: Sequence[int], most: int = BATCH_TOKENS
) -> Iterator[list[int]]:
    """Yield indices in batches of similar length and at most ``most`` tokens, with padding."""
    batch: list[int] = []
    longest = 0
    for index in sorted(indices, key=lengths.__getitem__):
        longest = max(longest, lengths[index])
        if batch and longest * (len(batch) + 1) > most:
            yield batch
            batch, longest = [], lengths[index]
        batch.append(index)
    if batch:
        yield batch
