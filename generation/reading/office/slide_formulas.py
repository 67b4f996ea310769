"""Write the formulas on slides as TeX."""

from collections.abc import Iterable
from copy import deepcopy
from typing import TYPE_CHECKING

from generation.reading.office import pandoc, pandoc_html
from generation.reading.office.docx_styles import NAMESPACE, W
from generation.reading.office.docx_writing import written_docx
from generation.reading.office.held_markdown import Holder
from generation.reading.office.slide_text import A, M
from generation.reading.xml_trees import local_name, parsed, remove

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DOCUMENT = f'<w:document xmlns:w="{NAMESPACE}"><w:body/></w:document>'.encode()
_STYLES = f'<w:styles xmlns:w="{NAMESPACE}"/>'.encode()


def hold_formulas(slides: Iterable["Element"], holder: Holder) -> None:
    """Put a place for its TeX where each formula stands. Raises CannotRead."""
    formulas = [formula for slide in slides for formula in slide.iter(M + "oMath")]
    if not formulas:
        return
    written = _tex(formulas)
    if len(written) != len(formulas):
        return  # their letters are read without their structure
    for formula, tex in zip(formulas, written, strict=True):
        frame = _frame_of(formula)
        run = frame.makeelement(A + "r")
        text = frame.makeelement(A + "t")
        text.text = holder.hold(f"${tex}$" if _is_display(formula) else tex)
        run.append(text)
        frame.addprevious(run)
    for frame in {_frame_of(formula) for formula in formulas}:
        remove(frame)


def _tex(formulas: Iterable["Element"]) -> list[str]:
    """Return formulas as Markdown has them; pandoc reads them as those of a DOCX file."""
    document = parsed(_DOCUMENT)
    for formula in formulas:
        paragraph = document.makeelement(W + "p")
        paragraph.append(deepcopy(formula))
        document[0].append(paragraph)
    docx = written_docx(document, {"styles": parsed(_STYLES)})
    spans = pandoc.html_of(docx, "docx", "PPTX").find_class("math")
    return [pandoc_html.formula_of(span) for span in spans]


def _is_display(formula: "Element") -> bool:
    parent = formula.getparent()
    return parent is not None and local_name(parent) == "oMathPara"


def _frame_of(formula: "Element") -> "Element":
    """Return the part of a paragraph in which a formula stands."""
    frame = formula
    while (parent := frame.getparent()) is not None and parent.tag != A + "p":
        frame = parent
    return frame
