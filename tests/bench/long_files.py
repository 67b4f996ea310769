"""Makes long files of every format: about a hundred pages of prose, lists, tables and code."""

import random
import re
import subprocess
import textwrap
import zipfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pypandoc

from qareview.backends.tokens import tokenizer_for

MODEL = "smollm2-135m-instruct"
PAGES = 100
CHARACTERS = 2_600  # of a page
ROWS = 50  # of a page
SYLLABLES = "ka lo mi ra ten sor vel dun ber fin gol har jes kum lan mor nep ost pul qua"
WORD = re.compile("Ġ([a-z]{2,}|a)")  # as the tokenizer of the model writes one with its space
OFFICE = ("docx", "odt", "epub", "rst", "rtf", "ipynb", "pptx")
CODE = "for gate in gates:\n    if gate.is_open:\n        gate.close()  # before the tide"


class Writer:
    """Writes prose whose words are as common and as rare as in English (Zipf's law).

    The common ones are the tokenizer's, which learned them by how common they are.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        syllables = SYLLABLES.split()
        rare = ["".join(self.random.choices(syllables, k=2 + n % 3)) for n in range(5_000)]
        vocabulary = tokenizer_for(MODEL).get_vocab()
        tokens = sorted(vocabulary, key=vocabulary.__getitem__)
        common = [match[1] for match in map(WORD.fullmatch, tokens) if match]
        self.words = [*common, *rare]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def some(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=count))

    def sentence(self) -> str:
        return f"{self.some(self.random.randint(8, 26)).capitalize()}."

    def paragraph(self) -> str:
        return " ".join(self.sentence() for _ in range(self.random.randint(3, 7)))

    def block(self) -> str:
        """Return a part of an article as HTML; most are paragraphs."""
        kind = self.random.random()
        if kind < 0.15:
            return f"<h2>{self.some(4).capitalize()}</h2>"
        if kind < 0.25:
            return f"<ul>{''.join(f'<li>{self.sentence()}</li>' for _ in range(5))}</ul>"
        if kind < 0.3:
            rows = (f"<tr><td>{self.some(2)}</td><td>{n * 7}</td></tr>" for n in range(6))
            return f"<table><tr><th>Name</th><th>Number</th></tr>{''.join(rows)}</table>"
        link = f'<a href="/{self.random.random()}">{self.some(2)}</a>'
        return f"<p>{self.paragraph()} See {link}. <em>{self.some(3)}</em> {self.sentence()}</p>"


def html_page(writer: Writer, *, is_news: bool = False) -> bytes:
    """Return an article of 5 to 15 kB between menus, a side column and a footer.

    A page of news says that it is an article, and loads many scripts.
    """
    size = writer.random.randint(5_000, 15_000)
    blocks = [f"<h1>{writer.some(5).capitalize()}</h1>"]
    while sum(map(len, blocks)) < size:
        blocks.append(writer.block())
    menu = "".join(f'<li><a href="/{n}">{writer.some(2)}</a></li>' for n in range(40))
    head = '<meta property="og:type" content="article">' + 9 * '<script src="a.js"></script>'
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{writer.some(3)}'
        "</title><style>body { margin: 0 }</style><script>let shown = {};</script>"
        f"{head if is_news else ''}</head><body>"
        f'<header><nav><ul>{menu}</ul></nav></header><aside class="sidebar"><ul>{menu}</ul>'
        f"</aside><main><article>{''.join(blocks)}</article></main><footer><ul>{menu}</ul>"
        "<p>Copyright of nobody</p></footer></body></html>"
    )
    return page.encode()


def make_files(folder: Path, writer: Writer) -> dict[str, list[Path]]:
    """Write the files of every format into a folder, and return their paths."""
    pages = [folder / f"{number}.html" for number in range(PAGES)]
    for page in pages:
        page.write_bytes(html_page(writer))
    source = folder / "handbook.md"
    source.write_text("\n\n".join(_chapters(writer)))
    news = [folder / f"news-{number}.html" for number in range(PAGES)]
    for page in news:
        page.write_bytes(html_page(writer, is_news=True))
    files = {"html": pages, "news": news}
    for form in OFFICE:
        files[form] = [_converted(source, form)]
    for form, is_tagged in (("pdf", False), ("pdf_tagged", True)):
        files[form] = [_printed(source, folder / f"{form}.pdf", is_tagged=is_tagged)]
    files["xlsx"] = [folder / "stock.xlsx"]
    write_workbook(files["xlsx"][0], writer)
    return files


def _chapters(writer: Writer) -> Iterator[str]:
    """Yield chapters of about ten pages in Markdown."""
    for number in range(PAGES // 10):
        blocks = [f"# {writer.some(3).capitalize()}"]
        while sum(map(len, blocks)) < 10 * CHARACTERS:
            blocks += _section(writer)
        notes = f"[^{number}]: {writer.sentence()}"
        yield "\n\n".join([*blocks, f"{writer.paragraph()}[^{number}]", notes])


def _section(writer: Writer) -> Iterator[str]:
    yield f"## {writer.some(4).capitalize()}"
    yield from (writer.paragraph() for _ in range(4))
    yield "\n".join(f"- {writer.sentence()}" for _ in range(4))
    rows = [f"| {writer.some(2)} | {n * 7} | {writer.some(3)} |" for n in range(6)]
    yield "\n".join(["| Name | Number | Use |", "|---|---|---|", *rows])
    yield f"```python\n{CODE}\n```"


def _converted(source: Path, form: str) -> Path:
    out = source.with_suffix(f".{form}")
    program = pypandoc.get_pandoc_path()
    subprocess.run([program, "-f", "markdown", "-s", str(source), "-o", str(out)], check=True)
    return out


def _printed(source: Path, out: Path, *, is_tagged: bool) -> Path:
    """Print the source with a running head and page numbers."""
    import typst

    program = pypandoc.get_pandoc_path()
    command = [program, "-f", "markdown", "-t", "typst", str(source)]
    body = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    head = '#set page(header: [Harbour Handbook, third edition], numbering: "1")\n'
    work = out.with_suffix(".typ")
    work.write_text(f"{head}{body}")
    typst.compile(str(work), output=str(out), pdf_tags=is_tagged)
    return out


def write_workbook(path: Path, writer: Writer) -> None:
    """Write a sheet with a row of names and ROWS rows for every page, as XLSX."""
    rows = [["name", "place", "number", "use"]]
    rows += [[writer.some(2), writer.some(1), "7", writer.sentence()] for _ in range(PAGES * ROWS)]
    cells = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, textwrap.dedent(part).strip())
        sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f"""
        <Types xmlns="{_PACKAGE}/content-types">
        <Default Extension="rels"
          ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
        <Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>
        <Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET}.worksheet+xml"/>
        </Types>""",
    "_rels/.rels": f"""
        <Relationships xmlns="{_PACKAGE}/relationships">
        <Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>
        </Relationships>""",
    "xl/workbook.xml": f"""
        <workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">
        <sheets><sheet name="Stock" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""
        <Relationships xmlns="{_PACKAGE}/relationships">
        <Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
        </Relationships>""",
}
