"""What one would write first to get the text out of a file: the bare library of each format.

``make bench-reading`` compares our readers with these. pandoc runs as a process and writes HTML,
since its Markdown leaves out tables that are too complex; html-to-markdown does the rest.
"""

import posixpath
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path


def html(path: Path) -> None:
    _markdown(path.read_text())


def _markdown(page: str) -> None:
    import html_to_markdown

    html_to_markdown.convert(page)


def news(path: Path) -> None:
    import trafilatura

    trafilatura.extract(path.read_text(), output_format="markdown", include_tables=True)


def epub(path: Path) -> None:
    """Convert every chapter, in the order of their names."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if posixpath.splitext(name)[1] in (".xhtml", ".html"):
                _markdown(archive.read(name).decode())


def pandoc(path: Path) -> None:
    import pypandoc

    command = [pypandoc.get_pandoc_path(), "--to=html", "--sandbox", str(path)]
    _markdown(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def pdf(path: Path) -> None:
    import liteparse

    parser = liteparse.LiteParse(
        output_format="markdown", ocr_enabled=False, quiet=True, image_mode="off"
    )
    for page in parser.parse(str(path)).pages:
        assert page.markdown is not None


def slides(path: Path) -> None:
    """Take the text of every slide and of its notes, as it stands in the XML."""
    from lxml import etree

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith(("ppt/slides/", "ppt/notesSlides/")) and name.endswith(".xml"):
                "\n".join(etree.fromstring(archive.read(name)).itertext())


def workbook(path: Path) -> None:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        book.get_sheet_by_name(name).to_python()


BARE: dict[str, Callable[[Path], None]] = {
    "html": html,
    "news": news,
    "pdf": pdf,
    "pdf_tagged": pdf,
    "docx": pandoc,
    "odt": pandoc,
    "epub": epub,
    "rst": pandoc,
    "rtf": pandoc,
    "ipynb": pandoc,
    "pptx": slides,
    "xlsx": workbook,
}
