"""Write a DOCX file for pandoc, with nothing in it but the parts that it needs."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def written_docx(
    document: "Element", parts: Mapping[str, "Element"], links: Iterable[str] = ()
) -> bytes:
    """Return a DOCX file of a document, parts by their kinds, and relations to pages as XML."""
    from lxml import etree

    relations = [*links, *(_relation(f"part-{kind}", kind, f"{kind}.xml") for kind in parts)]
    main = _relation("main", "officeDocument", "word/document.xml")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("_rels/.rels", _relations([main]))
        written.writestr("word/_rels/document.xml.rels", _relations(relations))
        written.writestr("word/document.xml", etree.tostring(document))
        for kind, part in parts.items():
            written.writestr(f"word/{kind}.xml", etree.tostring(part))
    return file.getvalue()


def _relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _relations(relations: Iterable[str]) -> str:
    return f'<Relationships xmlns="{_PACKAGE}">{"".join(relations)}</Relationships>'
