"""No file makes reading take time or memory that grows with the square of its size."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.reading.office import docx_numbering
from generation.reading.office.held_markdown import Holder
from generation.reading.office.rtf_reader import Interpreter
from generation.reading.office.rtf_tokens import tokens_of
from generation.reading.pdf import fields, tags
from generation.reading.pdf.characters import Box
from generation.reading.pdf.drawings import touching
from generation.reading.pdf.fonts import font_of
from generation.reading.pdf.runs import Run
from generation.reading.web import html_notes, page_areas
from generation.reading.web.page_survey import survey
from tests import pdfs

CONVERTED = Path(__file__).parent / "fidelity" / "converted"
EDGES = st.integers(0, 40).map(float)
BOXES = st.lists(
    st.tuples(EDGES, EDGES, EDGES, EDGES).map(
        lambda box: (
            min(box[0], box[2]),
            min(box[1], box[3]),
            max(box[0], box[2]),
            max(box[1], box[3]),
        )
    ),
    max_size=12,
)


@contextmanager
def seconds(most: float) -> Iterator[None]:
    started = process_time()
    yield
    assert process_time() - started < most


# RTF


@pytest.mark.parametrize("part", [b"\\'e4", b"\\b0 a", b"\\u228 ", b"a\r\n", b"\\plain\\b a\\b0 "])
def test_a_long_paragraph_of_rtf(part: bytes) -> None:
    interpreter = Interpreter()
    with seconds(20):
        for token in tokens_of(b"{\\rtf1\\uc0 " + part * 150_000 + b"}"):
            interpreter.take(token)
        [paragraph] = interpreter.complete()
    assert len(getattr(paragraph, "text", "")) >= 150_000


def test_a_style_of_rtf_whose_name_has_no_end() -> None:
    interpreter = Interpreter()
    with seconds(20):
        for token in tokens_of(b"{\\rtf1{\\fonttbl{\\f0 " + b"a\\'e4" * 150_000):
            interpreter.take(token)
    assert interpreter.complete() == []


def test_a_table_of_rtf_with_many_merged_cells() -> None:
    defined = "".join(rf"\clvmrg\cellx{number * 100}" for number in range(400))
    row = rf"\trowd{defined}\pard\intbl " + r"a\cell " * 400 + r"\row "
    interpreter = Interpreter()
    for token in tokens_of(f"{{\\rtf1 {row * 100}}}".encode()):
        interpreter.take(token)
    with seconds(5):
        [table] = interpreter.complete()
    assert [len(line) for line in getattr(table, "rows", [])] == [400, *[0] * 99]


# Office


def test_held_texts_do_not_double() -> None:
    holder = Holder()
    held = holder.hold("tide")
    for number in range(60):
        held = holder.hold(f"\ue000{number}\ue001\ue000{number}\ue001")
    assert holder.restore(held) == "tide"


def test_many_held_texts_on_a_line_are_restored_in_linear_time() -> None:
    holder = Holder()
    line = " and ".join(holder.hold(f"tide {number}") for number in range(30_000))
    with seconds(5):
        restored = holder.restore(f"> {line}\n- {holder.hold('a' + chr(10) + 'b')}")
    assert restored.startswith("> tide 0 and tide 1 and")
    assert restored.endswith("\n- a\n  b")


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        (3, "lowerLetter", "c"),
        (28, "upperLetter", "BB"),
        (780, "lowerLetter", "z" * 30),
        (781, "lowerLetter", "781"),
        (2_000_000_000, "lowerLetter", "2000000000"),
        (1999, "lowerRoman", "mcmxcix"),
    ],
)
def test_numbers_of_lists_are_short(number: int, form: str, written: str) -> None:
    assert docx_numbering.written_number(number, form) == written


# PDF


@settings(deadline=None, derandomize=True, max_examples=200)
@given(boxes=BOXES)
def test_boxes_that_touch_are_one_group(boxes: list[Box]) -> None:
    groups = touching(boxes, 1.0)
    assert sorted(itertools.chain(*groups)) == sorted(boxes)
    for group, other in itertools.combinations(groups, 2):
        assert not any(_near(box, beside) for box in group for beside in other)
    for group in groups:
        assert len(group) == 1 or all(
            any(_near(box, other) for other in group if other is not box) for box in group
        )


def _near(box: Box, other: Box) -> bool:
    return (
        box[0] - 1 <= other[2]
        and other[0] - 1 <= box[2]
        and box[1] - 1 <= other[3]
        and other[1] - 1 <= box[3]
    )


def test_many_boxes_are_grouped_in_time() -> None:
    boxes = [(10.0 * n, 0.0, 10.0 * n + 2, 800.0) for n in range(1200)]
    with seconds(2):
        assert len(touching(boxes, 1.0)) == 1200
        assert len(touching([(0.0, n / 2, 500.0, n / 2) for n in range(1200)], 1.0)) == 1


def test_the_label_of_a_field_is_the_nearest_text_before_it_on_its_line() -> None:
    font = font_of("", 0, 0)
    texts = [
        ("far", 10, 100, 1),
        ("near", 60, 100, 2),
        ("above", 80, 60, 3),
        ("after", 300, 100, 4),
    ]
    runs = [Run(text, left, left + 30.0, base, 10, font, tag) for text, left, base, tag in texts]
    labels = fields.Labels(runs)
    assert labels.tag_before(Run("value", 150, 250, 101, 10, font)) == 2
    assert labels.tag_before(Run("value", 150, 250, 300, 10, font)) == -1
    crowd = fields.Labels([Run("a", 1, 2, n % 700, 10, font, 0) for n in range(100_000)])
    with seconds(5):
        for number in range(2000):
            assert crowd.tag_before(Run("b", 90, 95, number % 700, 10, font)) == 0


def test_only_so_many_tags_of_a_page_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    [path, *_] = sorted(CONVERTED.glob("*.one.pdf"))
    whole = pdfs.read_pdf(path, pdfs.Choices()).text
    monkeypatch.setattr(tags, "MOST_TAGS", 3)
    assert pdfs.read_pdf(path, pdfs.Choices()).text != whole


# Web pages


def test_a_page_of_many_footnotes() -> None:
    count = 4000
    calls = "".join(f'<p>Tide <sup><a href="#n{n}">{n % 7}</a></sup></p>' for n in range(count))
    notes = "".join(f'<li id="n{n}" class="footnote">It rises.</li>' for n in range(count))
    root = lxml.html.document_fromstring(f"<body>{calls}<ol>{notes}</ol></body>")
    with seconds(10):
        html_notes.write_notes(root)
    assert len(root.findall(".//li")) == 0


def test_many_links_to_the_same_long_note() -> None:
    links = "".join(f'<p><a href="#n" id="a{n}">{n % 10}</a></p>' for n in range(4000))
    back = "".join(f'<a href="#a{n}">^</a> tide ' for n in range(4000))
    root = lxml.html.document_fromstring(f"<body>{links}<ol><li id='n'>{back}</li></ol></body>")
    with seconds(10):
        html_notes.write_notes(root)
    assert len(root.findall(".//li")) == 0


def test_an_article_in_many_paragraphs_and_containers() -> None:
    prose = "The tide of day {0} rises at {0} and falls again before the night of day {0} begins."
    paragraphs = "".join(f"<p>{prose.format(n)}</p>" for n in range(4000))
    page = f"<html><body>{'<div>' * 200}{paragraphs}{'</div>' * 200}</body></html>"
    body = lxml.html.document_fromstring(page).find("body")
    with seconds(40):
        container, taken = page_areas.take_article(body, page, survey(body))
    assert container.tag == "div"
    assert taken == []
    assert len(container.findall("p")) == 4000
