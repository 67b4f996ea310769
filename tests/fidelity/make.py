"""Convert the sources into every format, with programs that others trust.

    python -m tests.fidelity.make [07 08 …]   # only these sources

pandoc writes most formats, typst and Chromium print PDF, and LibreOffice writes once more what
pandoc has written, so that the files of an office are there, too. Chromium and LibreOffice are used
if they are there. The tests need none of these programs: what was made is in ``converted``.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pypandoc

from tests.fidelity import frames, prints
from tests.fidelity.figures import CONVERTED
from tests.fidelity.truth import FOLDER

DIALECT = "markdown-raw_html-raw_tex+implicit_figures"
FORMATS = ("docx", "odt", "epub", "rst", "rtf", "ipynb", "pptx")
BY_LIBREOFFICE = (  # filter of LibreOffice, and the format that it reads
    ("docx:MS Word 2007 XML", "odt"),
    ("pdf:writer_pdf_Export", "docx"),
    ("rtf", "docx"),
    ("odt", "docx"),
)


def convert(source: Path, to: str, out: Path | None = None, *options: str) -> str:
    """Write a source in a format of pandoc; return it if there is no file to write."""
    command = [pypandoc.get_pandoc_path(), "-f", DIALECT, "-t", to, *options, source.name]
    if out:
        command += ["-s", "-o", str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=source.parent)
    return done.stdout


def convert_slides(source: Path) -> None:
    """Write a talk with notes, whose files of slides are named in another order than shown."""
    out = CONVERTED / f"{source.stem}.pptx"
    convert(source, "pptx", out, "--slide-level=1")
    with zipfile.ZipFile(out) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            is_xml = name.endswith((".xml", ".rels"))
            archive.writestr(_swapped(name), _swapped(part.decode()) if is_xml else part)


def _swapped(text: str) -> str:
    """Return a text in which the names of two slides are swapped."""
    swap = {"slide2.xml": "slide5.xml", "slide5.xml": "slide2.xml"}
    return re.sub(r"\bslide[25]\.xml", lambda name: swap[name[0]], text)


def convert_all(source: Path) -> None:
    """Write a source in every format."""
    text = source.read_text()
    names = {"title": prints.value_of("title", text), "language": prints.value_of("lang", text)}
    for to in FORMATS:
        options = ["--slide-level=3"] if to == "pptx" else []
        convert(source, to, CONVERTED / f"{source.stem}.{to}", *options)
    options = ["--section-divs", "--mathml", "--no-highlight"]
    body = convert(source, "html", None, *options)
    for frame, page in frames.pages_of(names["title"], frames.with_details(body)).items():
        (CONVERTED / f"{source.stem}.{frame}.html").write_text(page)
    for kind in prints.KINDS:
        out = CONVERTED / f"{source.stem}.{kind}.pdf"
        prints.print_with_typst(convert(source, "typst"), out, kind=kind, **names)
    if chromium := shutil.which("chromium"):
        out = CONVERTED / f"{source.stem}.chrome.pdf"
        prints.print_with_chromium(chromium, body, out, **names)


def convert_with_libreoffice(program: str, sources: list[Path]) -> None:
    """Let LibreOffice open what pandoc wrote, and save it as it would itself."""
    for to, made_from in BY_LIBREOFFICE:
        with tempfile.TemporaryDirectory() as folder:
            files = [CONVERTED / f"{source.stem}.{made_from}" for source in sources]
            profile = f"-env:UserInstallation=file://{folder}/profile"
            command = [program, profile, "--headless", "--convert-to", to]
            command += ["--outdir", f"{folder}/out", *map(str, files)]
            subprocess.run(command, check=True, capture_output=True, timeout=240)
            for file in Path(folder, "out").iterdir():
                shutil.move(file, CONVERTED / f"{file.stem}.office{file.suffix}")


def main() -> None:
    chosen = tuple(sys.argv[1:] or [""])
    sources = [path for path in sorted(FOLDER.glob("*.md")) if path.name.startswith(chosen)]
    talks = [source for source in sources if "\nonly: pptx\n" in source.read_text()]
    documents = [source for source in sources if source not in talks]
    for source in talks:
        convert_slides(source)
    for source in documents:
        convert_all(source)
    if documents and (program := shutil.which("soffice")):
        convert_with_libreoffice(program, documents)


if __name__ == "__main__":
    main()
