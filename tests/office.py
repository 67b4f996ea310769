"""Makes office files of a few lines of XML, and reads files as if they had been uploaded."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from generation.reading import readers
from generation.reading.readings import Choices, Reading

AWKWARD = Path(__file__).parent / "awkward"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    f'xmlns:r="{_OFFICE}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    f'xmlns:a="{_DRAWING}/main" xmlns:wp="{_DRAWING}/wordprocessingDrawing"'
)
SLIDES = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:a="{_DRAWING}/main" xmlns:r="{_OFFICE}" xmlns:c="{_DRAWING}/chart" '
    f'xmlns:dgm="{_DRAWING}/diagram"'
)
SHEETS = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_OFFICE}"'
TEXT_DOCUMENT = "application/vnd.oasis.opendocument.text"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns:"
OPEN_DOCUMENT = (
    f'xmlns:office="{_OPEN}office:1.0" xmlns:text="{_OPEN}text:1.0" '
    f'xmlns:style="{_OPEN}style:1.0" xmlns:draw="{_OPEN}drawing:1.0" '
    f'xmlns:table="{_OPEN}table:1.0" xmlns:fo="{_OPEN}xsl-fo-compatible:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def read(
    data: bytes, name: str, columns: Mapping[str, str] | None = None, extent: str = ""
) -> Reading:
    """Read bytes as if they had been uploaded under a name. Raises CannotRead."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "original"
        path.write_bytes(data)
        return readers.read_file(path, name, Choices(columns or {}, extent))


def awkward(name: str) -> Reading:
    """Read one of the awkward files. Raises CannotRead."""
    return readers.read_file(AWKWARD / name, name)


def left_out(reading: Reading) -> list[tuple[str, str]]:
    """Return the text and the reason of each range that is left out."""
    return [(reading.text[part.start : part.end], part.reason) for part in reading.left_out]


def kept(reading: Reading) -> str:
    """Return the text before what is left out."""
    return reading.text[: reading.left_out[0].start] if reading.left_out else reading.text


def package(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive of parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    """Return the relations of a part, each an id, a kind and a target; addresses lead outside."""
    listed = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"{_mode(target)}/>'
        for name, kind, target in targets
    )
    return f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>'


def _mode(target: str) -> str:
    return ' TargetMode="External"' if ":" in target else ""


def _with_main(main: str, parts: Mapping[str, str | bytes]) -> bytes:
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    start = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations(
            ("main", "officeDocument", main), ("core", "core-properties", "docProps/core.xml")
        ),
    }
    return package({**start, **parts})


def docx(body: str, styles: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a DOCX file whose body and styles are given as XML."""
    listed = relations(
        ("styles", "styles", "styles.xml"),
        ("notes", "footnotes", "footnotes.xml"),
        ("numbers", "numbering", "numbering.xml"),
    )
    return _with_main(
        "word/document.xml",
        {
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": listed,
            "word/styles.xml": f"<w:styles {WORD}>{styles}</w:styles>",
            **(more or {}),
        },
    )


def paragraph(text: str, properties: str = "", run: str = "") -> str:
    """Return a paragraph of a DOCX file."""
    written = f'<w:r><w:rPr>{run}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{written if text else ''}</w:p>"


def odt(text: str, styles: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return an ODT file whose text and styles are given as XML."""
    content = (
        f"<office:document-content {OPEN_DOCUMENT}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:text>{text}</office:text></office:body>"
        "</office:document-content>"
    )
    return package({"mimetype": TEXT_DOCUMENT, "content.xml": content, **(more or {})})


def pptx(slides: Sequence[str], more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Return a PPTX file whose slides are given as the XML of their shapes."""
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="s{n}"/>' for n in range(len(slides)))
    main = f"<p:presentation {SLIDES}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    parts = {
        f"ppt/slides/slide{n}.xml": (
            f"<p:sld {SLIDES}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        )
        for n, shapes in enumerate(slides)
    }
    targets = [(f"s{n}", "slide", f"slides/slide{n}.xml") for n in range(len(slides))]
    return _with_main(
        "ppt/presentation.xml",
        {
            "ppt/presentation.xml": main,
            "ppt/_rels/presentation.xml.rels": relations(*targets),
            **parts,
            **(more or {}),
        },
    )


def shape(text: str, kind: str = "", place: tuple[int, int] | None = None) -> str:
    """Return a shape of a slide with a paragraph per line; a tab before it is a level down."""
    lines = "".join(
        f'<a:p><a:pPr lvl="{line.count(chr(9))}"/><a:r><a:t>{line.strip()}</a:t></a:r></a:p>'
        for line in text.split("\n")
    )
    holder = f'<p:ph type="{kind}"/>' if kind else ""
    frame = (
        f'<a:xfrm><a:off x="{place[0]}" y="{place[1]}"/><a:ext cx="90" cy="90"/></a:xfrm>'
        if place
        else ""
    )
    return (
        f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:spPr>{frame}</p:spPr>"
        f"<p:txBody>{lines}</p:txBody></p:sp>"
    )


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[object]]],
    merged: str = "",
    hidden: Sequence[str] = (),
    styles: str = "",
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Return an XLSX file of sheets with rows of values; a "=" before a value writes it as XML."""
    parts: dict[str, str | bytes] = {}
    listed = []
    targets = [("styles", "styles", "styles.xml")]
    for number, (name, rows) in enumerate(sheets.items(), 1):
        state = ' state="hidden"' if name in hidden else ""
        listed.append(f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"{state}/>')
        targets.append((f"r{number}", "worksheet", f"worksheets/sheet{number}.xml"))
        written = "".join(
            f'<row r="{n}">{"".join(_cell(value) for value in row)}</row>'
            for n, row in enumerate(rows, 1)
        )
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {SHEETS}><sheetData>{written}</sheetData>{merged}</worksheet>"
        )
    return _with_main(
        "xl/workbook.xml",
        {
            "xl/workbook.xml": f"<workbook {SHEETS}><sheets>{''.join(listed)}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(*targets),
            "xl/styles.xml": f"<styleSheet {SHEETS}>{styles}</styleSheet>",
            **parts,
            **(more or {}),
        },
    )


def _cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = str(value)
    return text[1:] if text.startswith("=<") else f'<c t="inlineStr"><is><t>{text}</t></is></c>'
