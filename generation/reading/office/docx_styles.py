"""What the styles of a DOCX file say of its paragraphs: headings, captions, code by its font."""

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W = f"{{{NAMESPACE}}}"
CODE, INLINE_CODE, HEADING, QUOTE = (  # ids
    *("QAReviewCode", "QAReviewInlineCode", "QAReviewHeading", "QAReviewQuote"),
)
DEEPEST = 6  # level of headings that Markdown has
LONGEST_CHAIN = 20  # of styles that are based on each other; chosen; nobody measured
_ADDED = {  # the names by which pandoc knows them
    CODE: ("paragraph", "Source Code"),  # not translated: a name of pandoc
    QUOTE: ("paragraph", "Block Text"),  # not translated: a name of pandoc
    INLINE_CODE: ("character", "Verbatim Char"),  # not translated: a name of pandoc
    **{
        f"{HEADING}{level}": ("paragraph", f"heading {level}")  # not translated: a name of Word
        for level in range(1, DEEPEST + 1)
    },
}
_MONOSPACED = re.compile(
    r"courier|consol|\bmono|mono\b|typewriter|menlo|monaco|\bcode\b|source code|cascadia"
    r"|lucida console|letter gothic|fixedsys|inconsolata",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"quot(e|ation|ations)$|^block text$|^zitat$|^citation$", re.IGNORECASE)
_TWIPS = re.compile(r"-?\d{1,6}")
_CAPTION = re.compile(r"caption$|^(illustration|figure|table|drawing)$", re.IGNORECASE)


@functools.lru_cache(maxsize=1000)
def is_monospaced(font: str) -> bool:
    """Whether the name of a font is that of one in which code is set."""
    return bool(_MONOSPACED.search(font))


def is_quote_style(name: str) -> bool:
    """Whether the name of a style is that of quotes."""
    return bool(_QUOTE.search(name))


class Styles:
    """The styles of a document, with those added by whose names pandoc knows code and headings."""

    def __init__(self, root: "Element") -> None:
        self._by_id = {style.get(W + "styleId", ""): style for style in root.iter(W + "style")}
        self._chains: dict[str, list[Element]] = {}  # what was found out stays true
        self._names: dict[str, list[str]] = {}
        self._levels: dict[str, int] = {}
        self._numberings: dict[str, tuple[str, str]] = {}
        self._fonts: dict[str, str | None] = {}
        self._default = next(
            (
                style_id
                for style_id, style in self._by_id.items()
                if style.get(W + "default") in ("1", "true") and _type(style) == "paragraph"
            ),
            "",
        )
        defaults = root.find(f"{W}docDefaults/{W}rPrDefault")
        self._default_font = "" if defaults is None else _font(defaults) or ""
        for style_id, (kind, name) in _ADDED.items():
            style = _added(root, W + "style", {"type": kind, "styleId": style_id})
            _added(style, W + "name", {"val": name})

    def names(self, paragraph: "Element") -> list[str]:
        """Return the names of a paragraph's style and those it is based on, in lower case."""
        style_id = _value(paragraph, "pPr/pStyle")
        if style_id not in self._names:
            styles = self._chain(style_id)
            self._names[style_id] = [_value(style, "name").lower() for style in styles]
        return self._names[style_id]

    def heading_level(self, paragraph: "Element") -> int:
        """Return the level of a heading, from 1 to DEEPEST; 0 if it is none."""
        own = _value(paragraph, "pPr/outlineLvl")
        if own:
            return _level(own)
        style_id = _value(paragraph, "pPr/pStyle")
        if style_id not in self._levels:
            self._levels[style_id] = self._level_of(style_id)
        return self._levels[style_id]

    def _level_of(self, style_id: str) -> int:
        for style in self._chain(style_id):
            name = re.fullmatch(r"heading (\d)", _value(style, "name").lower())
            outline = _value(style, "pPr/outlineLvl")
            if name or outline:
                return min(int(name[1]), DEEPEST) if name else _level(outline)
        return 0

    def numbering(self, paragraph: "Element") -> tuple[str, int]:
        """Return the id of the list that a paragraph is numbered by, and its level there."""
        number, level = self._numbering_of(_value(paragraph, "pPr/pStyle"))
        own = _child(paragraph, "pPr/numPr")
        if own is not None:
            number, level = _value(own, "numId") or number, _value(own, "ilvl") or level
        return number, int(level) if level.isdecimal() else 0

    def _numbering_of(self, style_id: str) -> tuple[str, str]:
        if style_id not in self._numberings:
            number = level = ""
            for style in self._chain(style_id):
                number = number or _value(style, "pPr/numPr/numId")
                level = level or _value(style, "pPr/numPr/ilvl")
            self._numberings[style_id] = number, level
        return self._numberings[style_id]

    def indent(self, paragraph: "Element", level: "Element") -> int:
        """Return how far an item of a level of a list is indented, in twips.

        What the list says counts more than what the style says, unless the style is in the list.
        """
        chain = self._chain(_value(paragraph, "pPr/pStyle"))
        is_in_list = _child(paragraph, "pPr/numPr") is not None
        order = [paragraph, level, *chain] if is_in_list else [paragraph, *chain, level]
        return next((left for each in order if (left := _left(each)) is not None), 0)

    def is_caption(self, paragraph: "Element") -> bool:
        """Whether a paragraph is the caption of a table or figure."""
        return any(_CAPTION.search(name) for name in self.names(paragraph))

    def is_quote(self, paragraph: "Element") -> bool:
        """Whether a paragraph is a quote, by the name of its style."""
        return any(is_quote_style(name) for name in self.names(paragraph))

    def is_code(self, run: "Element", paragraph: "Element") -> bool:
        """Whether a run of text is set in a font for code."""
        return is_monospaced(self._font_of(run, paragraph))

    def has_code_style(self, paragraph: "Element") -> bool:
        """Whether the style of a paragraph is set in a font for code."""
        return is_monospaced(self._font_of_style(_value(paragraph, "pPr/pStyle")) or "")

    def is_hidden(self, run: "Element") -> bool:
        """Whether a run of text is hidden."""
        for element in (run, *self._chain(_value(run, "rPr/rStyle"))):
            vanish = _child(element, "rPr/vanish")
            if vanish is not None:
                return vanish.get(W + "val") not in ("0", "false", "off")
        return False

    def _font_of(self, run: "Element", paragraph: "Element") -> str:
        if (own := _font(run)) is not None:
            return own
        of_run = self._font_of_style(_value(run, "rPr/rStyle"))
        if of_run is not None:
            return of_run
        of_paragraph = self._font_of_style(_value(paragraph, "pPr/pStyle") or self._default)
        return self._default_font if of_paragraph is None else of_paragraph

    def _font_of_style(self, style_id: str) -> str | None:
        if style_id not in self._fonts:
            fonts = map(_font, self._chain(style_id))
            self._fonts[style_id] = next((font for font in fonts if font is not None), None)
        return self._fonts[style_id]

    def _chain(self, style_id: str) -> list["Element"]:
        """Return a style and those that it is based on."""
        if style_id not in self._chains:
            chain: list[Element] = []
            next_id = style_id
            while next_id in self._by_id and len(chain) < LONGEST_CHAIN:
                chain.append(self._by_id[next_id])
                next_id = _value(chain[-1], "basedOn")
            self._chains[style_id] = chain
        return self._chains[style_id]


