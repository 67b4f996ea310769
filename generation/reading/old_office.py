"""Tell what is in a file of the Office of before 2007, which is a small file system (OLE)."""

from pathlib import Path

from generation.reading.readings import CannotRead
from qareview.stored_sentences import stored

_WORD, _SLIDES, _ENCRYPTED = (
    name.encode("utf-16-le") for name in ("WordDocument", "PowerPoint Document", "EncryptedPackage")
)
_SHEETS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book\0"))
_SHEET_SUFFIXES = (".xls", ".xlt", ".xla")


def is_workbook(path: Path, suffix: str) -> bool:
    """Return whether a file is an XLS workbook. Raises CannotRead if it is another old file.

    Files in others have their names in the same list, so the suffix decides if there are several.
    """
    data = path.read_bytes()
    has_sheets = any(name in data for name in _SHEETS)
    has_others = any(name in data for name in (_WORD, _SLIDES, _ENCRYPTED))
    if has_sheets and (suffix in _SHEET_SUFFIXES or not has_others):
        return True
    if _WORD in data or suffix in (".doc", ".dot", ".docx"):
        raise CannotRead(
            stored(
                "This Word file is protected by a password or in the old .doc format. Save "
                "it as .docx without a password."
            )
        )
    if _SLIDES in data:
        raise CannotRead(
            stored(
                "This is a presentation in the old .ppt format. Open it in PowerPoint or "
                "LibreOffice and save it as .pptx."
            )
        )
    raise CannotRead(
        stored(
            "This file is protected by a password or in an old format of Office. Save it as "
            ".docx, .pptx or .xlsx without a password."
        )
    )
