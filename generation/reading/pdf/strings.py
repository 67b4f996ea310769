"""Strings that PDFium writes into buffers."""

import ctypes
from collections.abc import Callable
from typing import Any


def string_of(function: Callable[[Any, int], int]) -> str:
    """Return the string that a function of PDFium writes into a buffer of a size, in UTF-16.

    The function returns the size that it needs, of which two bytes are the string's end.
    """
    import pypdfium2.raw as pdfium

    size = function(None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", errors="replace")
