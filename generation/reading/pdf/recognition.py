"""Recognise the text of pages that are pictures, if rapidocr is installed.

It comes with its models and needs no network. ``make ocr`` installs it.
"""

import importlib.util
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import TYPE_CHECKING, Any

from generation.reading.pdf.fonts import font_of
from generation.reading.pdf.runs import PageText, Run

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MOST_SECONDS = 1_200  # for a file, 170 pages or more: a page took 5.5 to 9 s of a core
DOTS = 200  # per inch; at that, a page of A4 needed 840 MB
LONGEST_SIDE = 4_000  # dots of a picture, so that large pages need no more memory; chosen
LEAST_SURE = 0.5  # of 1: text that is less sure is left; the library's own value
FEWEST_LETTERS = 4  # on a page; fewer are seen in pictures of things; chosen
LETTER_HEIGHT = 0.9  # font sizes in the height of a line; measured on lines of 8 to 14 points
ALIKE = 0.15  # of the median: sizes nearer to it are that, since they are not exact; chosen

_Engine = Callable[[Any], Any]


def is_installed() -> bool:
    """Whether text can be recognised here."""
    return importlib.util.find_spec("rapidocr") is not None


def recognise(pdf: "PdfDocument", numbers: Iterable[int]) -> dict[int, PageText]:
    """Return the text of pages by their numbers, from 0; of as many as there is time for."""
    end = time.monotonic() + MOST_SECONDS
    engine = _engine()
    texts: dict[int, PageText] = {}
    for number in numbers:
        if time.monotonic() > end:
            break
        page = pdf[number]
        texts[number] = _text_of(page, engine)
        page.close()
    return texts


def _engine() -> _Engine:
    from rapidocr import RapidOCR

    options = {
        "Global.log_level": "critical",
        "Global.text_score": LEAST_SURE,
        # Each thread takes address space, which is limited; other workers need the cores.
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    engine: _Engine = RapidOCR(params=options)
    return engine


def _text_of(page: "PdfPage", engine: _Engine) -> PageText:
    width, height = page.get_size()
    scale = min(DOTS / 72, LONGEST_SIDE / max(width, height))
    recognised = engine(page.render(scale=scale).to_numpy())
    text = PageText(width, height, [])
    if recognised.boxes is None:
        return text
    for corners, words in zip(recognised.boxes, recognised.txts, strict=True):
        left, top = corners.min(axis=0) / scale
        right, bottom = corners.max(axis=0) / scale
        text.runs.append(_run(words.strip(), float(left), float(top), float(right), float(bottom)))
    letters = sum(len(run.text) for run in text.runs)
    text.runs = [run for run in text.runs if run.text and letters >= FEWEST_LETTERS]
    _even_sizes(text.runs)
    return text


def _run(words: str, left: float, top: float, right: float, bottom: float) -> Run:
    size = LETTER_HEIGHT * (bottom - top)
    return Run(words, left, right, bottom - 0.25 * size, size, font_of("", 0, 0))


def _even_sizes(runs: list[Run]) -> None:
    """Give runs of about the usual font size that size, and the others half points."""
    usual = median(run.size for run in runs) if runs else 0
    for run in runs:
        is_usual = abs(run.size - usual) < ALIKE * usual
        run.size = round(2 * (usual if is_usual else run.size)) / 2