def set_style(paragraph: "Element", style_id: str) -> None:
    """Give a paragraph another style, "" for plain text, and take it out of its list."""
    properties = _properties(paragraph)
    for name in ("pStyle", "numPr", "outlineLvl", "ind"):
        for element in properties.findall(W + name):
            properties.remove(element)
    if style_id:
        style = properties.makeelement(W + "pStyle", {W + "val": style_id})
        properties.insert(0, style)


def set_numbering(paragraph: "Element", number: str, level: int) -> None:
    """Put a paragraph into a list, by its id, at a level counted from 0."""
    properties = _properties(paragraph)
    for element in properties.findall(W + "numPr"):
        properties.remove(element)
    numbering = _added(properties, W + "numPr", {})
    _added(numbering, W + "ilvl", {"val": str(level)})
    _added(numbering, W + "numId", {"val": number})


def set_run_style(run: "Element", style_id: str) -> None:
    """Give a run of text a style instead of all its properties."""
    for properties in run.findall(W + "rPr"):
        run.remove(properties)
    properties = run.makeelement(W + "rPr")
    run.insert(0, properties)
    _added(properties, W + "rStyle", {"val": style_id})


def _properties(paragraph: "Element") -> "Element":
    """Return the properties of a paragraph, which it has afterwards."""
    properties = paragraph.find(W + "pPr")
    if properties is None:
        properties = paragraph.makeelement(W + "pPr")
        paragraph.insert(0, properties)
    return properties


def _added(parent: "Element", tag: str, attributes: dict[str, str]) -> "Element":
    element = parent.makeelement(tag, {W + name: value for name, value in attributes.items()})
    parent.append(element)
    return element


def _child(element: "Element", path: str) -> "Element | None":
    return element.find(_path(path))


@functools.cache
def _path(path: str) -> str:
    return "/".join(W + name for name in path.split("/"))


def _value(element: "Element", path: str) -> str:
    child = _child(element, path)
    return "" if child is None else str(child.get(W + "val", ""))


def _type(style: "Element") -> str:
    return str(style.get(W + "type", ""))


def _level(outline: str) -> int:
    """Return the level of a heading by its outline level, which counts from 0; 9 is plain text."""
    level = int(outline) if outline.isdecimal() else 9
    return 0 if level >= 9 else min(level + 1, DEEPEST)


def _left(element: "Element") -> int | None:
    indent = _child(element, "pPr/ind")
    written = "" if indent is None else indent.get(W + "left") or indent.get(W + "start") or ""
    return int(written) if _TWIPS.fullmatch(written) else None


def _font(element: "Element") -> str | None:
    """Return the font that an element's properties name; "" for one of the theme, None for none."""
    fonts = _child(element, "rPr/rFonts")
    if fonts is None:
        return None
    if any(fonts.get(W + name) for name in ("asciiTheme", "hAnsiTheme")):
        return ""
    return str(fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or "")
