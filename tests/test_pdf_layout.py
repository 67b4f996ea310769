"""The text of a PDF file comes in reading order, with its structure, its pages and its notes."""

import unicodedata
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from generation.passages import cutting, left_out
from generation.reading.readings import Reading
from tests import files, pdfs
from tests.pdfs import PROSE, drawn, lines, wrapped

HERE = Path(__file__).parent
AWKWARD = sorted((HERE / "awkward").glob("*.pdf"))
CONVERTED = sorted((HERE / "fidelity" / "converted").glob("*.pdf"))


def left(reading: Reading) -> list[tuple[str, str]]:
    return [(reading.text[start:end], reason) for start, end, reason in reading.left_out]


def numbered(text: str, count: int) -> list[str]:
    return wrapped(" ".join(f"{text} {number}" for number in range(count)))


# What stands in the text


@pytest.mark.parametrize("path", [*AWKWARD, *CONVERTED], ids=lambda path: path.stem)
def test_no_letter_of_a_file_is_lost(path: Path) -> None:
    """Only the header that is repeated where a table goes on comes once.

    Bullets that an office draws as the letter "o" are bullets.
    """
    pdf = pypdfium2.PdfDocument(path)
    on_pages = "".join(page.get_textpage().get_text_range() for page in pdf)
    on_pages = on_pages.encode("utf-16", "surrogatepass").decode("utf-16")
    read = pdfs.read_pdf(path, pdfs.Choices())
    lost = letters(on_pages) - letters(read.text)
    if ".chrome" in path.stem:
        lost -= letters(read.text)
    if path.stem == "pdf-long-table":
        lost -= letters("Ship Fee Remark" * (len(pdf) - 1))
    if ".office" in path.stem:
        lost.pop("o", 0)
    assert lost == Counter()


