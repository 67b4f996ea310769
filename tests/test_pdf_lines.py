"""Lines of a PDF file that somebody ended stay lines; those that were wrapped become one."""

from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from tests import pdfs
from tests.pdfs import PROSE, drawn, lines, wrapped

ADDRESS = ("Harbour Office", "12 Quay Street, second floor", "Port Ellery", "EL4 2QT")
POEM = (
    "The tide comes in at six o'clock,",
    "the keeper opens up the lock",
    "and waits",
    "until the herring boats are through,",
    "then",
    "shuts it for the night.",
)
UNICODE = "HYSMyeongJo-Medium"  # a font that has all hyphens
NAMES = ("Jane Heron", "Anna Stone", "Tom Weaver", "Kate Lock")


def text_below_prose(folder: Path, *texts: str, left: float = 72) -> str:
    """Return the text that is read of some lines on a page below a paragraph."""

    def draw(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(canvas, *texts, left=left, top=600)

    above, _, text = pdfs.read(folder, drawn(draw)).text.partition("\n\n")
    assert above == PROSE.strip()
    return text


@pytest.mark.parametrize("texts", [ADDRESS, POEM, NAMES])
def test_an_address_a_poem_and_a_list_of_names_keep_their_lines(
    tmp_path: Path, texts: tuple[str, ...]
) -> None:
    assert text_below_prose(tmp_path, *texts).split("  \n") == list(texts)


@pytest.mark.parametrize("width", [24, 40, 60, 84])
@pytest.mark.parametrize("left", [72, 200])
def test_a_paragraph_becomes_one_line_however_narrow_it_is(
    tmp_path: Path, width: int, left: int
) -> None:
    text = text_below_prose(tmp_path, *wrapped(PROSE, width), left=left)
    assert text == PROSE.strip()


def test_a_narrow_paragraph_of_words_with_capitals_becomes_one_line(tmp_path: Path) -> None:
    text = (
        "Die Schleuse am Hafen öffnet Montag um sieben Uhr, Boote warten am Kai, Fischer zahlen "
        "Gebühren beim Wärter, Gäste melden Ankunft und Abfahrt."
    )
    assert text_below_prose(tmp_path, *wrapped(text, 60)) == text


def test_what_would_be_a_mark_at_the_start_of_a_kept_line_stays_text(tmp_path: Path) -> None:
    texts = ("Harbour Office of Port Ellery", "# 12", "Quay Street", "Port Ellery")
    assert text_below_prose(tmp_path, *texts).split("  \n") == [texts[0], "\\# 12", *texts[2:]]


@pytest.mark.parametrize("hyphen", ["-", "\u2010"])
def test_lines_are_not_kept_if_the_end_of_a_page_divides_a_word(
    tmp_path: Path, hyphen: str
) -> None:
    first = (*POEM[:1], "and waits", f"until the her{hyphen}")
    last = ("ring fleet", "is", "through,", *POEM[4:])
    pdfmetrics.registerFont(UnicodeCIDFont(UNICODE))
    data = drawn(
        lambda canvas: lines(canvas, *first, font=UNICODE),
        lambda canvas: lines(canvas, *last, font=UNICODE),
    )
    whole = (*POEM[:1], "and waits until the herring fleet is through,", *POEM[4:])
    assert pdfs.read(tmp_path, data).text == " ".join(whole)
