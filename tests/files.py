"""Makes small files of every type that can be uploaded, as bytes."""

import io
import struct
import textwrap
import zipfile
from collections.abc import Sequence

from docx import Document
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Section = tuple[str, str]  # heading, paragraph

PAGES: tuple[Section, ...] = (
    (
        "Tidal Basin",
        (
            "The gates of the basin close by themselves as soon as the tide falls below the sill, "
            "and they stay shut until the water outside has risen again by half a metre."
        ),
    ),
    (
        "Side Lock",
        (
            "A small vessel may pass through the side lock while the gates are shut, provided that "
            "the lock keeper has been told by radio at least twenty minutes before."
        ),
    ),
    (
        "Harbour Dues",
        (
            "Dues are paid at the office by the bridge before noon on the day of departure, and a "
            "receipt is given that must be shown to the keeper of the outer gate."
        ),
    ),
)

GERMAN = (
    "Die Schleuse öffnet täglich außer sonntags. Für kleine Boote beträgt die Gebühr fünf Euro, "
    "für größere Schiffe das Doppelte. Später Ankommende müssen über Nacht draußen vor dem Tor "
    "liegen bleiben und früh am nächsten Morgen zurückkehren.\n"
)

MARKDOWN = (
    "# Tidal Basin\n\n"
    "The gates of the basin close by themselves as soon as the tide falls below the sill.\n\n"
    "## Side Lock\n\n"
    "A small vessel may pass through the side lock while the gates are shut for boats.\n"
)

HTML = (
    "<!doctype html><html><head><title>Harbour</title></head><body>"
    "<nav><ul><li><a href='/a'>Home of everything</a></li><li><a href='/b'>Shop</a></li></ul></nav>"
    "<main><article>"
    + "".join(
        f"<h{level}>{heading}</h{level}><p>{text} {text}</p>"
        for level, (heading, text) in zip((1, 2, 2), PAGES, strict=True)
    )
    + "</article></main><footer><p>Copyright of nobody in particular</p></footer></body></html>"
)


def pdf(pages: Sequence[Section] = PAGES, password: str = "") -> bytes:
    """A page per section; the heading is set larger than the paragraph."""
    file = io.BytesIO()
    encrypt = StandardEncryption(password) if password else None
    canvas = Canvas(file, pagesize=A4, encrypt=encrypt, invariant=1)
    for heading, text in pages:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 750, heading)
        canvas.setFont("Helvetica", 12)
        for number, line in enumerate(textwrap.wrap(text, 60)):
            canvas.drawString(72, 720 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def pdf_with_heads(pages: int) -> bytes:
    """A book with a running head on each page, and a paragraph that no other page has."""
    target = io.BytesIO()
    page = Canvas(target, pagesize=A4)
    for number in range(1, pages + 1):
        page.setFont("Helvetica-Oblique", 8)
        page.drawString(72, 800, f"Harbour Handbook, chapter {number}")
        page.setFont("Helvetica-Bold", 16)
        page.drawString(72, 770, f"Basin {number}")
        page.setFont("Helvetica", 11)
        words = (
            f"The gates of basin {number} close by themselves as soon as the tide has fallen below "
            f"the sill, which happens {number} hours after noon. Whoever comes late waits outside, "
            "where the keeper brings tea and tells of the storms he saw in his youth. "
        )
        for line, part in enumerate(textwrap.wrap(words * 3, 80)):
            page.drawString(72, 740 - 15 * line, part)
        page.showPage()
    page.save()
    return target.getvalue()


def pdf_of_pictures() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(io.BytesIO(jpeg())), 50, 50, 400, 600)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def docx() -> bytes:
    """The first section stands under Heading 1, the others under Heading 2."""
    document = Document()
    for level, (heading, text) in zip((1, *(2 for _ in PAGES)), PAGES, strict=False):
        document.add_heading(heading, level)
        document.add_paragraph(text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 90, 160)).save(file, "JPEG")
    return file.getvalue()


def old_word() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def binary() -> bytes:
    return struct.pack("<256I", *(number * 2654435761 % 2**32 for number in range(256)))


def windows_1252(text: str = GERMAN) -> bytes:
    return text.encode("cp1252")


def utf_16(text: str = GERMAN, *, mark: bool = True) -> bytes:
    return text.encode("utf-16" if mark else "utf-16-le")


def archive(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def odt() -> bytes:
    """An OpenDocument text with a chapter and a section."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<office:document-content xmlns:office="{space}:office:1.0" '
            f'xmlns:text="{space}:text:1.0"><office:body><office:text>'
            '<text:h text:outline-level="1">Harbour</text:h><text:p>The tide rises.</text:p>'
            '<text:h text:outline-level="2">Lock</text:h><text:p>The lock is old.</text:p>'
            "</office:text></office:body></office:document-content>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{space}:manifest:1.0"/>',
        }
    )


def epub() -> bytes:
    """A book of one chapter with one section."""
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:'
            'opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
            'unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            '<dc:identifier id="i">x</dc:identifier><dc:title>T</dc:title>'
            "<dc:language>en</dc:language></metadata><manifest>"
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
            "a.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Harbour</h1>'
            "<p>The tide rises.</p><h2>Lock</h2><p>The lock is old.</p></body></html>",
        }
    )


def pptx() -> bytes:
    """A presentation of one slide with a title and a text."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    show = "http://schemas.openxmlformats.org/presentationml/2006/main"
    packages = "http://schemas.openxmlformats.org/package/2006"
    part = "application/vnd.openxmlformats-officedocument.presentationml"

    def shape(kind: str, text: str) -> str:
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="{kind}"/><p:cNvSpPr/><p:nvPr>'
            f'<p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
            f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        )

    def related(kind: str, target: str) -> str:
        return (
            f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/{kind}" Target="{target}"/></Relationships>'
        )

    spaces = f'xmlns:p="{show}" xmlns:a="{drawing}" xmlns:r="{office}"'
    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
            '+xml"/><Override PartName="/ppt/presentation.xml" '
            f'ContentType="{part}.presentation.main+xml"/><Override '
            f'PartName="/ppt/slides/slide1.xml" ContentType="{part}.slide+xml"/></Types>',
            "_rels/.rels": related("officeDocument", "ppt/presentation.xml"),
            "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>"
            '<p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": related("slide", "slides/slide1.xml"),
            "ppt/slides/slide1.xml": f"<p:sld {spaces}><p:cSld><p:spTree>"
            + shape("title", "Harbour")
            + shape("body", "The tide rises.")
            + "</p:spTree></p:cSld></p:sld>",
        }
    )


RST = "Harbour\n=======\n\nThe tide rises.\n\nLock\n----\n\nThe lock is old.\n"
