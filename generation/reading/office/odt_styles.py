"""What the styles of an ODT file say of its paragraphs: titles, contents, code by its font."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from generation.reading.office.docx_styles import LONGEST_CHAIN, is_monospaced

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:"
STYLE = f"{{{_NAMESPACE}style:1.0}}"
TEXT = f"{{{_NAMESPACE}text:1.0}}"
_FORMAT = f"{{{_NAMESPACE}xsl-fo-compatible:1.0}}"


class Styles:
    """The styles of a document, of which ``roots`` are the parts that hold them."""

    def __init__(self, *roots: "Element") -> None:
        self._by_name = {
            (style.get(STYLE + "family", ""), style.get(STYLE + "name", "")): style
            for root in roots
            for style in root.iter(STYLE + "style")
        }
        self._faces = {
            face.get(STYLE + "name", ""): face
            for root in roots
            for face in root.iter(STYLE + "font-face")
        }

    def names(self, paragraph: "Element") -> list[str]:
        """Return the names of a paragraph's style and of those it is based on, in lower case."""
        styles = self._chain("paragraph", paragraph.get(TEXT + "style-name", ""))
        names = (style.get(STYLE + "name", "") for style in styles)
        return [name.replace("_20_", " ").lower() for name in names]

    def is_code(self, element: "Element", family: str) -> bool | None:
        """Whether a paragraph or a "text" span is set in a font for code; None if it has none."""
        for style in self._chain(family, element.get(TEXT + "style-name", "")):
            for properties in style.iterfind(STYLE + "text-properties"):
                name = properties.get(STYLE + "font-name") or properties.get(
                    _FORMAT + "font-family"
                )
                if name:
                    return self._is_monospaced(name)
        return None

    def is_hidden(self, element: "Element", family: str) -> bool:
        """Whether the text of a paragraph or of a "text" span is hidden."""
        for style in self._chain(family, element.get(TEXT + "style-name", "")):
            for properties in style.iterfind(STYLE + "text-properties"):
                if display := properties.get(TEXT + "display"):
                    return bool(display == "none")
        return False

    def _is_monospaced(self, name: str) -> bool:
        face = self._faces.get(name)
        pitch = "" if face is None else face.get(STYLE + "font-pitch", "")
        return is_monospaced(name) or pitch == "fixed"

    def _chain(self, family: str, name: str) -> Iterator["Element"]:
        for _ in range(LONGEST_CHAIN):
            style = self._by_name.get((family, name))
            if style is None:
                return
            yield style
            name = style.get(STYLE + "parent-style-name", "")
