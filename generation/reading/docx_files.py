"""Read DOCX files: their XML is put right, pandoc reads it, and the rest is left out at the end."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generation.passages.left_out import COMMENT, CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading import docx_repair, pandoc, pandoc_html
from generation.reading.docx_styles import NAMESPACE, Styles
from generation.reading.file_types import DOCX
from generation.reading.office_packages import Package, damaged, opened, parsed
from generation.reading.pieces import as_reading
from generation.reading.readings import Choices, Reading

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_KIND = "DOCX"
_FOR_PANDOC = ("styles", "numbering", "footnotes", "endnotes")  # parts that it needs
_NO_STYLES = f'<w:styles xmlns:w="{NAMESPACE}"/>'.encode()
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read_docx(path: Path, _: Choices) -> Reading:
    """Read a DOCX file. Raises CannotRead."""
    with opened(path, _KIND) as package:
        return _read(package)


def _read(package: Package) -> Reading:
    main = next(iter(package.related("", "officeDocument")), "")
    if not main:
        raise damaged(_KIND)
    parts = {
        kind: package.xml(part) for kind in _FOR_PANDOC for part in package.related(main, kind)[:1]
    }
    root, style_root = package.xml(main), parts.setdefault("styles", parsed(_NO_STYLES, _KIND))
    styles = Styles(style_root)
    contents = docx_repair.take_contents(root, styles)
    hidden: list[str] = []
    for story in (root, *(parts[kind] for kind in ("footnotes", "endnotes") if kind in parts)):
        docx_repair.put_right(story)
        hidden += docx_repair.take_hidden(story, styles)
    docx_repair.style_paragraphs(root, styles)
    body = pandoc.html_of(_written(package, main, root, parts), "docx", _KIND)
    pieces = [
        (pandoc_html.markdown_of_body(body), ""),
        ("\n\n".join(contents), CONTENTS),
        ("\n\n".join(hidden), HIDDEN),
        *((text, COMMENT) for text in _stories(package, main, ("comments",))),
        *((text, RUNNING_HEAD) for text in _stories(package, main, ("header", "footer"))),
    ]
    core = next(iter(package.related("", "core-properties")), "")
    return as_reading(pieces, DOCX, metadata=package.metadata(core))


def _stories(package: Package, main: str, kinds: Iterable[str]) -> list[str]:
    """Return the texts of the stories of some kinds, each once."""
    texts = []
    for kind in kinds:
        for part in package.related(main, kind):
            story = package.xml(part)
            docx_repair.put_right(story)
            texts.append("\n\n".join(docx_repair.lines_of(story)))
    return list(dict.fromkeys(texts))


def _written(package: Package, main: str, root: "Element", parts: dict[str, "Element"]) -> bytes:
    """Return a DOCX file with the parts that pandoc needs, and no picture, macro or template."""
    from lxml import etree

    relations = [
        *package.links(main),
        *(_relation(f"part-{kind}", kind, f"{kind}.xml") for kind in parts),
    ]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr(
            "_rels/.rels", _relations([_relation("main", "officeDocument", "word/document.xml")])
        )
        written.writestr("word/_rels/document.xml.rels", _relations(relations))
        written.writestr("word/document.xml", etree.tostring(root))
        for kind, part in parts.items():
            written.writestr(f"word/{kind}.xml", etree.tostring(part))
    return file.getvalue()


def _relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(relations: Iterable[str]) -> str:
    return f'<Relationships xmlns="{_RELATIONS}">{"".join(relations)}</Relationships>'
