"""Makes small PDF files: drawn with reportlab, or of objects written by hand."""

import io
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from generation.reading.pdf.reading import read_pdf
from generation.reading.readings import Choices, Reading

PROSE = (
    "The gates of the basin close by themselves as soon as the tide has fallen below the sill, and "
    "whoever comes late waits outside, where the keeper brings tea and tells of the storms that he "
    "saw in his youth, when the lock was still turned by hand. "
)
Draw = Callable[[Canvas], None]
Tags = tuple[str, Sequence["str | Tags"]]  # the type of an element, and what is in it


def drawn(*pages: Draw) -> bytes:
    """Return a file with a page for each function, which draws it on a page of A4."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def lines(
    canvas: Canvas,
    *texts: str,
    left: float = 72,
    top: float = 740,
    size: float = 11,
    font: str = "Helvetica",
    pitch: float = 14,
) -> None:
    """Draw lines below each other; ``top`` is the height of the first baseline."""
    canvas.setFont(font, size)
    for number, text in enumerate(texts):
        canvas.drawString(left, top - pitch * number, text)


def wrapped(text: str, width: int = 84) -> list[str]:
    return textwrap.wrap(text, width)


def read(folder: Path, data: bytes, *, ocr: bool = False) -> Reading:
    """Read the bytes of a PDF file."""
    path = folder / "original"
    path.write_bytes(data)
    return read_pdf(path, Choices(ocr=ocr))


def by_hand(*objects: bytes) -> bytes:
    """Return a file of objects, the first of which is the catalog; they are numbered from 1."""
    body, places = b"%PDF-1.7\n", []
    for number, written in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(places) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, len(body))
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return an object that is a stream."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), entries, data)


def one_page(content: bytes, entries: bytes = b"", *more: bytes, catalog: bytes = b"") -> bytes:
    """Return a file of one page with a content; ``more`` are objects from number 6 on."""
    return by_hand(
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>%s>>>>" % entries,
        stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    )


def tagged(*elements: Tags) -> bytes:
    """Return a file of one page with tags; a text that begins with a line end begins a line."""
    tree = _Tree()
    root = tree.add(("Document", elements), parent=6)
    return by_hand(
        b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/StructParents 0"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        stream(b"BT /F 11 Tf 72 740 Td 20 TL %s ET" % b" ".join(tree.content)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/StructTreeRoot/K %d 0 R/ParentTree 7 0 R>>" % root,
        b"<</Nums[0[%s]]>>" % b" ".join(b"%d 0 R" % owner for owner in tree.owners),
        *tree.objects.values(),
    )


class _Tree:
    """Collects the objects of tags, numbered from 8, and the content that they mark."""

    def __init__(self) -> None:
        self.objects: dict[int, bytes] = {}
        self.content: list[bytes] = []
        self.owners: list[int] = []  # of each marked content

    def add(self, element: Tags, parent: int) -> int:
        """Add an element with all that is in it, and return its number."""
        role, inside = element
        number = 8 + len(self.objects)
        self.objects[number] = b""  # its parts come after it
        parts = [
            self._mark(part, number)
            if isinstance(part, str)
            else b"%d 0 R" % self.add(part, parent=number)
            for part in inside
        ]
        self.objects[number] = b"<</Type/StructElem/S/%s/P %d 0 R/Pg 3 0 R/K[%s]>>" % (
            role.encode(),
            parent,
            b" ".join(parts),
        )
        return number

    def _mark(self, text: str, owner: int) -> bytes:
        start = b"T* " if text.startswith("\n") else b""
        number = len(self.owners)
        self.owners.append(owner)
        shown = text.strip("\n").encode()
        self.content.append(b"/P<</MCID %d>>BDC %s(%s)Tj EMC" % (number, start, shown))
        return b"%d" % number
