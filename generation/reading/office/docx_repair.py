"""Put the XML of a DOCX file right before pandoc reads it, which would lose parts of it.

A *story* is a text of its own: the document, its footnotes, a header, a comment.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from generation.reading.office import docx_styles
from generation.reading.office.docx_styles import Styles, W, set_style
from generation.reading.xml_trees import choose_alternatives, local_name, remove, unwrap

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DELETED = ("del", "moveFrom", "cellDel", "sdtPr", "sdtEndPr", "instrText", "delInstrText")
_FIELD_MARKS = ("fldChar", "customXmlPr", "smartTagPr")
_WRAPPERS = (
    *("ins", "moveTo", "fldSimple", "smartTag", "customXml", "sdt", "sdtContent", "dir", "bdo"),
)
_PICTURES = ("drawing", "pict", "object")
_TO_METADATA = {"title", "subtitle", "author", "date", "abstract", "abstract title"}


def put_right(story: "Element") -> None:
    """Accept the changes of a story, and turn what pandoc drops into plain paragraphs."""
    _choose_alternatives(story)
    for deleted in _all(story, _DELETED):
        if not _is_property(deleted):
            remove(deleted)
    _remove_deleted_rows(story)
    for element in _all(story, _FIELD_MARKS):
        remove(element)
    for wrapper in _all(story, _WRAPPERS):
        if not _is_property(wrapper):
            unwrap(wrapper)
    _write_ruby(story)
    for hyphen in _all(story, ("noBreakHyphen",)):
        hyphen.tag, hyphen.text = W + "t", "-"
    _free_boxes(story)
    for picture in _all(story, _PICTURES):
        remove(picture)
    _join_paragraphs(story)


def style_paragraphs(document: "Element", styles: Styles) -> None:
    """Give headings and captions the styles by which pandoc knows them."""
    for paragraph in document.iter(W + "p"):
        is_in_table = next(paragraph.iterancestors(W + "tbl"), None) is not None
        level = 0 if is_in_table else styles.heading_level(paragraph)
        names = styles.names(paragraph)
        if level and plain_text(paragraph):
            set_style(paragraph, f"{docx_styles.HEADING}{level}")
        elif "title" in names and not is_in_table:
            set_style(paragraph, f"{docx_styles.HEADING}1")
        elif not is_in_table and styles.is_quote(paragraph):
            set_style(paragraph, docx_styles.QUOTE)
        elif level or _TO_METADATA & set(names) or styles.is_caption(paragraph):
            set_style(paragraph, "")


def take_contents(document: "Element", styles: Styles) -> list[str]:
    """Remove the table of contents, and return its lines."""
    entries = [
        paragraph
        for paragraph in document.iter(W + "p")
        if _is_in_contents(paragraph)
        or any(name.startswith("toc ") for name in styles.names(paragraph))
    ]
    return _taken(entries)


def take_hidden(story: "Element", styles: Styles) -> list[str]:
    """Remove hidden text, and return it."""
    return _taken([run for run in story.iter(W + "r") if styles.is_hidden(run)])


def lines_of(story: "Element") -> list[str]:
    """Return the text of each paragraph that has one."""
    return [line for line in map(plain_text, story.iter(W + "p")) if line]


def plain_text(element: "Element") -> str:
    """Return the text in an element on one line."""
    parts = (
        (part.text or "") if part.tag == W + "t" else " "
        for part in element.iter(W + "t", W + "tab", W + "br", W + "cr", W + "p")
    )
    return " ".join("".join(parts).split())


def _all(story: "Element", names: Iterable[str]) -> list["Element"]:
    return [*story.iter(*(W + name for name in names))]


def _is_property(element: "Element") -> bool:
    """Whether an element marks a paragraph, row or run as changed, and does not hold the change."""
    parent = element.getparent()
    return parent is not None and local_name(parent) in ("rPr", "trPr", "tcPr", "numPr", "pPr")


def _choose_alternatives(story: "Element") -> None:
    """Keep one of several ways to write a thing: text boxes as drawings, the rest as text."""

    def chosen(alternatives: "Element") -> "Element | None":
        choice, fallback = (
            alternatives.find(_COMPATIBILITY + name) for name in ("Choice", "Fallback")
        )
        is_drawing = choice is not None and next(choice.iter(W + "drawing"), None) is not None
        return choice if is_drawing or fallback is None else fallback

    choose_alternatives(story, chosen)


def _remove_deleted_rows(story: "Element") -> None:
    for row in _all(story, ("tr",)):
        if row.find(f"{W}trPr/{W}del") is not None:
            remove(row)


def _write_ruby(story: "Element") -> None:
    """Write how a word is read, which stands above it, in brackets after it."""
    for ruby in _all(story, ("ruby",)):
        base, reading = (ruby.find(W + name) for name in ("rubyBase", "rt"))
        texts = ["" if part is None else plain_text(part) for part in (base, reading)]
        ruby.tag, ruby[:] = W + "t", []
        ruby.text = f"{texts[0]} ({texts[1]})" if all(texts) else "".join(texts)


def _free_boxes(story: "Element") -> None:
    """Put the paragraphs of text boxes after the paragraph that holds the box."""
    for holder in _all(story, ("p",)):
        place = holder
        for box in [*holder.iter(W + "txbxContent")]:
            if next(box.iterancestors(W + "p"), None) is not holder:
                continue
            for block in list(box):
                place.addnext(block)
                place = block


def _join_paragraphs(story: "Element") -> None:
    """Join a paragraph to the next if its end was deleted, or if it is a large first letter."""
    for paragraph in _all(story, ("p",)):
        following = paragraph.getnext()
        mark = paragraph.find(f"{W}pPr/{W}rPr")
        frame = paragraph.find(f"{W}pPr/{W}framePr")
        is_open = mark is not None and any(local_name(e) in ("del", "moveFrom") for e in mark)
        is_open = is_open or (frame is not None and frame.get(W + "dropCap") in ("drop", "margin"))
        if not is_open or following is None or following.tag != W + "p":
            continue
        runs = [child for child in paragraph if child.tag != W + "pPr"]
        place = 1 if following.find(W + "pPr") is not None else 0
        following[place:place] = runs
        remove(paragraph)


def _is_in_contents(paragraph: "Element") -> bool:
    return any(
        gallery.get(W + "val") == "Table of Contents"  # not translated: as Word writes it
        for holder in paragraph.iterancestors(W + "sdt")
        for gallery in holder.iterfind(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    )


def _taken(elements: list["Element"]) -> list[str]:
    texts = [plain_text(element) for element in elements]
    for element in elements:
        remove(element)
    return [text for text in texts if text]
