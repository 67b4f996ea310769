"""Put the XML of an ODT file right before pandoc reads it, which would lose parts of it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from generation.reading.office.docx_code import MOST_CODE
from generation.reading.office.held_markdown import Holder
from generation.reading.office.odt_styles import TEXT, Styles
from generation.reading.xml_trees import local_name, remove, replace, unwrap

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, DRAW, TABLE = (f"{{{_NAMESPACE}{name}:1.0}}" for name in ("office", "drawing", "table"))
LINK = "{http://www.w3.org/1999/xlink}href"
PARAGRAPHS = (TEXT + "p", TEXT + "h")
_DROPPED = ("tracked-changes", "change", "change-start", "change-end", "soft-page-break")
_CONTENTS = ("table-of-content", "illustration-index", "table-index", "object-index")
_WRAPPERS = (
    *("section", "numbered-paragraph", "alphabetical-index", "bibliography", "user-index"),
    *("index-body", "index-title", "meta", "meta-field"),
)
# What stands in a paragraph and is no field.
_INLINE = {"span", "a", "s", "tab", "line-break", "note", "note-citation", "note-body", "p", "h"}
_INLINE |= {"list", "list-item", "list-header", "ruby-base", "ruby-text", "bookmark"}
_INLINE |= {"bookmark-start", "bookmark-end", "reference-mark-start", "reference-mark-end"}


def take_comments(text: "Element") -> list[str]:
    """Remove the comments, and return the text of each."""
    comments = []
    for annotation in [*text.iter(OFFICE + "annotation", OFFICE + "annotation-end")]:
        comments.append("\n\n".join(lines_of(annotation)))
        remove(annotation)
    return [comment for comment in comments if comment]


def take_contents(text: "Element") -> list[str]:
    """Remove the tables of contents, and return their lines."""
    lines = []
    for name in _CONTENTS:
        for contents in [*text.iter(TEXT + name)]:
            body = contents.find(TEXT + "index-body")
            lines += [] if body is None else lines_of(body)
            remove(contents)
    return lines


def put_right(text: "Element", formula: Callable[[str], str]) -> None:
    """Turn what pandoc drops into plain paragraphs and words.

    ``formula`` returns what to write for the formula in a part of the file.
    """
    for element in _all(text, _DROPPED):
        remove(element)
    for wrapper in _all(text, _WRAPPERS):
        for source in [child for child in wrapper if local_name(child).endswith("-source")]:
            remove(source)
        unwrap(wrapper)
    for drawn in [*text.iter(DRAW + "object")]:
        frame = drawn.getparent()
        if frame is not None and (written := formula(drawn.get(LINK, ""))):
            replace(frame, written)
    _free_boxes(text)
    for ruby in _all(text, ("ruby",)):
        reading = ruby.find(TEXT + "ruby-text")
        base = "".join("".join(part.itertext()) for part in ruby if part is not reading)
        spoken = "" if reading is None else "".join(reading.itertext())
        replace(ruby, f"{base} ({spoken})" if spoken else base)
    _write_fields(text)


def style_paragraphs(text: "Element", styles: Styles, holder: Holder) -> None:
    """Make titles headings, and hold code."""
    for paragraph in [*text.iter(TEXT + "p")]:
        if "title" in styles.names(paragraph):
            paragraph.tag = TEXT + "h"
            paragraph.set(TEXT + "outline-level", "1")
    _hold_code(text, styles, holder)


def lines_of(element: "Element") -> list[str]:
    """Return the text of each paragraph that has one, on one line."""
    lines = (" ".join(written(part).split()) for part in element.iter(*PARAGRAPHS))
    return [line for line in lines if line]


def written(element: "Element") -> str:
    """Return the text in an element with its blanks, tabs and line breaks."""
    parts = [element.text or ""]
    for child in element:
        name = local_name(child)
        if name == "s":
            parts.append(" " * _count(child))
        elif name in ("tab", "line-break"):
            parts.append("\t" if name == "tab" else "\n")
        elif name not in ("note", "annotation"):
            parts.append(written(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _count(blanks: "Element") -> int:
    count = blanks.get(TEXT + "c", "1")
    return min(int(count), 1000) if count.isdecimal() else 1  # chosen: no line has more


def _all(text: "Element", names: Iterable[str]) -> list["Element"]:
    return [*text.iter(*(TEXT + name for name in names))]


def _free_boxes(text: "Element") -> None:
    """Put the paragraphs of text boxes and shapes after the paragraph that holds them."""
    for holder in [*text.iter(*PARAGRAPHS)]:
        place = holder
        for drawn in [*holder.iter(DRAW + "*")]:
            if next(drawn.iterancestors(*PARAGRAPHS), None) is not holder:
                continue
            for block in [child for child in drawn if child.tag.startswith((TEXT, TABLE))]:
                place.addnext(block)
                place = block
    for drawn in [*text.iter(DRAW + "*")]:
        is_empty = not any(child.tag in PARAGRAPHS for child in drawn.iter())
        remove(drawn) if is_empty else unwrap(drawn)


def _write_fields(text: "Element") -> None:
    """Put the words that fields show in their places."""
    for paragraph in [*text.iter(*PARAGRAPHS)]:
        for element in [*paragraph.iterdescendants()]:
            is_text = element.tag.startswith(TEXT) if isinstance(element.tag, str) else False
            if is_text and local_name(element) not in _INLINE and element.text:
                replace(element, "".join(element.itertext()))


def _hold_code(text: "Element", styles: Styles, holder: Holder) -> None:
    paragraphs = [part for part in text.iter(TEXT + "p") if written(part).strip()]
    code = [paragraph for paragraph in paragraphs if _is_code(paragraph, styles)]
    letters = sum(len(written(paragraph)) for paragraph in code)
    if letters > MOST_CODE * sum(len(written(paragraph)) for paragraph in paragraphs):
        return
    for paragraph in [part for part in code if not _stands_in_cell(part)]:
        if paragraph.getparent() is not None:  # otherwise it was a line of code held before
            _hold_block(paragraph, styles, holder)
    for span in [*text.iter(TEXT + "span")]:
        if styles.is_code(span, "text") and span.text and not len(span):
            span.text = holder.hold_word(" ".join(span.text.split()))


def _hold_block(paragraph: "Element", styles: Styles, holder: Holder) -> None:
    """Hold a paragraph of code with those that follow it."""
    lines, blank = [written(paragraph)], []
    following = paragraph.getnext()
    while following is not None and following.tag == TEXT + "p":
        line = written(following)
        if line.strip() and not _is_code(following, styles):
            break
        blank.append(line)
        if line.strip():
            lines += blank
            blank = []
        after = following.getnext()
        if not blank:
            _drop_between(paragraph, following)
        following = after
    code = "\n".join(lines)
    is_block = "\n" in code or styles.is_code(paragraph, "paragraph")
    paragraph[:] = []
    paragraph.text = holder.hold_block(code) if is_block else holder.hold_word(code.strip())


def _drop_between(first: "Element", last: "Element") -> None:
    while (following := first.getnext()) is not None:
        remove(following)
        if following is last:
            return


def _stands_in_cell(paragraph: "Element") -> bool:
    return next(paragraph.iterancestors(TABLE + "table-cell"), None) is not None


def _is_code(paragraph: "Element", styles: Styles) -> bool:
    """Whether all words of a paragraph are set in a font for code."""
    own = styles.is_code(paragraph, "paragraph")

    def is_all(element: "Element", inherited: bool | None) -> bool:
        if (element.text or "").strip() and not inherited:
            return False
        for child in element:
            its_own = styles.is_code(child, "text") if local_name(child) == "span" else None
            if not is_all(child, inherited if its_own is None else its_own):
                return False
            if (child.tail or "").strip() and not inherited:
                return False
        return True

    return is_all(paragraph, own)