def letters(text: str) -> Counter[str]:
    return Counter(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def test_typographic_marks_stay_as_they_are(tmp_path: Path) -> None:
    text = "The keeper’s word — “never” – is law: 3 × 4 ± 1…"
    reading = pdfs.read(tmp_path, drawn(lambda page: lines(page, text)))
    assert reading.text == text


def test_a_paragraph_goes_on_over_a_page_between_a_head_and_a_foot(tmp_path: Path) -> None:
    half = wrapped(PROSE * 8)

    def page(number: int, part: list[str]) -> pdfs.Draw:
        def draw(canvas: Canvas) -> None:
            lines(canvas, "The Harbour Book", top=805, size=9)
            lines(canvas, *part)
            lines(canvas, f"- {number} -", top=40, size=9)

        return draw

    pages = [page(number, half[10 * number - 10 : 10 * number]) for number in (1, 2, 3)]
    reading = pdfs.read(tmp_path, drawn(*pages))
    assert " ".join(half[:30]) in reading.text
    second, third = reading.page_starts[1:]
    assert reading.text[second:].startswith(half[10])
    assert reading.text[third:].startswith(half[20])
    assert left(reading) == [
        ("The Harbour Book", left_out.RUNNING_HEAD),
        *[(f"\\- {n} -", left_out.PAGE_NUMBER) for n in (1,)],
        ("The Harbour Book", left_out.RUNNING_HEAD),
        ("\\- 2 -", left_out.PAGE_NUMBER),
        ("The Harbour Book", left_out.RUNNING_HEAD),
        ("\\- 3 -", left_out.PAGE_NUMBER),
    ]


def test_a_passage_before_a_blank_page_and_a_picture_has_its_own_number(tmp_path: Path) -> None:
    def picture(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(files.Image.new("RGB", (40, 40), "navy")), 50, 50, 400, 600)

    def text(word: str) -> pdfs.Draw:
        return lambda canvas: lines(canvas, *wrapped(f"{word}. {PROSE}{PROSE}"))

    data = drawn(text("First"), lambda canvas: None, picture, text("Fourth"))
    reading = pdfs.read(tmp_path, data)
    cuts, _ = cutting.cut(reading.text, 2000, reading.page_starts, None, reading.left_out)
    first = cutting.pages(reading.page_starts, 0, reading.text.index("Fourth") - 2)
    assert first == (1, 1)
    assert cuts[-1].last_page == 4
    assert reading.picture_pages == [3]
    assert reading.note == "Page 3 is a picture, so its text is missing."


def test_the_pages_of_a_contents_table_are_left_out_with_its_title(tmp_path: Path) -> None:
    entries = [f"Part {n} of the rules {'. ' * 30}{n + 3}" for n in range(8)]

    def contents(canvas: Canvas) -> None:
        lines(canvas, "Table of Contents", size=18, top=770, font="Helvetica-Bold")
        lines(canvas, *entries)

    reading = pdfs.read(tmp_path, drawn(contents, lambda page: lines(page, *wrapped(PROSE))))
    assert [reason for _, reason in left(reading)] == [left_out.CONTENTS] * 2
    shown = "\n".join(f"Part {n} of the rules … {n + 3}" for n in range(8))
    assert left(reading) == [
        ("Table of Contents", left_out.CONTENTS),
        (shown, left_out.CONTENTS),
    ]
    cuts, _ = cutting.cut(reading.text, 2000, reading.page_starts, None, reading.left_out)
    assert [cut.headings for cut in cuts] == [[]]


def test_lines_of_code_keep_their_indentation(tmp_path: Path) -> None:
    code = ["def plan(ships):", "    for ship in ships:", "        yield ship", "    return None"]

    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(canvas, *code, top=600, size=9, font="Courier", pitch=11)
        lines(canvas, *wrapped(PROSE), top=530)

    written = "\n".join(["```", *code, "```"])
    assert f"\n\n{written}\n\n" in pdfs.read(tmp_path, drawn(page)).text


def test_code_at_the_end_of_a_sentence_stays_in_it(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(
            canvas, "The command that starts the pump of the outer lock at high water is", top=600
        )
        lines(canvas, "pump --start outer.", top=586, size=9, font="Courier")

    assert "at high water is pump --start outer." in pdfs.read(tmp_path, drawn(page)).text


def test_headings_have_the_levels_of_the_outline(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        for level, (title, top) in enumerate((("Harbour", 770), ("Lock", 600), ("Gate", 430))):
            lines(canvas, f"{level + 1} {title}", top=top, size=14, font="Helvetica-Bold")
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)
            lines(canvas, *wrapped(PROSE), top=top - 30)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        *("# 1 Harbour", "## 2 Lock", "### 3 Gate")
    ]


def test_bullets_that_are_drawn_make_items(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        for number, (left_edge, text) in enumerate(
            ((90, "tugs"), (110, "small tugs"), (90, "pilots"))
        ):
            canvas.circle(left_edge - 8, 600 - 14 * number + 3, 2, stroke=0, fill=1)
            lines(canvas, text, left=left_edge, top=600 - 14 * number)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert text.endswith("- tugs\n\n    - small tugs\n\n- pilots")


def test_a_table_with_rules_has_its_cells_however_close_they_stand(tmp_path: Path) -> None:
    rows = [("Cargo", "Fee"), ("coal of the best", "1.50"), ("salt", "2.50")]

    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        canvas.grid([72, 153, 200], [550, 570, 590, 610])
        for number, (first, second) in enumerate(rows):
            lines(canvas, first, left=74, top=596 - 20 * number)
            lines(canvas, second, left=155, top=596 - 20 * number)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert text.endswith("| Cargo | Fee |\n|---|---|\n| coal of the best | 1.50 |\n| salt | 2.50 |")


def test_columns_that_are_aligned_make_a_table(tmp_path: Path) -> None:
    rows = [("Ship", "Tugs", "Pilot"), *((f"Ship {n}", str(n), "yes") for n in range(4))]

    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        for column in range(3):
            texts = [row[column] for row in rows]
            lines(canvas, *texts, left=72 + 90 * column, top=600)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert text.endswith(
        "| Ship | Tugs | Pilot |\n|---|---|---|\n"
        + "\n".join(f"| Ship {n} | {n} | yes |" for n in range(4))
    )


def test_the_header_and_the_rows_of_a_table_over_pages_are_no_running_heads(tmp_path: Path) -> None:
    def page(first: int) -> pdfs.Draw:
        def draw(canvas: Canvas) -> None:
            cells = [
                (f"Ship {n}", f"{n}.50", f"paid at gate {n}") for n in range(first, first + 28)
            ]
            for number, row in enumerate([("Ship", "Fee", "Remark"), *cells]):
                for cell, left_edge in zip(row, (72, 200, 300), strict=True):
                    lines(canvas, cell, left=left_edge, top=790 - 26 * number)

        return draw

    reading = pdfs.read(tmp_path, drawn(page(0), page(28), page(56)))
    rows = "\n".join(f"| Ship {n} | {n}.50 | paid at gate {n} |" for n in range(84))
    assert reading.text == f"| Ship | Fee | Remark |\n|---|---|---|\n{rows}"
    assert left(reading) == []
    starts = [reading.text[start:].split(" |")[0] for start in reading.page_starts]
    assert starts == ["| Ship", "| Ship 28", "| Ship 56"]


def test_notes_are_called_where_the_raised_number_stands(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE)[:2])
        lines(canvas, "Nobody pays for salt.", top=712)
        lines(canvas, "1", left=72 + canvas.stringWidth("Nobody pays for salt."), top=716, size=7)
        lines(canvas, "1", top=84, size=6)
        lines(canvas, "Since the year of the flood.", left=76, top=80, size=9)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert "Nobody pays for salt.[^1]\n" in text
    assert text.endswith("\n\n[^1]: Since the year of the flood.")


def test_a_paragraph_that_ends_with_the_call_of_a_note_does_not_go_on(tmp_path: Path) -> None:
    half = wrapped(PROSE)
    calling = "The keeper of the lock, who is old by now, will tell you how it was once."

    def ends(canvas: Canvas) -> None:
        lines(canvas, *half, calling)
        end = 72 + canvas.stringWidth(calling, "Helvetica", 11)
        lines(canvas, "1", left=end, top=745 - 14 * len(half), size=6)
        lines(canvas, "1 Rules of the port.", top=80, size=8)

    reading = pdfs.read(tmp_path, drawn(ends, lambda page: lines(page, *half)))
    note = "[^1]: Rules of the port."
    assert f" it was once.[^1]\n\n{note}\n\nThe gates" in reading.text


def test_notes_that_are_alike_on_all_pages_are_no_running_heads(tmp_path: Path) -> None:
    def page(number: int) -> pdfs.Draw:
        def draw(canvas: Canvas) -> None:
            lines(canvas, *wrapped(f"Part {number}. {PROSE}"))
            calling = f"The rules of year {number} hold."
            lines(canvas, calling, top=500)
            end = 72 + canvas.stringWidth(calling, "Helvetica", 11)
            lines(canvas, "1", left=end, top=505, size=6)
            lines(canvas, f"1 Rules of the port, volume {number}, which the", top=80, size=8)
            lines(canvas, "council has in its archive.", top=70, size=8)
            lines(canvas, f"12. May 2026, page {number}", top=40, size=8)

        return draw

    reading = pdfs.read(tmp_path, drawn(*[page(number) for number in (1, 2, 3)]))
    foot = ["12\\. May 2026, page 1", "12\\. May 2026, page 2", "12\\. May 2026, page 3"]
    assert left(reading) == [(text, left_out.RUNNING_HEAD) for text in foot]
    for label, volume in (("1", 1), ("1-2", 2), ("1-3", 3)):
        note = f"Rules of the port, volume {volume}, which the council has in its archive."
        assert f"[^{label}]: {note}" in reading.text
        assert f"hold.[^{label}]" in reading.text


def test_a_raised_number_behind_a_unit_is_a_power(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(canvas, "The deck has 40 m", top=600)
        lines(canvas, "2", left=72 + canvas.stringWidth("The deck has 40 m"), top=604, size=7)

    assert pdfs.read(tmp_path, drawn(page)).text.endswith("The deck has 40 m²")


def test_a_raised_number_without_a_note_stays_raised(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(canvas, "The pump moves 10", top=600)
        end = 72 + canvas.stringWidth("The pump moves 10")
        lines(canvas, "3", left=end, top=604, size=7)
        lines(canvas, " kg of water.", left=end + 4, top=600)

    assert pdfs.read(tmp_path, drawn(page)).text.endswith("The pump moves 10³ kg of water.")


def test_a_watermark_is_left_out_and_text_outside_the_page_is_hidden(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, *wrapped(PROSE))
        lines(canvas, "Behind the edge", top=900)
        canvas.translate(300, 200)
        canvas.rotate(45)
        lines(canvas, "DRAFT", left=0, top=0, size=60)

    reading = pdfs.read(tmp_path, drawn(page, page, page))
    one_page = [("DRAFT", left_out.RUNNING_HEAD), ("Behind the edge", left_out.HIDDEN)]
    assert left(reading) == one_page * 3


def test_what_looks_like_markup_is_text(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, "# is the sign of a number in this book, and a <b> is no tag in it.")

    assert pdfs.read(tmp_path, drawn(page)).text == (
        "\\# is the sign of a number in this book, and a \\<b> is no tag in it."
    )


KOREAN = [
    "차를 우리기 전에 찻잔을 먼저 데우십시오. 너무 ",
    "높으면 차가 쓰고, 온도가 조금이라도 너무 낮",
    "으면 향이 나지 않습니다.",
]


@pytest.mark.parametrize(
    ("parts", "between"), [(KOREAN, ""), ([part.strip() for part in KOREAN], " ")]
)
def test_a_word_of_korean_goes_on_in_the_next_line_if_the_file_has_blanks_at_ends(
    tmp_path: Path, parts: list[str], between: str
) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    reading = pdfs.read(
        tmp_path, drawn(lambda page: lines(page, *parts, font="HYSMyeongJo-Medium"))
    )
    assert reading.text == between.join(parts)


def test_a_blank_in_a_tight_line_stays_before_another_font(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, "Send us the output of ")
        end = 72 + canvas.stringWidth("Send us the output of", "Helvetica", 11)
        lines(canvas, "fenwick", left=end + 0.11 * 11, font="Helvetica-Bold")

    assert pdfs.read(tmp_path, drawn(page)).text == "Send us the output of fenwick"


def test_a_word_is_joined_as_the_rest_of_the_file_writes_it(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, "A well-known captain wrote the rules about the harbour, and one is well-")
        lines(canvas, "known: it says that the regu-", top=726)
        lines(canvas, "lations of the port hold.", top=712)

    text = pdfs.read(tmp_path, drawn(page)).text
    assert text.endswith("one is well-known: it says that the regulations of the port hold.")


# Pictures


def test_without_text_recognition_a_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    reading = pdfs.read(tmp_path, files.pdf_of_pictures(), ocr=True)
    assert (reading.text, reading.picture_pages, reading.ocr_pages) == ("", [1], [])
    assert reading.note == (
        "Page 1 is a picture, so its text is missing. Text recognition (OCR) is not installed. "
        "Run “make ocr” on the server."
    )


def test_a_page_that_has_only_a_head_beside_its_picture_is_a_picture(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        lines(canvas, "Harbour Archive", top=805, size=9)
        canvas.drawImage(ImageReader(files.Image.new("RGB", (40, 40), "navy")), 50, 50, 400, 600)

    assert pdfs.read(tmp_path, drawn(page, page, page)).picture_pages == [1, 2, 3]


def test_a_page_that_is_damaged_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    whole = pdfs.one_page(b"BT /F 12 Tf 72 700 Td (The tide rises twice a day.) Tj ET")
    data = whole.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[3 0 R 5 0 R]/Count 2")
    reading = pdfs.read(tmp_path, data)
    assert reading.text == "The tide rises twice a day."
    assert reading.note == "Page 2 is damaged, so its text is missing."
    assert cutting.pages(reading.page_starts, 0, len(reading.text)) == (1, 1)
