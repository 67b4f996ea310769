"""What people wrote on a page: values of form fields, and text boxes."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from generation.reading.pdf.characters import Box
from generation.reading.pdf.fonts import font_of
from generation.reading.pdf.runs import PageText, Run, place_on
from generation.reading.pdf.strings import string_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MOST_FIELDS = 2_000  # of a page that are read; chosen
LARGEST = 12.0  # points: the font size that a value gets, unless its field is lower; chosen
STRIPE = 10.0  # points of a page's height that are looked at together; chosen
MOST_STRIPES = 20  # that a run is looked for in; chosen
MOST_BESIDE = 200  # runs that are looked at for a label; chosen
TICKED, EMPTY = "☒", "☐"

Written = tuple[str, Box]


def add_written(page: "PdfPage", pdf: "PdfDocument", text: PageText) -> None:
    """Add a run for each line that people wrote into the fields and boxes of a page."""
    labels = Labels(text.runs)
    for written, box in _written(page, pdf):
        left, top, right, bottom = place_on(text, box)
        lines = written.splitlines()
        size = min(LARGEST, 0.8 * (bottom - top) / max(1, len(lines))) or LARGEST
        start = (top + bottom - 1.2 * size * len(lines)) / 2
        for number, line in enumerate(lines):
            baseline = start + 1.2 * size * (number + 0.8)
            run = Run(line.strip(), left, right, baseline, size, font_of("", 0, 0))
            run.tag, run.quarter = labels.tag_before(run), text.quarter
            text.runs += [run] if run.text else []


class Labels:
    """Finds the text in front of a field among the runs of its page, by the stripes they are in."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._stripes: dict[int, list[Run]] = defaultdict(list)
        for run in sorted(runs, key=lambda run: run.right):
            last = min(run.bottom + 2, run.top + MOST_STRIPES * STRIPE)
            for stripe in range(int(run.top // STRIPE), int(last // STRIPE) + 1):
                self._stripes[stripe].append(run)

    def tag_before(self, field: Run) -> int:
        """Return the tag of a field's label, the nearest text before it on its line; or -1."""
        runs = self._stripes.get(int(field.baseline // STRIPE), [])
        before = bisect_right(runs, field.left + 2, key=lambda run: run.right)
        for run in reversed(runs[max(0, before - MOST_BESIDE) : before]):
            if run.top < field.baseline < run.bottom + 2:
                return run.tag
        return -1


def _written(page: "PdfPage", pdf: "PdfDocument") -> Iterator[Written]:
    import pypdfium2.raw as pdfium

    readers: dict[int, Callable[[Any, Any], str]] = {
        pdfium.FPDF_ANNOT_WIDGET: _value_of_field,
        pdfium.FPDF_ANNOT_FREETEXT: _contents,
    }
    form = pdf.formenv.raw if pdf.formenv else None
    for index in range(min(MOST_FIELDS, pdfium.FPDFPage_GetAnnotCount(page.raw))):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        read = readers.get(pdfium.FPDFAnnot_GetSubtype(annotation))
        if read and not pdfium.FPDFAnnot_GetFlags(annotation) & pdfium.FPDF_ANNOT_FLAG_HIDDEN:
            yield read(annotation, form), _box(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)


def _box(annotation: Any) -> Box:
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(annotation, box)
    return box.left, min(box.bottom, box.top), box.right, max(box.bottom, box.top)


def _value_of_field(annotation: Any, form: Any) -> str:
    import pypdfium2.raw as pdfium

    if form is None:
        return ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        return TICKED if pdfium.FPDFAnnot_IsChecked(form, annotation) else EMPTY
    with_values = (
        pdfium.FPDF_FORMFIELD_TEXTFIELD,
        pdfium.FPDF_FORMFIELD_COMBOBOX,
        pdfium.FPDF_FORMFIELD_LISTBOX,
    )
    if kind not in with_values:
        return ""
    return string_of(
        lambda units, size: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, units, size)
    ).replace("\r", "\n")


def _contents(annotation: Any, _: Any) -> str:
    import pypdfium2.raw as pdfium

    return string_of(
        lambda units, size: pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", units, size)
    ).replace("\r", "\n")
