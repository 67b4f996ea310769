"""Pages that are only pictures."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfObject, PdfPage

LEAST_COVERED = 0.04  # of a page: smaller drawings, such as rules, are no picture; chosen
MOST_OBJECTS = 500  # of a page that are looked at; chosen
WHITE = 250  # a fill this light, of 255, is not seen; chosen


def is_picture(page: "PdfPage") -> bool:
    """Whether a page shows something beside its text."""
    width, height = page.get_size()
    least = LEAST_COVERED * width * height
    for count, part in enumerate(page.get_objects(max_depth=3)):
        if count >= MOST_OBJECTS:
            return True  # much is drawn
        if _area(part) >= least and _is_visible(part):
            return True
    return False


def _area(part: "PdfObject") -> float:
    import pypdfium2

    try:
        left, bottom, right, top = part.get_bounds()
    except pypdfium2.PdfiumError:
        return 0.0
    return float((right - left) * (top - bottom))


def _is_visible(part: "PdfObject") -> bool:
    """Whether an object is an image or a shading, or a path that is not white."""
    import ctypes

    import pypdfium2.raw as pdfium

    if part.type != pdfium.FPDF_PAGEOBJ_PATH:
        return part.type in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING)
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(part.raw, fill, stroke)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium.FPDFPageObj_GetFillColor(part.raw, red, green, blue, alpha)
    is_white = min(red.value, green.value, blue.value) > WHITE or alpha.value == 0
    return bool(stroke.value) or (bool(fill.value) and not is_white)
