"""A file of any type becomes text, or a sentence that says why not."""

import pytest

from generation.reading import file_types, readers, readings
from tests import files

HEADINGS = [heading for heading, _ in files.PAGES]
PARAGRAPHS = [text for _, text in files.PAGES]


@pytest.fixture
def read(tmp_path):
    """Read bytes as if they had been uploaded under a name."""

    def read_bytes(data, name):
        path = tmp_path / "original"
        path.write_bytes(data)
        return readers.read_file(path, name)

    return read_bytes


def headings_in(text):
    return [line for line in text.splitlines() if line.startswith("#")]


# Every format


def test_markdown_stays_as_it_is(read):
    reading = read(files.MARKDOWN.encode(), "tides.md")
    assert reading == readings.Reading(files.MARKDOWN, "text/markdown", [])


def test_plain_text_stays_as_it_is(read):
    reading = read(files.GERMAN.encode(), "schleuse.txt")
    assert reading == readings.Reading(files.GERMAN, "text/plain", [])


@pytest.mark.parametrize("name", ["notes", "notes.log", "notes.docx", "notes.pdf"])
def test_text_under_any_other_name_is_plain(read, name):
    assert read(files.GERMAN.encode(), name) == readings.Reading(files.GERMAN, "text/plain", [])


def test_html_gives_its_main_content_with_headings(read):
    reading = read(files.HTML.encode(), "handbook.html")
    assert reading.media_type == "text/html"
    assert headings_in(reading.text) == ["# Tidal Basin", "## Side Lock", "## Harbour Dues"]
    assert [text in reading.text for text in PARAGRAPHS] == [True] * 3
    assert [(part.reason, reading.text[part.start : part.end]) for part in reading.left_out] == [
        ("menu", "- Home of everything\n- Shop"),
        ("side content", "Copyright of nobody in particular"),
    ]


def test_html_is_known_by_its_content(read):
    assert read(files.HTML.encode(), "handbook.txt").media_type == "text/html"


def test_a_piece_of_html_is_known_by_its_name(read):
    reading = read(b"<h1>Lock</h1><p>A vessel may pass the lock.</p>", "lock.htm")
    assert reading.media_type == "text/html"
    assert reading.text.splitlines()[-1] == "A vessel may pass the lock."


def test_docx_gives_headings_and_paragraphs(read):
    reading = read(files.docx(), "handbook.docx")
    assert reading.media_type == file_types.DOCX
    assert headings_in(reading.text) == ["# Tidal Basin", "## Side Lock", "## Harbour Dues"]
    assert [text in reading.text for text in PARAGRAPHS] == [True] * 3


def test_docx_is_known_by_its_content(read):
    assert read(files.docx(), "handbook.pdf").media_type == file_types.DOCX


def test_pdf_gives_headings_and_paragraphs(read):
    reading = read(files.pdf(), "handbook.pdf")
    assert reading.media_type == file_types.PDF
    assert headings_in(reading.text) == [f"# {heading}" for heading in HEADINGS]
    assert [text in reading.text for text in PARAGRAPHS] == [True] * 3


def test_pages_of_a_pdf_start_where_their_text_does(read):
    reading = read(files.pdf(), "handbook.pdf")
    starts = [reading.text.index(f"# {heading}") for heading in HEADINGS]
    assert reading.page_starts == starts


def test_pages_of_pdf_with_the_same_heading_are_told_apart(read):
    pages = [("Notice", text) for text in PARAGRAPHS]
    reading = read(files.pdf(pages), "notices.pdf")
    starts = [reading.text.index(text) - len("# Notice\n\n") for text in PARAGRAPHS]
    assert reading.page_starts == starts


# What cannot be read

