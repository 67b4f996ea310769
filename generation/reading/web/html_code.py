"""Code in an HTML tree: blocks with their lines and language, and code in a line of text."""

import re
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.literal_text import literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCKS = ("pre", "listing", "xmp", "plaintext")
_IN_LINE = ("code", "tt", "kbd", "samp")
_LINES = ("div", "p", "li", "tr")  # each of these in a block of code is a line
_LANGUAGE = re.compile(
    r"^(?:(?:language|lang|highlight|highlight-source|brush|sourcecode|src|code)[-:])"
    r"([a-z][\w+#.-]*)$"
)
_NO_LANGUAGES = {"default", "none", "notranslate", "text", "plain", "block", "box", "wrapper"}
_USUAL = {  # languages that a class of the block alone may name
    *("bash", "c", "cpp", "css", "go", "html", "ini", "java", "javascript", "json", "perl", "php"),
    *("python", "r", "ruby", "rust", "sh", "sql", "toml", "xml", "yaml"),
}
_AROUND = 3  # elements around a block of code that may name its language; chosen; nobody measured
_DEEPEST = 100  # elements within each other whose lines are kept; chosen; nobody measured
_NUMBERS = {"linenos", "lineno", "linenodiv", "line-numbers", "gutter", "linenumber", "line-number"}


def write_code(root: "HtmlElement") -> None:
    """Make blocks of code plain, and write code within a line of text as Markdown."""
    for element in html_trees.elements(root, "td", "div", "span", "a", "pre"):
        if _NUMBERS & html_trees.classes_of(element) and _is_numbers(element):
            xml_trees.remove(element)
    for element in html_trees.elements(root, *_BLOCKS):
        if not html_trees.is_within(element, *_BLOCKS):
            _write_block(element)
    for element in html_trees.elements(root, *_IN_LINE):
        if element.getparent() is not None and not html_trees.is_within(element, "pre", *_IN_LINE):
            _write_in_line(element)


def _is_numbers(element: "HtmlElement") -> bool:
    return not re.search(r"[^\W\d]", "".join(element.itertext()))


def _write_block(element: "HtmlElement") -> None:
    language, code, tail = _language(element), code_of(element), element.tail
    element.clear()
    element.tag, element.tail = "pre", tail
    inner = element.makeelement("code", {"class": f"language-{language}"} if language else {})
    inner.text = code
    element.append(inner)


def code_of(element: "HtmlElement") -> str:
    """Return the lines of a block of code, without blank ones at its start and end."""
    pieces: list[str] = []
    for part in html_trees.contents(element):
        _collect(part, pieces)
    code = "".join(pieces).replace("\xa0", " ").rstrip()
    return re.sub(r"\A(?:[ \t]*\n)+", "", code)


def _collect(part: "HtmlElement | str", pieces: list[str], depth: int = 0) -> None:
    if isinstance(part, str):
        pieces.append(part)
    elif part.tag == "br":
        pieces.append("\n")
    elif depth < _DEEPEST and html_trees.has(part, "br", *_LINES):
        is_line = part.tag in _LINES
        _begin_line(pieces, is_line=is_line)
        for inner in html_trees.contents(part):
            _collect(inner, pieces, depth + 1)
        _begin_line(pieces, is_line=is_line)
    elif html_trees.is_element(part):
        pieces.append("".join(part.itertext()))


def _begin_line(pieces: list[str], *, is_line: bool) -> None:
    if is_line and pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")


def _language(element: "HtmlElement") -> str:
    """Return the language that an element, its code or what is around it names, or ""."""
    around = [parent for parent, _ in zip(element.iterancestors(), range(_AROUND), strict=False)]
    for part in (element, *element.iter("code"), *around):
        named = part.get("data-lang") or part.get("data-language") or part.get("lang-name")
        if named:
            return re.sub(r"[^\w+#.-]", "", named.lower())
        classes = (part.get("class") or "").lower().replace("brush: ", "brush:").split()
        for name in classes:
            match = _LANGUAGE.match(name.rstrip(";"))
            if match and match[1] not in _NO_LANGUAGES:
                return match[1].removeprefix("source-")
        if classes[:1] == ["sourcecode"] and len(classes) > 1 and part.tag in ("pre", "code"):
            return re.sub(r"[^\w+#.-]", "", classes[1])  # as pandoc writes it
    return next((name for name in html_trees.classes_of(element) if name in _USUAL), "")


def _write_in_line(element: "HtmlElement") -> None:
    """Replace code in a line, and what follows it without a blank, by text between backticks."""
    code = element.text_content()
    while not element.tail and (following := element.getnext()) is not None:
        if following.tag not in _IN_LINE:
            break
        code, element.tail = code + following.text_content(), following.tail
        following.tail = None
        xml_trees.remove(following)
    code = re.sub(r"\s+", " ", code.replace("\xa0", " "))
    longest = max(map(len, re.findall("`+", code)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if code.strip().startswith("`") or code.strip().endswith("`") else ""
    before, after = code[: len(code) - len(code.lstrip())], code[len(code.rstrip()) :]
    written = f"{fence}{blank}{code.strip()}{blank}{fence}" if code.strip() else ""
    html_trees.replace_with_text(element, f"{before}{literal(written)}{after}")
