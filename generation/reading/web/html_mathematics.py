"""Write the formulas of an HTML tree as TeX between dollar signs."""

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.literal_text import literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SIGNS = {
    "×": r"\times", "·": r"\cdot", "⋅": r"\cdot", "÷": r"\div", "±": r"\pm", "∓": r"\mp",
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim",
    "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∮": r"\oint", "∞": r"\infty", "∂": r"\partial",
    "∇": r"\nabla", "√": r"\surd", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset",
    "⊆": r"\subseteq", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall",
    "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee", "→": r"\to", "←": r"\leftarrow",
    "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto", "…": r"\ldots", "⋯": r"\cdots",
    "−": "-", "⟨": r"\langle", "⟩": r"\rangle", "′": "'", "{": r"\{", "}": r"\}", "%": r"\%",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u200b": "", "#": r"\#", "&": r"\&", "_": r"\_",
}  # fmt: skip
_ACCENTS = {
    "^": "hat", "ˆ": "hat", "~": "tilde", "˜": "tilde", "→": "vec", "⃗": "vec", "¯": "bar",
    "‾": "overline", "―": "overline", "_": "underline", "˙": "dot", ".": "dot", "¨": "ddot",
    "⏞": "overbrace", "⏟": "underbrace",
}  # fmt: skip
_OPERATORS = ("sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "sup", "inf", "det")
_TEX_CLASSES = {"math", "arithmatex", "tex", "tex2jax_process", "mathjax_process"}
_DELIMITED = re.compile(r"\\\((.{1,2000}?)\\\)|\\\[(.{1,2000}?)\\\]", re.DOTALL)
_PARTS = {  # elements whose parts are written by their places, and how many they have (MathML 3)
    "mfrac": 2, "mroot": 2, "msup": 2, "msub": 2, "msubsup": 3, "munderover": 3, "mover": 2,
    "munder": 2,
}  # fmt: skip
_ENDS_WITH_COMMAND = re.compile(r"\\[A-Za-z]+$")
_NO_FORMULAS = ("pre", "code", "script", "style", "textarea")  # in the text of these
_DEEPEST = 100  # elements within each other in a formula; chosen; nobody measured


def write_formulas(root: "HtmlElement") -> None:
    """Replace the formulas of a tree by TeX.

    These are MathML, scripts that hold TeX for MathJax, and TeX between ``\\(`` and ``\\)`` or
    ``\\[`` and ``\\]``. What KaTeX and MathJax drew beside the MathML goes.
    """
    for math in html_trees.elements(root, "math"):
        if math.getparent() is not None:
            _remove_drawing(math)
            _put(math, tex_of(math), is_block=math.get("display") == "block")
    for script in html_trees.elements(root, "script"):
        kind = script.get("type") or ""
        if kind.startswith("math/tex"):
            _put(script, script.text or "", is_block="mode=display" in kind)
    for element in html_trees.elements(root):
        text, tail = element.text, element.tail
        if text and "\\" in text and element.tag not in _NO_FORMULAS:
            element.text = _with_dollars(text)
        if tail and "\\" in tail and not html_trees.is_within(element, "pre", "code"):
            element.tail = _with_dollars(tail)


def _with_dollars(text: str) -> str:
    return _DELIMITED.sub(
        lambda match: _in_dollars(match[1] or match[2], is_block=bool(match[2])), text
    )


def _put(element: "HtmlElement", tex: str, *, is_block: bool) -> None:
    html_trees.replace_with_text(element, _in_dollars(tex, is_block=is_block))


def _in_dollars(tex: str, *, is_block: bool) -> str:
    tex = " ".join(tex.split())
    mark = "$$" if is_block else "$"
    return literal(f"{mark}{tex}{mark}") if tex else ""


def _remove_drawing(math: "HtmlElement") -> None:
    """Remove the pictures and letters that show a formula once more, and show what hid it."""
    for around in math.iterancestors("span", "div"):
        classes = html_trees.classes_of(around)
        if "style" in around.attrib and "mwe-math-mathml-a11y" in classes:
            del around.attrib["style"]
        if classes & {"katex", "mwe-math-element"} or around.tag == "mjx-container":
            for part in html_trees.elements(around):
                drawn = html_trees.classes_of(part) & {"katex-html"}
                if (drawn or part.tag == "img") and part.getparent() is not None:
                    xml_trees.remove(part)
            return


def tex_of(math: "HtmlElement") -> str:
    """Return a MathML element as TeX: its annotation, its alternative text, or its parts as TeX."""
    for annotation in math.iter("annotation"):
        if "tex" in (annotation.get("encoding") or "").lower() and annotation.text:
            return _without_style(annotation.text)
    alternative: str | None = math.get("alttext")
    return _without_style(alternative) if alternative else _row(math, 0)


def _without_style(tex: str) -> str:
    match = re.fullmatch(r"\{\\displaystyle\s+(.*)\}", tex.strip(), re.DOTALL)
    return match[1] if match else tex


def _row(element: "HtmlElement", depth: int) -> str:
    """Return the parts of an element one after another."""
    children = (_tex(child, depth) for child in element if html_trees.is_element(child))
    return _joined([(element.text or "").strip(), *children])


def _joined(parts: Iterable[str]) -> str:
    """Return pieces of TeX one after another, with a blank that ends a command."""
    written: list[str] = []
    for part in filter(None, parts):
        if written and part[0].isalpha() and _ENDS_WITH_COMMAND.search(written[-1]):
            written.append(" ")
        written.append(part)
    return "".join(written)


def _tex(element: "HtmlElement", depth: int) -> str:
    """Return a part of a formula as TeX."""
    tag = str(element.tag).rsplit(":", 1)[-1]
    if depth > _DEEPEST:
        return html_trees.words_of(element)
    if tag in ("mi", "mn", "mo", "ms"):
        return _token(html_trees.words_of(element), is_name=tag == "mi")
    if tag == "mtext":
        words = html_trees.words_of(element)
        return rf"\text{{{words}}}" if words else " "
    if tag == "mspace":
        return " "
    if tag in ("annotation", "annotation-xml", "mphantom"):
        return ""
    if tag == "mtable":
        rows = element.iterchildren("mtr", "mlabeledtr")
        cells = " \\\\ ".join(_cells(row, depth) for row in rows)
        return rf"\begin{{matrix}}{cells}\end{{matrix}}"
    return _with_parts(tag, element, depth)


def _cells(row: "HtmlElement", depth: int) -> str:
    return " & ".join(_row(cell, depth + 1) for cell in row.iterchildren("mtd"))


def _with_parts(tag: str, element: "HtmlElement", depth: int) -> str:
    """Return an element around others as TeX.

    No part is written twice, or the time would double with each level of nested elements.
    """
    children = [child for child in element if html_trees.is_element(child)]
    if tag == "msqrt":
        return rf"\sqrt{{{_row(element, depth + 1)}}}"
    if tag != "mfenced" and len(children) != _PARTS.get(tag):
        return _row(element, depth + 1)
    parts = [_tex(child, depth + 1) for child in children]
    if tag == "mfenced":
        start, end = element.get("open", "("), element.get("close", ")")
        return _joined([_token(start), ",".join(parts), _token(end)])
    return _with_scripts(tag, parts, children[-1])


def _with_scripts(tag: str, parts: list[str], last: "HtmlElement") -> str:
    """Return one of _PARTS as TeX; ``last`` is the element of its last part."""
    match tag, parts:
        case "mfrac", [above, below]:
            return rf"\frac{{{above}}}{{{below}}}"
        case "mroot", [base, index]:
            return rf"\sqrt[{index}]{{{base}}}"
        case "msup", [base, above]:
            return f"{base}^{_group(above)}"
        case "msub", [base, below]:
            return f"{base}_{_group(below)}"
        case "msubsup" | "munderover", [base, below, above]:
            return f"{base}_{_group(below)}^{_group(above)}"
    base, mark = parts  # of "mover" and "munder"
    return _accented(tag, base, mark, html_trees.words_of(last))


def _accented(tag: str, base: str, mark: str, character: str) -> str:
    if character in _ACCENTS:
        return rf"\{_ACCENTS[character]}{{{base}}}"
    return f"{base}{'^' if tag == 'mover' else '_'}{_group(mark)}"


def _group(tex: str) -> str:
    return tex if len(tex) == 1 else f"{{{tex}}}"


def _token(text: str, *, is_name: bool = False) -> str:
    """Return a letter, a number or a sign as TeX."""
    if is_name and len(text) > 1 and text.isascii() and text.isalpha():
        return rf"\{text}" if text in _OPERATORS else rf"\mathrm{{{text}}}"
    return _joined(_SIGNS.get(character) or _greek(character) for character in text)


def _greek(character: str) -> str:
    """Return the TeX name of a Greek letter, and any other character as it is."""
    if character in _SIGNS:
        return ""
    match = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(character, ""))
    if not match or match[2] in ("OMICRON", "FINAL"):
        return character
    name = match[2].replace("LAMDA", "LAMBDA").lower()
    return "\\" + (name.capitalize() if match[1] == "CAPITAL" else name)
