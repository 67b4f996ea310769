"""Read DOCX files: their XML is put right, pandoc reads it, and the rest is left out at the end."""

from collections.abc import Iterable
from pathlib import Path

from generation.passages.left_out import COMMENT, CONTENTS, HIDDEN, RUNNING_HEAD
from generation.reading.file_types import DOCX
from generation.reading.office import (
    docx_code,
    docx_graphics,
    docx_lists,
    docx_numbering,
    docx_repair,
    pandoc,
    pandoc_html,
)
from generation.reading.office.docx_styles import NAMESPACE, Styles
from generation.reading.office.docx_writing import written_docx
from generation.reading.office.packages import Package, opened
from generation.reading.office.pieces import as_reading
from generation.reading.readings import Choices, Reading
from generation.reading.xml_trees import parsed

_KIND = "DOCX"
_FOR_PANDOC = ("styles", "numbering", "footnotes", "endnotes")  # parts that it needs
_NO_STYLES = f'<w:styles xmlns:w="{NAMESPACE}"/>'.encode()


def read_docx(path: Path, _: Choices) -> Reading:
    """Read a DOCX file. Raises CannotRead."""
    with opened(path, _KIND) as package:
        return _read(package)


def _read(package: Package) -> Reading:
    main = package.main_part()
    parts = {
        kind: package.xml(part) for kind in _FOR_PANDOC for part in package.related(main, kind)[:1]
    }
    root, style_root = package.xml(main), parts.setdefault("styles", parsed(_NO_STYLES))
    styles = Styles(style_root)
    contents = docx_repair.take_contents(root, styles)
    docx_graphics.write_graphics(root, main, package)
    hidden: list[str] = []
    for story in (root, *(parts[kind] for kind in ("footnotes", "endnotes") if kind in parts)):
        docx_repair.put_right(story)
        hidden += docx_repair.take_hidden(story, styles)
    docx_numbering.write_numbers(root, parts.get("numbering"), styles)
    docx_lists.nest_items(root, parts.get("numbering"), styles)
    docx_repair.style_paragraphs(root, styles)
    docx_code.mark_code(root, styles)
    body = pandoc.html_of(written_docx(root, parts, package.links(main)), "docx", _KIND)
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
