"""Join the pieces of a text, of which some are left out of its passages."""

from collections.abc import Iterable, Mapping

from generation.passages.left_out import LeftOut
from generation.reading.decoding import clean
from generation.reading.readings import Reading

BETWEEN = "\n\n"


def joined_pieces(pieces: Iterable[tuple[str, str]]) -> tuple[str, list[LeftOut]]:
    """Join pieces, each a text and the reason why it is in no passage, or "".

    Returns the text and the ranges that are left out. Empty pieces are dropped.
    """
    text, left_out = "", []
    for piece, reason in pieces:
        if not (piece := clean(piece).strip("\n")).strip():
            continue
        text += BETWEEN if text else ""
        if reason:
            left_out.append(LeftOut(len(text), len(text) + len(piece), reason))
        text += piece
    return text, left_out


def as_reading(
    pieces: Iterable[tuple[str, str]],
    media_type: str,
    *,
    page_starts: Iterable[int] = (),
    metadata: Mapping[str, str] | None = None,
    note: str = "",
) -> Reading:
    """Return the reading of a file whose text is made of pieces; see :func:`joined_pieces`."""
    text, left_out = joined_pieces(pieces)
    return Reading(
        text,
        media_type,
        page_starts=list(page_starts),
        left_out=left_out,
        metadata=dict(metadata or {}),
        note=note,
    )
