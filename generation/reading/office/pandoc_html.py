"""Write pandoc's HTML as Markdown: its footnotes and formulas are not those of other pages."""

from typing import TYPE_CHECKING

from generation.reading.office.held_markdown import Holder
from generation.reading.web.markdown_writing import markdown_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement


_NO_LANGUAGES = ("numberLines", "literate", "sourceCode", "default", "none", "text")


def markdown_of_body(body: "HtmlElement", holder: Holder | None = None) -> str:
    """Return a body that pandoc wrote as Markdown, each footnote after the block that calls it.

    ``holder`` has the Markdown that the body has places for.
    """
    holder = holder or Holder()
    _hold_formulas(body, holder)
    notes = _take_notes(body)
    for link in body.xpath(".//a[starts-with(@href, '#') and not(@role)]"):
        link.drop_tag()
    for paragraph in body.xpath(".//li/p[1][not(following-sibling::p)]"):
        paragraph.drop_tag()
    _name_languages(body)
    blocks: list[str] = []
    for part in _parts(body, notes):
        numbers = [_number(call) for call in _calls(part)]
        for call in _calls(part):
            _replace(call, holder.hold(f"[^{_number(call)}]"))
        blocks.append(holder.restore(markdown_of(part)).strip("\n"))
        blocks += [
            _definition(number, holder.restore(markdown_of(notes.pop(number))))
            for number in numbers
            if number in notes
        ]
    return "\n\n".join(block for block in blocks if block.strip())


def formula_of(span: "HtmlElement") -> str:
    """Return a formula in pandoc's HTML as Markdown has it."""
    mark = "$$" if "display" in span.classes else "$"
    return f"{mark}{span.text_content().strip()[2:-2].strip()}{mark}"  # without \( \) or \[ \]


def _hold_formulas(body: "HtmlElement", holder: Holder) -> None:
    for span in body.find_class("math"):
        formula = formula_of(span)
        if any(True for _ in span.iterancestors("td", "th")):
            formula = formula.replace("|", r"\vert ").replace("\n", " ")
        _replace(span, holder.hold(formula))


def _name_languages(body: "HtmlElement") -> None:
    """Name the language of code as web pages do."""
    for code in body.xpath(".//pre[@class]/code"):
        language = code.getparent().get("class").split()[0]
        if language not in _NO_LANGUAGES:
            code.set("class", f"language-{language}")
        del code.getparent().attrib["class"]


def _take_notes(body: "HtmlElement") -> dict[str, "HtmlElement"]:
    """Remove the footnotes from the end of a body, and return them by their numbers."""
    notes = {}
    for section in body.xpath(".//section[@role='doc-endnotes']"):
        for link in section.xpath(".//a[@role='doc-backlink']"):
            link.drop_tree()
        for note in section.xpath("./ol/li"):
            note.tag = "div"
            notes[note.get("id", "").removeprefix("fn")] = note
        section.drop_tree()
    return notes


def _parts(body: "HtmlElement", notes: dict[str, "HtmlElement"]) -> list["HtmlElement"]:
    """Split a body after each block that calls a footnote, and around quotes."""
    import lxml.html

    parts = [lxml.html.Element("div")]
    for block in list(body):
        ends = block.tag == "blockquote" or (bool(notes) and bool(_calls(block)))
        if block.tag == "blockquote":
            parts.append(lxml.html.Element("div"))
        parts[-1].append(block)
        if ends:
            parts.append(lxml.html.Element("div"))
    return parts


def _calls(element: "HtmlElement") -> list["HtmlElement"]:
    calls: list[HtmlElement] = element.xpath(".//a[@role='doc-noteref']")
    return calls


def _number(call: "HtmlElement") -> str:
    return str(call.get("href", "")).removeprefix("#fn")


def _definition(number: str, markdown: str) -> str:
    """Return a footnote; its later lines are indented, so that they belong to it."""
    lines = markdown.strip().splitlines()
    indented = [f"    {line}" if line.strip() else "" for line in lines[1:]]
    return "\n".join([f"[^{number}]: {lines[0]}" if lines else f"[^{number}]:", *indented])


def _replace(element: "HtmlElement", text: str) -> None:
    element.text = text
    for child in list(element):
        element.remove(child)
    element.drop_tag()
