"""Read ODT files: their XML is put right, pandoc reads it, and the rest is left out at the end."""

import io
import posixpath
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import COMMENT, CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading.file_types import ODT
from generation.reading.office import odt_hidden, odt_numbering, odt_repair, pandoc, pandoc_html
from generation.reading.office.held_markdown import Holder
from generation.reading.office.odt_styles import STYLE, Styles
from generation.reading.office.packages import Package, opened
from generation.reading.office.pieces import as_reading
from generation.reading.readings import Choices, Reading, damaged, protected
from generation.reading.xml_trees import local_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element
    from lxml.html import HtmlElement

_KIND = "ODT"
_CONTENT, _STYLES, _META, _MANIFEST = (
    *("content.xml", "styles.xml", "meta.xml"),
    "META-INF/manifest.xml",
)
_NO_STYLES = (
    '<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
    "<office:styles/><office:automatic-styles/></office:document-styles>"
)
_MARGINS = tuple(
    STYLE + name
    for name in ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
)


def read_odt(path: Path, _: Choices) -> Reading:
    """Read an ODT file. Raises CannotRead."""
    with opened(path, _KIND) as package:
        if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
            raise protected(_KIND)
        return _read(package)


def _read(package: Package) -> Reading:
    root = package.xml(_CONTENT)
    style_root = package.xml(_STYLES) if _STYLES in package else None
    roots = [root] if style_root is None else [root, style_root]
    text = next(root.iter(odt_repair.OFFICE + "text"), None)
    if text is None:
        raise damaged(_KIND)
    holder, styles = Holder(), Styles(*roots)
    comments = odt_repair.take_comments(text)
    contents = odt_repair.take_contents(text)
    hidden = odt_hidden.take_hidden(text, styles)
    odt_numbering.write_numbers(text, style_root)
    formulas = _formulas(package, text)
    odt_repair.put_right(text, lambda address: _held(holder, formulas, address))
    odt_repair.style_paragraphs(text, styles, holder)
    body = pandoc.html_of(_written(root, style_root), "odt", _KIND)
    _join_quotes(body)
    pieces = [
        (pandoc_html.markdown_of_body(body, holder), ""),
        ("\n\n".join(contents), CONTENTS),
        ("\n\n".join(hidden), HIDDEN),
        *((comment, COMMENT) for comment in comments),
        *((line, RUNNING_HEAD) for line in _running_heads(style_root)),
    ]
    return as_reading(pieces, ODT, metadata=package.metadata(_META))


def _join_quotes(body: "HtmlElement") -> None:
    """Make the paragraphs of a quote one quote; pandoc makes a quote of each."""
    for quote in body.xpath(".//blockquote[following-sibling::*[1][self::blockquote]]"):
        following = quote.getnext()
        if following is not None:
            following[0:0] = list(quote)
            quote.drop_tree()


def _running_heads(styles: "Element | None") -> list[str]:
    parts = () if styles is None else styles.iter(*_MARGINS)
    return list(dict.fromkeys("\n\n".join(odt_repair.lines_of(part)) for part in parts))


def _formulas(package: Package, text: "Element") -> dict[str, str]:
    """Return the formulas in a text as TeX in Markdown, by the names of their parts."""
    from lxml import etree

    maths = {}
    for drawn in text.iter(odt_repair.DRAW + "object"):
        name = _part_of(drawn.get(odt_repair.LINK, ""))
        if name in package and local_name(root := package.xml(name)) == "math":
            for element in root.iter("{*}*"):
                element.tag = local_name(element)
            etree.cleanup_namespaces(root)
            maths[name] = etree.tostring(root, with_tail=False)
    page = b"".join(b"<p>" + math + b"</p>" for math in maths.values())
    if not maths:
        return {}
    spans = pandoc.html_of(page, "html", _KIND).find_class("math")
    return dict(zip(maths, map(pandoc_html.formula_of, spans), strict=False))


def _part_of(address: str) -> str:
    return posixpath.normpath(posixpath.join(address, _CONTENT))


def _held(holder: Holder, formulas: dict[str, str], address: str) -> str:
    formula = formulas.get(_part_of(address), "")
    return holder.hold(formula) if formula else ""


def _written(root: "Element", styles: "Element | None") -> bytes:
    """Return an ODT file with the parts that pandoc needs, and no picture or macro."""
    from lxml import etree

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("content.xml", etree.tostring(root))
        package.writestr("styles.xml", _NO_STYLES if styles is None else etree.tostring(styles))
    return file.getvalue()
