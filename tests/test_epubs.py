"""An EPUB is read by its spine; nothing is opened but the files of its archive."""

import io
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.reading import readers, zip_parts
from generation.reading.readings import CannotRead, Reading

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="{}"/></rootfiles></container>'
)
HTML = "application/xhtml+xml"


def book(chapters: dict[str, str], **others: str) -> bytes:
    """Return an EPUB with some chapters by their addresses; ``others`` are parts of its package."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="{HTML}" {others.get(f"i{n}", "")}/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{others.get("metadata", "")}</metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine>{others.get('guide', '')}</package>"
    )
    members = {"META-INF/container.xml": CONTAINER.format("b/p.opf"), "b/p.opf": package}
    for name, content in chapters.items():
        if content:
            members[f"b/{name}"] = page(content)
    if "encryption" in others:
        members["META-INF/encryption.xml"] = others["encryption"]
    return zipped(members)


def page(content: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>No text</title></head><body>{content}</body></html>"
    )


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(folder: Path, data: bytes) -> Reading:
    path = folder / "book.epub"
    path.write_bytes(data)
    return readers.read_file(path, "book.epub")


def test_notes_of_another_chapter_follow_the_paragraph_that_calls_them(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        book(
            {
                "a.xhtml": '<p>Rust<a epub:type="noteref" href="n.xhtml#x1">1</a>.</p><p>More.</p>',
                "b.xhtml": '<p>Salt<a epub:type="noteref" href="n.xhtml#x2">1</a>.</p>',
                "n.xhtml": '<aside epub:type="footnote" id="x1"><p>Of iron.</p></aside>'
                '<aside epub:type="footnote" id="x2"><p>Of the sea.</p></aside>',
            }
        ),
    )
    assert reading.text.split("\n\n") == [
        *("Rust[^1].", "[^1]: Of iron.", "More.", "Salt[^2].", "[^2]: Of the sea."),
    ]


@pytest.mark.parametrize(
    ("chapter", "others"),
    [
        ('<nav><ol><li><a href="a.xhtml">One</a></li></ol></nav>', {"i1": 'properties="nav"'}),
        ('<p><a href="a.xhtml">One</a></p>', {"guide": '<reference type="toc" href="t.xhtml"/>'}),
        ("".join(f'<p><a href="a.xhtml#{n}">One</a></p>' for n in range(4)), {}),
    ],
)
def test_tables_of_contents_are_left_out(
    tmp_path: Path, chapter: str, others: dict[str, str]
) -> None:
    reading = read(tmp_path, book({"a.xhtml": "<p>Text.</p>", "t.xhtml": chapter}, **others))
    assert reading.text[: reading.left_out[0].start] == "Text.\n\n"
    assert [part.reason for part in reading.left_out] == ["contents"]
    assert "One" in reading.text


def test_numbers_of_printed_pages_are_left_out(tmp_path: Path) -> None:
    content = '<p>On <span epub:type="pagebreak" id="p12">12</span>and on.</p>'
    reading = read(tmp_path, book({"a.xhtml": content}))
    assert reading.text == "On and on.\n\n12"
    assert [part.reason for part in reading.left_out] == ["page number"]


def test_metadata_is_read(tmp_path: Path) -> None:
    metadata = (
        "<dc:title>Quays</dc:title><dc:creator>A. Larsen</dc:creator><dc:creator>B. Bo</dc:creator>"
        "<dc:language>da</dc:language>"
    )
    reading = read(tmp_path, book({"a.xhtml": "<p>&nbsp;</p><p>Text.</p>"}, metadata=metadata))
    assert reading.metadata == {"title": "Quays", "author": "A. Larsen, B. Bo", "language": "da"}
    assert reading.text == "Text."


def test_elements_may_be_closed_where_they_begin(tmp_path: Path) -> None:
    content = (
        '<p><a id="x"/>One <i/>and<br/>two &amp; &eacute;.</p><script src="a.js"/><p>Three.</p>'
    )
    assert read(tmp_path, book({"a.xhtml": content})).text == "One and  \ntwo & é.\n\nThree."


def test_many_missing_chapters_are_counted(tmp_path: Path) -> None:
    chapters = {"a.xhtml": "<p>Text.</p>", **{f"m{n}.xhtml": "" for n in range(12)}}
    note = read(tmp_path, book(chapters)).note
    assert note.endswith("m8.xhtml, m9.xhtml. 2 more are missing, too.")


# What is refused


def test_a_protected_book_is_refused(tmp_path: Path) -> None:
    encryption = (
        '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        '<enc:CipherData><enc:CipherReference URI="b/a.xhtml"/></enc:CipherData>'
        "</enc:EncryptedData></encryption>"
    )
    with pytest.raises(CannotRead, match="protected against copying"):
        read(tmp_path, book({"a.xhtml": "<p>Text.</p>"}, encryption=encryption))


def test_a_book_with_protected_fonts_is_read(tmp_path: Path) -> None:
    encryption = (
        '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        '<enc:EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/>'
        '<enc:CipherData><enc:CipherReference URI="b/font.otf"/></enc:CipherData>'
        "</enc:EncryptedData></encryption>"
    )
    assert read(tmp_path, book({"a.xhtml": "<p>Text.</p>"}, encryption=encryption)).text == "Text."


@pytest.mark.parametrize(
    "members",
    [
        {"mimetype": "application/epub+zip"},
        {"META-INF/container.xml": "<container"},
        {"META-INF/container.xml": CONTAINER.format("none.opf")},
        {"META-INF/container.xml": CONTAINER.format("p.opf"), "p.opf": ""},
    ],
)
def test_a_damaged_book_is_refused(tmp_path: Path, members: dict[str, str]) -> None:
    with pytest.raises(CannotRead, match="The EPUB file is damaged"):
        read(tmp_path, zipped({"mimetype": "application/epub+zip", **members}))


def test_a_book_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_parts, "MOST_BYTES", 1_000_000)
    with pytest.raises(CannotRead, match="unpacks to more than 1 MB"):
        read(tmp_path, book({"a.xhtml": f"<p>{'a' * 2_000_000}</p>"}))


# Hostile ones


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket of this machine that waits for anything to connect."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def test_no_file_but_the_book_is_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text(page("<p>Secret.</p>"))
    addresses = [
        "file:///etc/passwd",
        "/etc/passwd",
        "../../secret.xhtml",
        f"file://{tmp_path}/secret.xhtml",
        "%2e%2e/%2e%2e/secret.xhtml",
    ]
    chapters = {"a.xhtml": "<p>Text.</p>", **dict.fromkeys(addresses, "")}
    reading = read(tmp_path, book(chapters))
    assert reading.text == "Text."
    assert reading.note.endswith(": passwd, passwd, secret.xhtml, secret.xhtml.")


def test_entities_open_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Secret.")
    entity = f'<!DOCTYPE p [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>'
    members = {
        "META-INF/container.xml": CONTAINER.format("p.opf"),
        "p.opf": f'{entity}<package><metadata><title>&x;</title></metadata><manifest><item id="a" '
        'href="a.html"/></manifest><spine><itemref idref="a"/></spine></package>',
        "a.html": f"{entity}<html><body><p>Text &x; end.</p></body></html>",
    }
    reading = read(tmp_path, zipped(members))
    assert "Secret" not in f"{reading.text}{reading.metadata}"
    assert reading.text.startswith("Text")


def test_nobody_is_asked_for_anything(tmp_path: Path, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    content = (
        f'<p>Text.</p><img src="{address}/a.png" alt=""/><iframe src="{address}/b"></iframe>'
        f'<link rel="stylesheet" href="{address}/c"/><object data="{address}/d"></object>'
        f'<script src="{address}/e"></script><svg><image href="{address}/f"/></svg>'
    )
    html = f'<!DOCTYPE html SYSTEM "{address}/dtd"><html><base href="{address}"><body>{content}'
    (tmp_path / "page.html").write_text(html)
    for reading in (
        read(tmp_path, book({"a.xhtml": content, f"{address}/chapter": ""})),
        readers.read_file(tmp_path / "page.html", "page.html"),
    ):
        assert reading.text == "Text."
    with pytest.raises(TimeoutError):
        listener.accept()