SVG = "This file is an SVG image, which cannot be read. Upload HTML"
MAIL = "This file is an e-mail, which cannot be read. Upload its text as a text file"


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (files.jpeg(), "scan.docx", "This file is a JPEG image, which cannot be read."),
        (b"\x89PNG\r\n\x1a\n0000", "scan.pdf", "This file is a PNG image, which cannot be read."),
        (b"GIF89a0000", "scan.txt", "This file is a GIF image, which cannot be read."),
        (b"<svg xmlns='s'><text>Words</text></svg>", "a.svg", SVG),
        (b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg><text>Words</text></svg>", "a", SVG),
        (b"<?xml version='1.0'?><!DOCTYPE svg PUBLIC 's' [<!ENTITY a 'b'>]>\n<svg/>", "a", SVG),
        (b"From: a@b.example\r\nSubject: Sluice\r\n and gate\r\n\r\nText", "a.eml", MAIL),
        (b"Received: by b\n\tfor a\nFrom: a@b.example\nDate: 1 May\n\nText", "a.txt", MAIL),
        (
            b"Subject: Gate\nFrom: a@b.example\nContent-Type: multipart/related; boundary=x\n\n--x",
            "a.eml",
            MAIL,
        ),
        (b"\x1f\x8b\x08\x00", "notes.md", "This file is a gzip archive, which cannot be read."),
        (b"\x7fELF\x02\x01", "notes.md", "This file is a program, which cannot be read."),
        (b"MZ\x90\x00\x03\x00", "notes.md", "This file is a program, which cannot be read."),
        (files.docx()[:2000], "notes.docx", "The file is damaged: it starts like a DOCX"),
        (
            files.old_word(),
            "notes.doc",
            "This Word file is protected by a password or in the old .doc",
        ),
        (files.pdf()[:700], "notes.pdf", "The PDF file is damaged and cannot be read."),
        (b"%PDF-1.7\nnothing more", "notes.pdf", "The PDF file is damaged and cannot be read."),
        (files.pdf(password="tide"), "notes.pdf", "The PDF file is protected by a password."),
        (files.binary(), "notes.txt", "This is not a text file."),
        (b"", "notes.md", "The file is empty."),
        (b" \r\n\t\n", "notes.md", "The file is empty."),
        (b"\xef\xbb\xbf \n", "notes.md", "No text was found in this file."),
        (b"<html><body></body></html>", "notes.html", "No text was found in this file."),
    ],
)
def test_what_cannot_be_read_says_why(read, data, name, sentence):
    with pytest.raises(readings.CannotRead) as refusal:
        read(data, name)
    assert str(refusal.value)[: len(sentence)] == sentence


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"From: Ann\nTo: Bob\nSubject: Gate\n\nIt is shut.", "memo.txt"),
        (b"The picture <svg> is drawn.", "notes.txt"),
        (b"<svg></svg>\n\n# Gate\n\nIt is shut.", "notes.md"),
        (b"From: noon\n\nIt is shut.", "notes.eml"),
    ],
)
def test_what_only_looks_like_mail_or_a_drawing_is_text(read, data, name):
    assert data.decode().split("\n")[-1] in read(data, name).text


def test_a_docx_broken_inside_is_said_to_be_damaged(read):
    data = bytearray(files.docx())
    middle = data.index(b"word/document.xml") + 60
    data[middle : middle + 200] = bytes(200)
    with pytest.raises(readings.CannotRead, match="The DOCX file is damaged and cannot be read"):
        read(bytes(data), "notes.docx")


def test_a_text_of_comments_is_known_at_once(read):
    """The time would otherwise double with each comment."""
    text = read(b"<!-- tide -->" * 200 + b" The tide rises.", "notes.txt").text
    assert text.endswith("The tide rises.")


@pytest.mark.parametrize("start", ["PKI is short for public key", "MZ is short for Mainz", "%PDF"])
def test_text_that_begins_like_another_kind_is_text(read, start):
    assert read(f"{start}, said the book.".encode(), "notes.txt").text == f"{start}, said the book."


# Encodings


