"""Read PPTX files: each slide is a page, with its title as heading and its notes after it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import COMMENT, RUNNING_HEAD
from generation.reading.decoding import clean
from generation.reading.file_types import PPTX
from generation.reading.office import slide_formulas, slide_graphics, slide_order, slide_text
from generation.reading.office.blocks import Block, Paragraph, body_of_blocks
from generation.reading.office.held_markdown import Holder
from generation.reading.office.packages import Package, opened
from generation.reading.office.pandoc_html import markdown_of_body
from generation.reading.office.pieces import BETWEEN, as_reading
from generation.reading.office.slide_text import RELATION, Levels, P
from generation.reading.readings import Choices, Reading
from generation.reading.xml_trees import choose_alternatives, local_name
from qareview.stored_sentences import listed, stored

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_KIND = "PPTX"
_MARGINS = ("ftr", "hdr", "dt")  # placeholders for running heads
NOTES = "Notes:"  # not translated: a mark between what is shown and what is said


def read_slides(path: Path, _: Choices) -> Reading:
    """Read a PPTX file. Raises CannotRead."""
    with opened(path, _KIND) as package:
        return _read(package)


def _read(package: Package) -> Reading:
    main = package.main_part()
    slides = _Slides(package)
    texts = slides.markdown(_in_order(package, main))
    text, starts = _joined(texts)
    pieces = [
        (text, ""),
        *((comment, COMMENT) for comment in slides.comments),
        *((line, RUNNING_HEAD) for line in dict.fromkeys(slides.margins)),
    ]
    core = next(iter(package.related("", "core-properties")), "")
    return as_reading(
        pieces,
        PPTX,
        page_starts=starts,
        metadata=package.metadata(core),
        note=_note(slides.hidden),
    )


def _in_order(package: Package, main: str) -> list[str]:
    """Return the parts of the slides, in the order of the presentation."""
    relations = package.relations(main)
    ids = (slide.get(RELATION + "id", "") for slide in package.xml(main).iter(P + "sldId"))
    parts = (relations.get(relation, ("", ""))[1] for relation in ids)
    return [part for part in parts if part in package]


def _joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """Join the texts of slides; a slide without text starts where the next one does."""
    joined, starts = "", []
    for text in texts:
        start = len(joined) + (len(BETWEEN) if joined else 0)
        starts.append(start)
        joined += (BETWEEN if joined and text else "") + text
    return joined, [min(start, len(joined)) for start in starts]


def _note(hidden: Sequence[int]) -> str:
    if not hidden:
        return ""
    return stored(
        "Slides that are hidden in the presentation: %(numbers)s.", numbers=listed(hidden)
    )


class _Slides:
    """Writes one slide after the other, and keeps what is beside their texts."""

    def __init__(self, package: Package) -> None:
        self.comments: list[str] = []
        self.margins: list[str] = []
        self.hidden: list[int] = []  # numbers of slides
        self._package = package
        self._levels: dict[str, Levels] = {}
        self._holder = Holder()
        self._has_sections = False

    def markdown(self, parts: Sequence[str]) -> list[str]:
        """Return the texts of slides, of which the parts are given."""
        roots = [self._package.xml(part) for part in parts]
        for root in roots:
            choose_alternatives(root, lambda ways: next(iter(ways), None))  # the first is best
        slide_formulas.hold_formulas(roots, self._holder)
        self.hidden += [
            number for number, root in enumerate(roots, 1) if root.get("show") in ("0", "false")
        ]
        texts = (self._markdown(*slide) for slide in zip(roots, parts, strict=True))
        return [clean(text).strip("\n") for text in texts]

    def _markdown(self, root: "Element", part: str) -> str:
        package = self._package
        blocks = self._blocks(root, part)
        for comments in package.related(part, "comments"):
            texts = slide_text.plain_texts(package.xml(comments))
            self.comments += texts
        notes = [
            block
            for notes_part in package.related(part, "notesSlide")
            for shape in package.xml(notes_part).iter(P + "sp")
            if slide_text.placeholder(shape) == "body"
            for block in slide_text.paragraphs(shape, Levels(bullet=""))
        ]
        if any(note.text.strip() for note in notes):
            mark = Paragraph()
            mark.add(NOTES, slide_text.BOLD)
            blocks += [mark, *notes]
        return markdown_of_body(body_of_blocks(blocks), self._holder)

    def _blocks(self, root: "Element", part: str) -> list[Block]:
        tree = next(root.iter(P + "spTree"), None)
        if tree is None:
            return []
        levels = self._levels_of(part)
        titles: list[Block] = []
        others: list[Block] = []
        for shape in slide_order.in_order(tree, levels.places):
            kind = slide_text.placeholder(shape)
            if kind in _MARGINS:
                self.margins += slide_text.plain_texts(shape)
            elif kind in ("title", "ctrTitle"):
                titles += slide_text.title(shape, self._level(kind, levels))
            elif kind != "sldNum":
                others += self._content(shape, part, levels)
        return titles + others

    def _content(self, shape: "Element", part: str, levels: Levels) -> list[Block]:
        if local_name(shape) == "graphicFrame":
            return slide_graphics.blocks(shape, part, self._package)
        return list(slide_text.paragraphs(shape, levels))

    def _level(self, kind: str, levels: Levels) -> int:
        """Return the level of a heading: of the presentation, a section, or a slide in it."""
        if kind == "ctrTitle":
            return 1
        self._has_sections = self._has_sections or levels.layout == "secHead"
        return 2 if levels.layout == "secHead" or not self._has_sections else 3

    def _levels_of(self, part: str) -> Levels:
        """Return what the layout of a slide says of its placeholders."""
        layout = next(iter(self._package.related(part, "slideLayout")), "")
        if layout and layout not in self._levels:
            master = next(iter(self._package.related(layout, "slideMaster")), "")
            master_root = self._package.xml(master) if master else None
            self._levels[layout] = Levels.of(self._package.xml(layout), master_root)
        return self._levels.get(layout, Levels())
