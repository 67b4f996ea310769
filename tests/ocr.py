"""Text recognition, where it is installed: ``make test-ocr`` runs these tests."""

from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from generation.passages.cutting import pages
from generation.reading import reader_process
from generation.reading.pdf import recognition
from generation.reading.readings import Choices, Reading
from tests import files, pdfs
from tests.pdfs import PROSE, drawn, lines, wrapped

CONVERTED = Path(__file__).parent / "fidelity" / "converted"


def scanned(data: bytes, *numbers: int) -> bytes:
    """Return a file with pictures of pages of a PDF file."""
    pdf = pypdfium2.PdfDocument(data)

    def draw(number: int) -> pdfs.Draw:
        picture = ImageReader(pdf[number].render(scale=200 / 72).to_pil())
        return lambda canvas: canvas.drawImage(picture, 0, 0, *pdf[number].get_size())

    return drawn(*map(draw, numbers))


def recognised(folder: Path, data: bytes) -> Reading:
    """Read a file as a worker does, within its limits."""
    path = folder / "original"
    path.write_bytes(data)
    return reader_process.read_isolated(path, "a", Choices(ocr=True), seconds=300, megabytes=2000)


def test_the_text_of_a_picture_is_read_on_its_page(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, "The Side Lock", top=770, size=20, font="Helvetica-Bold")
        lines(canvas, *wrapped(PROSE), size=12, pitch=16)

    reading = recognised(tmp_path, scanned(drawn(page), 0))
    assert reading.text == f"# The Side Lock\n\n{PROSE.strip()}"
    assert (reading.picture_pages, reading.ocr_pages, reading.note) == ([], [1], "")


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    data = scanned((CONVERTED / "03-report.two.pdf").read_bytes(), 0)
    text = recognised(tmp_path, data).text
    places = [
        text.index(words)
        for words in (
            "In the spring the council asked for an evaluation of the night buses",
            "Nearly half of the passengers come from work in kitchens, hospitals and warehouses",
            "The drivers were asked in pairs, in the canteen, before the shift",
            "Nobody has ever complained about that",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01-gauge.one.pdf", "The sea keeps better time than the clerk"),
        ("04-cjk.one.pdf", "お茶を淹れる前に、急須と湯呑みを必ず温めてください"),
    ],
)
def test_other_scripts_are_read(tmp_path: Path, name: str, words: str) -> None:
    pdf = pypdfium2.PdfDocument(CONVERTED / name)
    number = next(n for n in range(len(pdf)) if words[:6] in pdf[n].get_textpage().get_text_range())
    text = recognised(tmp_path, scanned((CONVERTED / name).read_bytes(), number)).text
    assert words in text


def test_only_pages_that_are_pictures_are_recognised(tmp_path: Path) -> None:
    def typed(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))

    def photo(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(files.Image.new("RGB", (400, 600), "navy")), 50, 50, 400, 600)

    reading = recognised(tmp_path, drawn(typed, photo))
    assert (reading.picture_pages, reading.ocr_pages, reading.note) == ([2], [], "")
    assert pages(reading.page_starts, 0, len(reading.text)) == (1, 1)


def test_pages_for_which_there_is_no_time_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "MOST_SECONDS", 0)
    reading = pdfs.read(tmp_path, scanned(drawn(lambda page: lines(page, "Lock")), 0), ocr=True)
    assert reading.picture_pages == [1]
    assert "stopped after 0 minutes" in reading.note
