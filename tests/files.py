"""Makes small files of every kind that is uploaded, as bytes."""

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


def pdf_of_pictures() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(io.BytesIO(jpeg())), 50, 50, 400, 600)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def docx(sections: Sequence[Section] = PAGES) -> bytes:
    """The first section stands under Heading 1, the others under Heading 2."""
    document = Document()
    for level, (heading, text) in zip((1, *(2 for _ in sections)), sections, strict=False):
        document.add_heading(heading, level)
        document.add_paragraph(text)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 90, 160)).save(file, "JPEG")
    return file.getvalue()


def zip_without_docx() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", "Nothing of Word in here.")
    return file.getvalue()


def old_word() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def binary() -> bytes:
    return struct.pack("<256I", *(number * 2654435761 % 2**32 for number in range(256)))


def windows_1252(text: str = GERMAN) -> bytes:
    return text.encode("cp1252")


def utf_16(text: str = GERMAN, *, mark: bool = True) -> bytes:
    return text.encode("utf-16" if mark else "utf-16-le")
