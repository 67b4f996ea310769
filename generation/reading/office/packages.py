"""Open the ZIP packages that office programs write, within limits, and parse the XML in them."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.readings import damaged, protected
from generation.reading.zip_parts import ZIP_ERRORS, ZipParts

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

CORE = {  # metadata of QAReview: local names in the files of Microsoft's and OpenDocument's formats
    "title": ("title",),
    "author": ("creator", "initial-creator"),
    "language": ("language",),
}
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT = (  # the names of the strict form of the standard, and those that all programs know
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/presentationml/main", b"presentationml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"drawingml/2006/"),
)


class Package:
    """The parts of a DOCX, PPTX, ODT or EPUB file.

    All methods raise CannotRead if the file is damaged, protected, or too large when unpacked.
    """

    def __init__(self, archive: zipfile.ZipFile, kind: str) -> None:
        self.kind = kind
        self._archive = archive
        self._names = set(archive.namelist())
        self._parts = ZipParts(archive)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def parts(self, pattern: re.Pattern[str]) -> list[str]:
        """Return the names of the parts that match a pattern, in the order of the archive."""
        return [name for name in self._archive.namelist() if pattern.fullmatch(name)]

    def read(self, name: str) -> bytes:
        """Return a part."""
        if name not in self._names:
            raise damaged(self.kind)
        try:
            return self._parts.read(name)
        except (*ZIP_ERRORS, RuntimeError):
            is_encrypted = self._archive.getinfo(name).flag_bits & 1  # ZIP specification, 4.4.4
            raise (protected if is_encrypted else damaged)(self.kind) from None

    def main_part(self) -> str:
        """Return the name of the part that the relationships call the office document."""
        if main := self.related("", "officeDocument"):
            return main[0]
        raise damaged(self.kind)

    def xml(self, name: str) -> "Element":
        """Return the root of a part."""
        data = self.read(name)
        if b"http://purl.oclc.org/ooxml/" in data:
            for strict, usual in _STRICT:
                data = data.replace(strict, b"http://schemas.openxmlformats.org/" + usual)
        try:
            return xml_trees.parsed(data)
        except ValueError:
            raise damaged(self.kind) from None

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the part of each relation of a part, by its id.

        The kind is the last word of its address, such as "footnotes". Relations that lead out of
        the package are not among them.
        """
        path, folder = _relations_of(name), posixpath.dirname(name)
        if path not in self:
            return {}
        return {
            relation.get("Id", ""): (
                relation.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))[1:],
            )
            for relation in self.xml(path).iter(_RELATION)
            if relation.get("TargetMode") != "External"
        }

    def links(self, name: str) -> list[str]:
        """Return the relations of a part that are links to pages, as they are written."""
        from lxml import etree

        path = _relations_of(name)
        links = self.xml(path).iter(_RELATION) if path in self else ()
        return [
            etree.tostring(link, encoding="unicode", with_tail=False)
            for link in links
            if link.get("Type", "").endswith("/hyperlink")
        ]

    def related(self, name: str, kind: str) -> list[str]:
        """Return the parts of a kind that a part is related to and that exist."""
        parts = (part for its_kind, part in self.relations(name).values() if its_kind == kind)
        return [part for part in dict.fromkeys(parts) if part in self]

    def metadata(self, name: str) -> dict[str, str]:
        """Return title, author and language, as far as a part that may be missing has them."""
        if name not in self:
            return {}
        texts: dict[str, str] = {}
        for element in self.xml(name).iter("{*}*"):
            texts.setdefault(xml_trees.local_name(element), " ".join((element.text or "").split()))
        values = {
            key: next((texts[word] for word in words if texts.get(word)), "")
            for key, words in CORE.items()
        }
        return {key: value for key, value in values.items() if value}


@contextmanager
def opened(path: Path, kind: str) -> Iterator[Package]:
    """Open a file as a package. Raises CannotRead."""
    try:
        archive = zipfile.ZipFile(path)
    except ZIP_ERRORS:
        raise damaged(kind) from None
    with archive:
        yield Package(archive, kind)


def _relations_of(part: str) -> str:
    folder, file = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{file}.rels")
