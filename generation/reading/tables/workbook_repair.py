"""Give a workbook the list of its parts, if it has none."""

import io
import re
import zipfile
from pathlib import Path

from generation.reading.office.packages import opened

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_OTHERS = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}


def with_relations(path: Path) -> "Path | io.BytesIO":
    """Return a workbook whose sheets can be found by their relations. Raises CannotRead.

    Some programs leave the relations out, since the names of the parts are the usual ones.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return path  # XLS, which is no archive
    if _WORKBOOK not in names or _RELATIONS in names:
        return path
    return _repaired(path, names)


def _repaired(path: Path, names: list[str]) -> io.BytesIO:
    from lxml import etree

    sheets = sorted((int(match[1]), name) for name in names if (match := _SHEET.fullmatch(name)))
    relations = [("worksheet", name) for _, name in sheets]
    relations += [(kind, name) for kind, name in _OTHERS.items() if name in names]
    written = io.BytesIO()
    with opened(path, "XLSX") as package, zipfile.ZipFile(written, "w") as repaired:
        root = package.xml(_WORKBOOK)
        for number, sheet in enumerate(root.iter("{*}sheet"), 1):
            sheet.set(f"{{{_OFFICE}}}id", f"r{number}")
        repaired.writestr(_WORKBOOK, etree.tostring(root))
        listed = "".join(
            f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="/{name}"/>'
            for number, (kind, name) in enumerate(relations, 1)
        )
        repaired.writestr(_RELATIONS, f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>')
        for name in names:
            if name != _WORKBOOK and not name.endswith("/"):
                repaired.writestr(name, package.read(name))
    written.seek(0)
    return written
