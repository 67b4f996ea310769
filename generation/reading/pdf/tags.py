"""The tags of a page: which block each marked content belongs to, and what it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from generation.reading.pdf.strings import string_of

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MOST_TAGS = 50_000  # of a page that are read; chosen; nobody measured
DEEPEST = 60  # levels of tags that are followed; chosen; nobody measured
_INLINE = {"Span", "Link", "Em", "Strong", "Quote", "Reference", "Annot", "Sub", "Code", "Formula"}
_HOLDS_TEXT = re.compile(r"P|H\d?|TD|TH|LI|LBody|Span|Title|Caption|Link|Em|Strong|Note|Formula")
_SAYS_NOTHING = "NonStruct"  # browsers put each piece of a text, and each plain box, into one


@dataclass(frozen=True, slots=True)
class Tag:
    """Where a piece of marked content stands among the tags of its page.

    ``roles`` are the types of the elements around it, the outermost first; ``places`` their numbers
    in the order of the tags. ``block`` is the number of the innermost that is a block.
    """

    roles: tuple[str, ...]
    places: tuple[int, ...]
    block: int

    def place_of(self, role: str) -> int:
        """Return the number of the innermost element of a type; -1 if there is none."""
        pairs = zip(reversed(self.roles), reversed(self.places), strict=True)
        return next((place for each, place in pairs if each == role), -1)


def tags_of(page: "PdfPage") -> dict[int, Tag]:
    """Return the tags of a page by the numbers of the marked content; empty if it has none."""
    import pypdfium2.raw as pdfium

    tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return {}
    try:
        reader = _TagReader()
        for at in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            reader.read(pdfium.FPDF_StructTree_GetChildAtIndex(tree, at), Tag((), (), 0))
        return reader.tags
    finally:
        pdfium.FPDF_StructTree_Close(tree)


class _TagReader:
    """Walks the tags of a page and numbers them."""

    def __init__(self) -> None:
        self.tags: dict[int, Tag] = {}
        self._count = 0

    def read(self, element: Any, above: Tag, block: int = 0) -> bool:
        """Read an element and those inside it, and say whether it is a block that has text.

        ``block`` is the number of the block that goes on if the element is only a part. Behind
        a block within another, what goes on has a number of its own, so that the order is kept.
        """
        import pypdfium2.raw as pdfium

        if not element or len(above.roles) >= DEEPEST or self._count >= MOST_TAGS:
            return False
        self._count += 1
        role = string_of(partial(pdfium.FPDF_StructElement_GetType, element))
        is_part = _is_inline(role, above) or (role == _SAYS_NOTHING and _has_only_text(element))
        block = block if is_part else self._count
        tag = Tag((*above.roles, role), (*above.places, self._count), block)
        tags_before = len(self.tags)
        for at in range(pdfium.FPDF_StructElement_CountChildren(element)):
            number = pdfium.FPDF_StructElement_GetChildMarkedContentID(element, at)
            if number >= 0:
                self.tags[number] = tag
            elif self.read(pdfium.FPDF_StructElement_GetChildAtIndex(element, at), tag, block):
                self._count += 1
                block = self._count
        return not is_part and len(self.tags) > tags_before


def _has_only_text(element: Any) -> bool:
    """Whether an element has no others in it."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDF_StructElement_CountChildren(element)
    return all(
        pdfium.FPDF_StructElement_GetChildMarkedContentID(element, at) >= 0 for at in range(count)
    )


def _is_inline(role: str, above: Tag) -> bool:
    """Whether an element is a part of a paragraph or the like, as all elements in a part are."""
    is_in_part = bool(above.places) and above.places[-1] != above.block
    if role == "Lbl" or is_in_part:
        return True
    parent = above.roles[-1] if above.roles else ""
    if role == _SAYS_NOTHING and parent == "LI":
        return False  # a box, such as one around code
    return role in (*_INLINE, _SAYS_NOTHING) and bool(_HOLDS_TEXT.fullmatch(parent))


def roles_of_headings(tag: Tag) -> Iterator[int]:
    """Yield the levels of the headings that a tag stands in."""
    for role in tag.roles:
        if role == "Title":
            yield 1
        elif match := re.fullmatch(r"H([1-6]?)", role):
            yield int(match[1] or 1)
