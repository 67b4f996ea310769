"""The paragraphs in the shapes of a slide, with their bullets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generation.reading.office.blocks import Look, Paragraph
from generation.reading.office.docx_styles import is_monospaced
from generation.reading.xml_trees import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/"
A = f"{{{_DRAWING}}}"
M = f"{{{_OFFICE}math}}"
RELATION = f"{{{_OFFICE}relationships}}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
BOLD = Look(is_bold=True)
_WITH_BULLETS = ("body", "obj", "")  # placeholders whose paragraphs have bullets, as a rule


@dataclass
class Levels:
    """What a layout and its master say of bullets, by placeholders and levels of indentation."""

    layout: str = ""  # its type
    places: dict[str, "Element"] = field(default_factory=dict)  # the layout's shapes, by key
    body: "Element | None" = None  # the master's style of texts
    bullet: str = "•"  # of text in placeholders, if there is no master

    @classmethod
    def of(cls, layout: "Element", master: "Element | None") -> "Levels":
        """Return what a layout and a master say."""
        places = {}
        for root in (master, layout):
            for shape in () if root is None else root.iter(P + "sp"):
                places[placeholder_key(shape)] = shape
                places.setdefault(placeholder(shape) or "", shape)
        body = None if master is None else master.find(f"{P}txStyles/{P}bodyStyle")
        return cls(layout.get("type", ""), places, body)

    def marker(self, shape: "Element", level: int) -> str | None:
        """Return the bullet or number of a paragraph without one of its own; None: not said."""
        inherited = self.places.get(placeholder_key(shape))
        is_body = placeholder(shape) in _WITH_BULLETS
        styles = [
            shape.find(f"{P}txBody/{A}lstStyle"),
            None if inherited is None else inherited.find(f"{P}txBody/{A}lstStyle"),
            self.body if is_body else None,
        ]
        for style in styles:
            properties = None if style is None else style.find(f"{A}lvl{level + 1}pPr")
            marker = None if properties is None else _marker(properties)
            if marker is not None:
                return marker
        return self.bullet if is_body and self.body is None else None


def placeholder(shape: "Element") -> str | None:
    """Return the type of a placeholder; "" for one of content, None for another shape."""
    element = next(shape.iter(P + "ph"), None)
    return None if element is None else element.get("type", "")


def placeholder_key(shape: "Element") -> str:
    """Return what a placeholder and that of its layout have in common."""
    element = next(shape.iter(P + "ph"), None)
    return "" if element is None else f"{element.get('idx', '')}/{element.get('type', '')}"


def title(shape: "Element", level: int) -> list[Paragraph]:
    """Return the text of a title as one heading."""
    text = " ".join(plain_texts(shape))
    heading = Paragraph(level=level)
    if text:
        heading.add(text, Look())
    return [heading]


def plain_texts(element: "Element") -> list[str]:
    """Return the text of each paragraph in an element, on one line."""
    texts = [_paragraph(part).text for part in element.iter(A + "p")]
    texts += [part.text or "" for part in element.iter(P + "text")]  # of old comments
    return [text for text in (" ".join(text.split()) for text in texts) if text]


def paragraphs(shape: "Element", levels: Levels) -> Iterator[Paragraph]:
    """Yield the paragraphs of a shape."""
    sources = [*shape.iter(A + "p")]
    depths = [_depth(source) for source in sources]
    for source, depth in zip(sources, depths, strict=True):
        paragraph = _paragraph(source)
        properties = source.find(A + "pPr")
        marker = None if properties is None else _marker(properties)
        if marker is None:
            marker = levels.marker(shape, depth) or ("•" if any(depths) else "")
        paragraph.marker, paragraph.indent = marker or "", depth
        yield paragraph


def _depth(paragraph: "Element") -> int:
    properties = paragraph.find(A + "pPr")
    level = "" if properties is None else properties.get("lvl", "")
    return min(int(level), 8) if level.isdecimal() else 0


def _marker(properties: "Element") -> str | None:
    """Return the bullet or number that properties give a paragraph; "" for none."""
    for child in properties:
        name = local_name(child)
        if name == "buNone":
            return ""
        if name == "buAutoNum":
            return f"{child.get('startAt', '1')}."
        if name in ("buChar", "buBlip"):
            return "•"
    return None


def _paragraph(source: "Element") -> Paragraph:
    paragraph = Paragraph()
    for child in source:
        name = local_name(child)
        if name == "br":
            paragraph.add("\n", Look())
        elif name == "r":
            text = "".join(part.text or "" for part in child.iter(A + "t"))
            paragraph.add(text.replace("\v", "\n"), _look(child))
        elif name == "fld" and child.get("type", "") != "slidenum":
            paragraph.add("".join(part.text or "" for part in child.iter(A + "t")), Look())
        else:
            formula = "".join(part.text or "" for part in child.iter(M + "t"))
            paragraph.add(formula, Look())
    paragraph.runs = [run for run in paragraph.runs if run.text]
    return paragraph


def _look(run: "Element") -> Look:
    properties = run.find(A + "rPr")
    if properties is None:
        return Look()
    font = properties.find(A + "latin")
    is_code = font is not None and is_monospaced(font.get("typeface", ""))
    bold, italic = (properties.get(name) in ("1", "true") for name in ("b", "i"))
    baseline = properties.get("baseline", "0")
    raised = "" if baseline.strip("0%") == "" else "sub" if baseline.startswith("-") else "sup"
    return Look(bold and not is_code, italic and not is_code, is_code, raised=raised)