@pytest.mark.parametrize(
    "data",
    [
        files.GERMAN.encode(),
        files.GERMAN.encode("utf-8-sig"),
        files.windows_1252(),
        files.utf_16(),
        files.utf_16(mark=False),
        files.GERMAN.encode("utf-16-be"),
        b"\xfe\xff" + files.GERMAN.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8-sig", "windows-1252", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be-sig"],
)
def test_text_is_right_in_every_encoding(read, data):
    assert read(data, "schleuse.txt") == readings.Reading(files.GERMAN, "text/plain", [])


@pytest.mark.parametrize(
    "text",
    [
        "It’s the master’s duty to keep the gates shut while “the tide” falls – always.",
        "Le café près du pont ouvre à neuf heures; la marée descend déjà.",
        "La señal se apaga mañana por la noche según el capitán.",
        "The fee is 5 € for small boats and twice as much for larger ones that stay.",
        "Größe",
    ],
)
def test_windows_1252_is_right_in_short_texts(read, text):
    assert read(files.windows_1252(text), "notes.txt").text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Ворота бассейна закрываются сами, как только отлив опускается ниже порога.", "cp1251"),
        ("Οι πύλες της λεκάνης κλείνουν μόνες τους όταν πέφτει η παλίρροια.", "cp1253"),
        ("Żółć jest ważna dla trawienia, a śluza będzie zamknięta do końca tygodnia.", "cp1250"),
        ("Havuzun kapıları gelgit eşiğin altına düştüğünde kendiliğinden kapanır.", "cp1254"),
        ("盆地の門は潮が敷居の下に落ちるとすぐに自動的に閉まります。", "cp932"),
    ],
)
def test_other_old_encodings_are_right(read, text, encoding):
    assert read(text.encode(encoding), "notes.txt").text == text


@pytest.mark.parametrize("shift", range(3))
def test_utf_8_may_be_cut_anywhere_by_the_look_at_its_start(read, shift):
    text = "x" * shift + "漢字" * 2000
    assert read(text.encode(), "notes.md") == readings.Reading(text, "text/markdown", [])


def test_html_in_windows_1252_is_right(read):
    html = f"<html><body><p>{files.GERMAN}</p></body></html>"
    assert read(files.windows_1252(html), "schleuse.html").text == files.GERMAN.strip()


def test_line_ends_become_one_kind(read):
    assert read(b"# Lock\r\n\r\nOne\rtwo\nthree", "lock.md").text == "# Lock\n\nOne\ntwo\nthree"


def test_nul_is_dropped(read):
    assert read(files.utf_16("The gates\0 close.\r\n"), "notes.txt").text == "The gates close.\n"


def test_one_bad_byte_does_not_garble_utf_8(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("Die Tür öffnet früh. ".encode() * 5 + b"\xff Ende")
    text = readers.read_file(path, "a.txt").text
    assert text == "Die Tür öffnet früh. " * 5 + "\ufffd Ende"


def test_text_about_pdf_is_no_pdf(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# Formats\n\nA PDF starts with `%PDF-1.7` in its first line.\n")
    assert readers.read_file(path, "a.md").media_type == file_types.MARKDOWN


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.odt", files.odt(), file_types.ODT),
        ("a.epub", files.epub(), file_types.EPUB),
        ("a.rst", files.RST.encode(), file_types.RST),
        ("renamed.pdf", files.odt(), file_types.ODT),
    ],
)
def test_more_formats_come_out_as_markdown(tmp_path, name, data, media_type):
    path = tmp_path / name
    path.write_bytes(data)
    reading = readers.read_file(path, name)
    assert reading.media_type == media_type
    assert reading.text.split("\n\n") == [
        "# Harbour",
        "The tide rises.",
        "## Lock",
        reading.text[reading.text.index("The lock") :],
    ]
    assert reading.text.rstrip().endswith("The lock is old.")


def test_slides_are_read_with_their_titles(tmp_path):
    path = tmp_path / "a.pptx"
    path.write_bytes(files.pptx())
    reading = readers.read_file(path, "a.pptx")
    assert reading.media_type == file_types.PPTX
    lines = [line for line in reading.text.splitlines() if line]
    assert lines == ["## Harbour", "- The tide rises."]
