"""Office files that attack the reader: nothing is fetched, no other file is read, limits hold."""

import os
import time
from pathlib import Path

import pytest

from generation.reading import reader_process, zip_parts
from generation.reading.readings import CannotRead
from tests import office

SECONDS, MEGABYTES = 60, 2000


def isolated(
    path: Path, data: bytes, name: str, seconds: int = SECONDS, megabytes: int = MEGABYTES
) -> str:
    """Read a file in the reader's process; return its text, or why there is none."""
    path.write_bytes(data)
    try:
        return reader_process.read_isolated(path, name, seconds=seconds, megabytes=megabytes).text
    except CannotRead as reason:
        return str(reason)


def test_nothing_outside_of_a_docx_is_fetched(
    tmp_path: Path, listening: tuple[str, list[bytes]]
) -> None:
    address, heard = listening
    picture = (
        '<w:r><w:drawing><wp:inline><a:graphic><a:graphicData><a:blip r:link="image"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    link = '<w:hyperlink r:id="link"><w:r><w:t>A link to the harbour</w:t></w:r></w:hyperlink>'
    relations = office.relations(
        ("image", "image", f"{address}/image.png"),
        ("link", "hyperlink", f"{address}/page"),
        ("template", "attachedTemplate", f"{address}/template.dotx"),
        ("frame", "frame", f"{address}/frame.htm"),
        ("notes", "footnotes", "file:///etc/passwd"),
    )
    field = f'<w:fldSimple w:instr="INCLUDEPICTURE {address}/field.png"><w:r/></w:fldSimple>'
    data = office.docx(
        f"<w:p>{link}{picture}{field}</w:p>", more={"word/_rels/document.xml.rels": relations}
    )
    text = isolated(tmp_path / "a", data, "a.docx")
    assert "A link to the harbour" in text
    assert heard == []


def test_nothing_outside_of_other_office_files_is_fetched(
    tmp_path: Path, listening: tuple[str, list[bytes]]
) -> None:
    address, heard = listening
    frame = f'<draw:frame><draw:image xlink:href="{address}/a.png"/></draw:frame>'
    drawn = f'<draw:frame><draw:object xlink:href="{address}/formula"/></draw:frame>'
    odt = office.odt(f"<text:p>The tide rises.{frame}{drawn}</text:p>")
    rst = f".. image:: {address}/a.png\n\n.. figure:: {address}/b.png\n\n   The tide rises."
    rtf = (
        r"{\rtf1 {\field{\*\fldinst INCLUDEPICTURE " + f'"{address}/a.png"' + r"}{\fldrslt }}"
        r"{\*\template " + address + r"/t.dot}The tide rises.\par}"
    )
    slide = office.shape("The tide rises.") + '<p:pic><a:blip r:link="i"/></p:pic>'
    picture = office.relations(("i", "image", f"{address}/c.png"))
    pptx = office.pptx([slide], {"ppt/slides/_rels/slide0.xml.rels": picture})
    saved = (
        "Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n"
        f"<img src={address}/d.png><iframe src={address}/e></iframe><p>The tide rises.\n--x--\n"
    )
    for name, data in {
        "a.odt": odt,
        "a.rst": rst.encode(),
        "a.rtf": rtf.encode(),
        "a.pptx": pptx,
        "a.mht": saved.encode(),
    }.items():
        assert "The tide rises." in isolated(tmp_path / name, data, name), name
    assert heard == []


@pytest.mark.parametrize(
    "directive",
    [
        ".. include:: /etc/passwd",
        ".. include:: /etc/passwd\n   :literal:",
        ".. literalinclude:: /etc/passwd",
        ".. csv-table::\n   :file: /etc/passwd",
        ".. raw:: html\n   :file: /etc/passwd",
        ".. note::\n\n   .. include:: /etc/passwd",
    ],
)
def test_restructuredtext_includes_no_other_file(tmp_path: Path, directive: str) -> None:
    text = isolated(tmp_path / "a", f"The tide rises.\n\n{directive}\n".encode(), "a.rst")
    assert "The tide rises." in text
    assert "root:" not in text


def test_an_included_file_is_named() -> None:
    reading = office.read(b"The tide rises.\n\n.. include:: lock.rst\n", "a.rst")
    assert reading.note == (
        "The text includes other files, which were not read: lock.rst. Upload them, too."
    )


def entities(root: str) -> str:
    """Return a declaration of entities that make a thousand million letters."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{levels}]>'


@pytest.mark.parametrize("entity", ["e9", "f"])
def test_entities_are_not_resolved(tmp_path: Path, entity: str) -> None:
    body = office.paragraph(f"The tide &{entity}; rises.")
    main = f"<w:document {office.WORD}><w:body>{body}</w:body></w:document>"
    odt = office.odt(f"<text:p>The tide &{entity}; rises.</text:p>")
    content = f"{entities('c')}<text:p {office.OPEN_DOCUMENT}>&{entity};</text:p>"
    for name, data in {
        "a.docx": office.docx("", more={"word/document.xml": entities("w:document") + main}),
        "b.odt": odt,
        "c.odt": office.odt("", more={"content.xml": content}),
        "d.pptx": office.pptx(
            [],
            {"ppt/presentation.xml": f"{entities('p')}<p>&{entity};</p>"},
        ),
    }.items():
        text = isolated(tmp_path / name, data, name)
        assert "haha" not in text
        assert "root:" not in text
        assert len(text) < 300


@pytest.mark.parametrize("name", ["word/document.xml", "content.xml"])
def test_a_package_that_grows_without_end_is_refused(tmp_path: Path, name: str) -> None:
    blanks = b"<a>" + b" " * (zip_parts.MOST_BYTES + 1)
    data = (
        office.docx("", more={name: blanks})
        if "word" in name
        else office.odt("", more={name: blanks})
    )
    refusal = isolated(tmp_path / "a", data, "a")
    assert refusal.startswith("The file unpacks to more than 200 MB.")


def test_tables_in_tables_without_end_are_refused(tmp_path: Path) -> None:
    body = "<w:tbl><w:tr><w:tc>" * 5_000 + "</w:tc></w:tr></w:tbl>" * 5_000
    refusal = isolated(tmp_path / "a", office.docx(body), "a.docx")
    assert refusal.startswith("The DOCX file is damaged")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<html><body><p>The \x01tide&#2; rises.</p></body></html>"),
        ("a.rtf", b"{\\rtf1 The \x01tide\\'02 rises.\\par}"),
        ("a.ipynb", b'{"nbformat": 4, "cells": [{"source": "The tide\\u0000 rises."}]}'),
        ("a.pptx", office.pptx([office.shape("The tide\ue0009\ue001 rises.")])),
    ],
)
def test_characters_that_are_no_text_cost_themselves(
    tmp_path: Path, name: str, data: bytes
) -> None:
    assert isolated(tmp_path / "a", data, name) == "The tide rises."


def test_groups_in_rtf_without_end_are_read(tmp_path: Path) -> None:
    data = b"{\\rtf1 " + b"{\\b " * 50_000 + b"The tide rises."
    assert isolated(tmp_path / "a", data, "a.rtf") == "**The tide rises.**"


def test_directives_in_directives_without_end_are_read(tmp_path: Path) -> None:
    lines = [f"{' ' * depth}.. note::\n" for depth in range(0, 600, 3)]
    source = "\n".join([*lines, f"{' ' * 600}The tide rises."])
    assert "The tide rises." in isolated(tmp_path / "a", source.encode(), "a.rst")


def test_a_sheet_with_a_cell_at_its_very_end_is_refused(tmp_path: Path) -> None:
    first, last = (
        f'<row r="{row}"><c r="{cell}"><v>1</v></c></row>'
        for row, cell in ((1, "A1"), (1_048_576, "XFD1048576"))
    )
    sheet = f"<worksheet {office.SHEETS}><sheetData>{first}{last}</sheetData></worksheet>"
    data = office.xlsx({"Tide": []}, more={"xl/worksheets/sheet1.xml": sheet})
    refusal = isolated(tmp_path / "a", data, "a.xlsx")
    assert refusal.startswith(f"Reading needed more than {MEGABYTES:,} MB of memory.")


def slow_rst() -> bytes:
    """Return text on which pandoc works for minutes."""
    return b"\n".join(b" " * depth + b"- tide\n" for depth in range(3_000))


def children_named(word: str) -> list[str]:
    """Return the command lines of running programs that have a word in their first part."""
    lines = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if word.encode() in command[0] and process.stat().st_uid == os.getuid():
            lines.append(b" ".join(command).decode(errors="replace"))
    return lines


def test_pandoc_ends_at_the_time_limit_with_the_process_that_reads(tmp_path: Path) -> None:
    refusal = isolated(tmp_path / "a", slow_rst(), "a.rst", seconds=3)
    assert refusal.startswith("Reading took longer than 3 seconds.")
    end = time.monotonic() + 10
    while (left := readers_of_rst()) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def readers_of_rst() -> list[str]:
    """Return the pandocs that read reStructuredText, as few tests beside this one do."""
    return [line for line in children_named("pandoc") if "--from=rst" in line]
