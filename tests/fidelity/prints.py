"""Print a source as PDF: with typst, which writes tags, and with Chromium."""

import html
import re
from pathlib import Path

from tests.fidelity.figures import RUNNING_HEAD

TYPST = """
#set document(title: "%(title)s")
#set page(paper: "a5", margin: 1.6cm, columns: %(columns)s,
  header: context [#text(size: 8pt)[%(running_head)s #h(1fr) %(title)s]],
  footer: context [#text(size: 8pt)[Page #counter(page).display("1 of 1", both: true)]])
#set text(size: %(size)s, lang: "%(language)s", hyphenate: true,
  font: ("Libertinus Serif", "Noto Sans CJK JP", "DejaVu Sans", "Norasi"))
#set par(justify: true)
#set heading(numbering: %(numbering)s)
#show raw: set text(font: ("DejaVu Sans Mono", "Noto Sans Mono CJK JP"), size: 0.8em)
#let horizontalrule = line(length: 100%%)
#show terms.item: it => block[#strong(it.term): #it.description]
#show figure: set block(breakable: true)
#set table(stroke: 0.5pt)
%(contents)s
%(body)s
"""
PAGE = """<!DOCTYPE html><html lang="%s"><head><meta charset="utf-8"><title>%s</title><style>
body{font:11pt/1.4 serif} pre{font-size:9pt;background:#eee;padding:6px}
table{border-collapse:collapse;font-size:9pt} td,th{border:1px solid #999;padding:2px 6px}
img{max-width:60%%} h1{font-size:20pt} h2{font-size:15pt} h3{font-size:12pt}
</style></head><body>%s</body></html>"""
SMALL = '<div style="font-size:8px;width:100%%;padding:0 14mm">%s</div>'
PAGE_NUMBERS = 'Page <span class="pageNumber"></span> of <span class="totalPages"></span>'
KINDS = {
    "one": {"columns": 1, "size": "10pt", "numbering": "none", "contents": ""},
    "two": {"columns": 2, "size": "9pt", "numbering": "none", "contents": ""},
    "toc": {
        "columns": 1,
        "size": "10pt",
        "numbering": '"1.1"',
        "contents": "#outline()\n#pagebreak()",
    },
}


def print_with_typst(body: str, out: Path, *, kind: str, title: str, language: str) -> None:
    """Print what pandoc wrote for typst, in one of KINDS."""
    import typst

    values = {"title": title, "language": language, "running_head": RUNNING_HEAD, "body": body}
    work = out.parent / f".{out.stem}.typ"
    work.write_text(TYPST % {**values, **KINDS[kind]})
    try:
        typst.compile(str(work), output=str(out), root=str(out.parent))
    finally:
        work.unlink()


def print_with_chromium(chromium: str, body: str, out: Path, *, title: str, language: str) -> None:
    """Print HTML as a browser does, with a running head and page numbers, but without tags."""
    from playwright.sync_api import sync_playwright

    page = out.parent / f".{out.stem}.html"
    page.write_text(PAGE % (language, html.escape(title), body))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()
        tab.goto(page.resolve().as_uri())
        tab.pdf(
            path=out,
            format="A5",
            display_header_footer=True,
            margin={"top": "18mm", "bottom": "18mm", "left": "14mm", "right": "14mm"},
            header_template=SMALL % html.escape(RUNNING_HEAD),
            footer_template=SMALL % PAGE_NUMBERS,
        )
        browser.close()
    page.unlink()


def value_of(field: str, source: str) -> str:
    """Return a field of the front matter of a source. Raises ValueError if it is not there."""
    field_there = re.search(rf"^{field}: (.*)$", source, re.MULTILINE)
    if field_there is None:
        raise ValueError(field)
    return field_there[1]
