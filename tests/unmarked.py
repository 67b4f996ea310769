"""Finds what people would read and no catalog holds: in templates, in Python, in JavaScript."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, TokenType

from tests.catalog import FUNCTIONS, sources

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_HOLE = "\x00"  # stands where a template tag stood
_MARKED = re.compile(r"""_\((?:"[^"]*"|'[^']*')\)""")
_QUOTED = re.compile(r'"([^"]*)"')
_SHOWN_ATTRIBUTES = {"alt", "aria-label", "data-confirm", "placeholder", "title"}
_NOT_READ = {"code", "kbd", "script", "style"}
_TAKES_MESSAGES = {"blocktranslate", "translate"}
_FILTERS_WITH_WORDS = re.compile(
    r'\|(?:add|default|default_if_none|join|pluralize|yesno):"([^"]*)"'
)
NAMES = re.compile(  # of things that are called so in every language
    r"\b(QAReview|Markdown|CSV|TSV|JSON|JSONL|Parquet|PDF|HTML|DOCX|ZIP|SVG|AUC|MB|Ctrl|Shift|"
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
    html, inside = "", False
    for token in Lexer(source).tokenize():
        name = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        holds = token.token_type in (TokenType.BLOCK, TokenType.VAR)
        if token.token_type == TokenType.BLOCK and name in ("blocktranslate", "endblocktranslate"):
            inside = name == "blocktranslate"
        if token.token_type == TokenType.TEXT and not inside:
            html += token.contents
        else:
            html += _HOLE
            lines = token.contents.count("\n") if token.token_type == TokenType.TEXT else 0
            html += "\n" * lines
        if holds and not inside and name not in _TAKES_MESSAGES:
            contents = _MARKED.sub("", token.contents)
            spoken = [text for text in _QUOTED.findall(contents) if " " in text.strip()]
            spoken += _FILTERS_WITH_WORDS.findall(contents)
            for text in spoken:
                if _is_text(text) and not text.startswith(("d", "j", "H")) or " " in text.strip():
                    yield token.lineno or 0, text
    page = _Page()
    page.feed(html)
    for line, text in page.found:
        yield line, text.replace(_HOLE, "…")


_SENTENCE = re.compile(r"^[A-Z“][a-z’']+ \S|[a-z’']{2,} [a-z’']{2,} [a-z’']{2,}")
_STATEMENT = re.compile(r"\b(SELECT|UPDATE|INSERT|DELETE|FROM|WHERE|ORDER BY|SET LOCAL)\b")
# what a developer reads, not somebody at a page
_FOR_DEVELOPERS = {
    "AssertionError", "CommandError", "Http404", "ImproperlyConfigured", "LeaseLost",
    "NotImplementedError", "TypeError", "ValueError", "debug", "error", "exception", "info",
    "warning",
}  # fmt: skip
_SILENT = ("migrations", "management", "formats")


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _is_logged(call: ast.Call) -> bool:
    owner = getattr(call.func, "value", None)
    is_method = _name(call) in {"debug", "error", "exception", "info", "warning"}
    return not is_method or getattr(owner, "id", "") == "logger"


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of sentences that are given to no function for messages."""
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                skipped.add(id(first.value))
        if isinstance(node, ast.Call):
            is_marked = _name(node) in FUNCTIONS
            if is_marked or (_name(node) in _FOR_DEVELOPERS and _is_logged(node)):
                skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            skipped |= {id(part) for part in parts}
            text = " … ".join(str(part.value) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        if _SENTENCE.search(text) and not _STATEMENT.search(text) and " | " not in text:
            yield node.lineno, text


_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`')


def in_javascript(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of sentences that are given to no function for messages."""
    for number, line in enumerate(source.splitlines(), 1):
        code = re.sub(r"(^|\s)//.*", "", line)
        code = re.sub(r'\bn?gettext\((?:"[^"]*"(?:, )?)+', "", code)
        for match in _STRING.finditer(code):
            text = match[1] or match[2] or ""
            if re.search(r"[A-Z][a-z]+(?: [a-z]+)+|^[A-Z][a-z]+[.!?]?$", text):
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
