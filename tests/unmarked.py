"""Finds texts that people read but that no catalog has: in templates, Python and JavaScript."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, TokenType

from tests.catalog import FUNCTIONS, sources

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_HOLE = "\ue000"  # stands where a template tag stood
_MARKED = re.compile(r"""_\((?:"[^"]*"|'[^']*')\)""")
_QUOTED = re.compile(r'"([^"]*)"')
_SHOWN_ATTRIBUTES = {"alt", "aria-label", "data-confirm", "placeholder", "title"}
_NOT_READ = {"code", "kbd", "script", "style"}
_CLASS = re.compile(r"{% block width %}.*?{% endblock %}")  # of the page’s main part
_PASSED = re.compile(r'\|(?:date|counted):"[^"]*"')
_WORDS_OF_FILTERS = re.compile(r'\|(?:default|default_if_none|join|pluralize|yesno):"([^"]*)"')
NAMES = re.compile(  # of things that are called so in every language
    r"\b(QAReview|Markdown|CSV|TSV|JSON|JSONL|Parquet|PDF|HTML|DOCX|ZIP|SVG|SHA|AUC|MB|Ctrl|Shift|"
    r"Enter|Esc|Tab)\b"
)


def _is_text(text: str) -> bool:
    return bool(_LETTERS.search(NAMES.sub("", text)))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in _NOT_READ
        for name, value in attrs:
            if name in _SHOWN_ATTRIBUTES and _is_text(value or ""):
                self.found.append((self.getpos()[0], f"{name}={value}"))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in _NOT_READ

    def handle_data(self, data: str) -> None:
        if not self.silent and _is_text(data):
            self.found.append((self.getpos()[0], " ".join(data.split())))


def in_template(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a template says in no tag for messages."""
    html, is_message = "", False
    for token in Lexer(_CLASS.sub("", source)).tokenize():
        name = (token.contents.split() or [""])[0]
        if name in ("blocktranslate", "endblocktranslate"):
            is_message = name == "blocktranslate"
        if token.token_type == TokenType.TEXT:
            html += _HOLE + "\n" * token.contents.count("\n") if is_message else token.contents
            continue
        html += _HOLE
        if name == "blocktranslate" or (not is_message and name != "translate"):
            yield from ((token.lineno or 0, text) for text in _in_tag(token.contents))
    page = _Page()
    page.feed(html)
    for line, text in page.found:
        yield line, text.replace(_HOLE, "…")


def _in_tag(contents: str) -> Iterator[str]:
    contents = _PASSED.sub("", _MARKED.sub("", contents))
    yield from (text for text in _WORDS_OF_FILTERS.findall(contents) if _is_text(text))
    yield from (text for text in _QUOTED.findall(contents) if " " in text.strip())


_SENTENCE = re.compile(r"^[A-Z“][a-z’']+ \S|[a-z’']+ [a-z’']+ [a-z’']+")
_WORD_WITH_A_VALUE = re.compile(r"(?:^|[\s…])[^\W\d_]{2,}(?:[\s….,;:!?]|$)")  # of an f-string
_IS_CODE = re.compile(r"^<| \| |; filename=")  # markup, a type, or a header
_STATEMENT = re.compile(
    r"\b(SELECT|UPDATE|INSERT|DELETE|FROM|WHERE|AND|NOT|UNION|ORDER BY|SET LOCAL)\b"
)
# what a developer reads, not somebody at a page
_FOR_DEVELOPERS = {
    "AssertionError", "CommandError", "ImproperlyConfigured", "LeaseLost",
    "NotImplementedError", "TypeError", "ValueError",
}  # fmt: skip
STAYS = "# not translated: "
_SILENT = ("migrations", "management", "formats")


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of sentences that are given to no function for messages."""
    lines = source.splitlines()
    tree = ast.parse(source)
    passed: set[int] = set()  # the nodes that need no look
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if _is_passed(node):
            passed |= {id(inner) for inner in ast.walk(node)}
        text = _text(node)
        if text and STAYS in lines[node.end_lineno - 1]:
            continue
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values if isinstance(part, ast.Constant)}
        is_text = _SENTENCE.search(text) or ("…" in text and _has_a_word(text))
        if is_text and not _STATEMENT.search(text) and not _IS_CODE.search(text):
            yield getattr(node, "lineno", 0), text


def _has_a_word(text: str) -> bool:
    """Whether a word stands among the values of an f-string, with a blank beside it."""
    return " " in text and bool(_WORD_WITH_A_VALUE.search(text))


def _is_passed(node: ast.AST) -> bool:
    """Whether what is in a node is a docstring, marked already, or for developers."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    owner = getattr(getattr(node.func, "value", None), "id", "")
    return name in FUNCTIONS or name in _FOR_DEVELOPERS or owner == "logger"


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(map(str, parts))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


_SAID = re.compile(r"^[A-Z][a-z]+(?:$|[ .,:!?’])|[a-z]{2,} [a-z]{2,} [a-z]{2,}")
_NO_WORDS = re.compile(r"(?:^|\s)//.*|(?:querySelector(?:All)?|closest|matches)\(\"[^\"]*\"")
_MARKED_IN_JS = re.compile(r'\bn?gettext\(\s*(?:"[^"]*"(?:,\s*)?)+')
_KEYS = {"Enter", "Escape", "Tab"}
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`')


def in_javascript(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of sentences that are given to no function for messages."""
    unmarked = _MARKED_IN_JS.sub(lambda call: "\n" * call[0].count("\n"), source)
    for number, line in enumerate(unmarked.splitlines(), 1):
        code = _NO_WORDS.sub("", line)
        for match in _STRING.finditer(code):
            text = match[1] or match[2] or ""
            if _SAID.search(text) and text not in _KEYS:
                yield number, text


def everywhere() -> Iterator[str]:
    """Yield ``path:line: text`` of all that is not marked in the app's sources."""
    for path in sources("templates/*.html", "*.py", "static/*.js"):
        finder = {".html": in_template, ".py": in_python, ".js": in_javascript}[path.suffix]
        if not set(path.parts) & set(_SILENT):
            for line, text in finder(path.read_text()):
                yield f"{path.relative_to(Path(__file__).resolve().parent.parent)}:{line}: {text}"


if __name__ == "__main__":
    print("\n".join(everywhere()))  # noqa: T201
