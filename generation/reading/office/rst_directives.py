"""Write the directives of reStructuredText that pandoc drops as plain reStructuredText.

The names are those of docutils and Sphinx. Other names are taken for the descriptions of objects,
such as functions, unless their argument is made of plain words, as a title is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"^(\s*)\.\. +([A-Za-z][\w:.+-]*?):: *(.*)$")
_OPTION = re.compile(r"^\s*:([\w -]+):(?:\s+(.*))?$")
_COMMENT = re.compile(r"^\s*\.\.(?:\s+(?![_\[])|$)")
_ITEM = re.compile(r"^\s*(?:(?:[-*+•]|\(?(?:\w{1,3}|#)[.)])\s+)*")
_OBJECTS = {"function", "data", "exception", "class", "method", "attribute", "property", "type"}
_OBJECTS |= {"classmethod", "staticmethod", "decorator", "decoratormethod", "member", "macro"}
_OBJECTS |= {"struct", "union", "enum", "enumerator", "var", "concept", "alias", "namespace"}
_OBJECTS |= {"option", "cmdoption", "envvar", "token", "confval", "describe", "object", "opcode"}
_WORD = re.compile(r"[(\"“‘]?[^\W_]+(?:['’-][^\W_]+)*[,.;:!?)\"”’]*|[–—&-]")
DEEPEST = 30  # directives in each other that are rewritten; chosen; nobody measured

# What pandoc reads itself; the content of those in _LITERAL is no reStructuredText.
_NOTES = ("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning")
_KEPT = {*_NOTES, "admonition", "topic", "sidebar", "epigraph", "highlights", "pull-quote"}
_KEPT |= {"figure", "image", "table", "list-table", "rubric", "contents", "role", "title"}
_KEPT |= {"default-role", "line-block", "header", "footer", "sectnum"}
_LITERAL = {"math", "raw", "csv-table"}
_CODE = {"code", "code-block", "sourcecode", "parsed-literal", "productionlist", "ipython"}
_CODE |= {"testcode", "testoutput", "testsetup", "doctest", "prompt", "graphviz", "mermaid"}
_UNWRAPPED = {"only", "hlist", "compound", "container", "tabs", "tab-set", "grid", "rst-class"}
_UNWRAPPED |= {"glossary", "centered", "div", "cssclass", "acks", "if", "ifconfig"}
_BOXES = {
    "seealso": "See also",  # not translated: the words that Sphinx writes
    "impl-detail": "CPython implementation detail",  # not translated: the words that it writes
    "todo": "Todo",
}
_TITLED = {"dropdown", "collapse", "details", "tab", "tab-item", "group-tab", "card", "grid-item"}
_TITLED |= {"grid-item-card", "custom-admonition", "toggle", "code-tab"}
_SILENT = {"index", "highlight", "currentmodule", "module", "sectionauthor", "codeauthor", "meta"}
_SILENT |= {"tabularcolumns", "default-domain", "program", "toctree", "moduleauthor", "nosearch"}
_VERSIONS = {  # not translated: the words that Sphinx writes
    "versionadded": "Added in version",  # not translated: see above
    "versionchanged": "Changed in version",  # not translated: see above
    "deprecated": "Deprecated since version",  # not translated: see above
    "versionremoved": "Removed in version",  # not translated: see above
    "deprecated-removed": "Deprecated since version",  # not translated: see above
    "availability": "Availability",
}


@dataclass
class Simplified:
    """A text without the directives; ``files`` are the names of those that it would include."""

    text: str
    files: list[str] = field(default_factory=list)
    menus: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Directive:
    """A directive: its name without a domain, what stands on its first lines, and its content."""

    indent: str
    name: str
    domain: str
    arguments: list[str]
    options: dict[str, str]
    body: list[str]
    source: list[str]


def simplified(text: str) -> Simplified:
    """Return a text whose directives pandoc can read."""
    result = Simplified("")
    result.text = "\n".join(_written(text.expandtabs(8).split("\n"), result, 0))
    return result


def _written(lines: Sequence[str], result: Simplified, depth: int) -> list[str]:
    written: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        end = place + 1
        if (match := _DIRECTIVE.match(line)) and depth < DEEPEST:
            end = _end_of_block(lines, place, len(match[1]))
            directive = _parsed(match, lines[place:end])
            written += ["", *_rewritten(directive, result, depth + 1), ""]
        elif _COMMENT.match(line):
            end = _end_of_block(lines, place, _indent(line))
            written += lines[place:end]
        elif line.rstrip().endswith("::"):
            end = _end_of_block(lines, place, len(_ITEM.match(line)[0]))  # type: ignore[index]
            written += lines[place:end]
        elif line.lstrip().startswith(">>> ") and (not place or not lines[place - 1].strip()):
            end = _end_of_paragraph(lines, place)
            written += _code(line[: _indent(line)], "python", lines[place:end])
        else:
            written.append(line)
        place = end
    return written


def _end_of_block(lines: Sequence[str], place: int, indent: int) -> int:
    """Return the number of the line after those that are indented more than ``indent``."""
    end = place + 1
    for number in range(place + 1, len(lines)):
        if lines[number].strip():
            if _indent(lines[number]) <= indent:
                break
            end = number + 1
    return end


def _end_of_paragraph(lines: Sequence[str], place: int) -> int:
    blank = (number for number in range(place, len(lines)) if not lines[number].strip())
    return next(blank, len(lines))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(match: "re.Match[str]", source: Sequence[str]) -> _Directive:
    domain, _, name = match[2].rpartition(":")
    arguments = [match[3].strip()] if match[3].strip() else []
    options: dict[str, str] = {}
    rest = list(source[1:])
    while rest and rest[0].strip():
        line = rest.pop(0)
        if option := _OPTION.match(line):
            options[option[1]] = option[2] or ""
        elif options:  # a value that goes on
            options[list(options)[-1]] += f" {line.strip()}"
        else:
            arguments.append(line.strip())
    return _Directive(
        match[1], name.lower(), domain.strip(":"), arguments, options, rest, list(source)
    )


def _rewritten(directive: _Directive, result: Simplified, depth: int) -> list[str]:
    name = directive.name
    if file := _file_of(directive):
        result.files.append(file)
        return []
    if name == "toctree":
        result.menus += [line.strip() for line in directive.body if line.strip()]
        return []
    if name in _SILENT or name.startswith("auto"):
        return []
    if directive.domain == "" and name in _LITERAL:
        return directive.source
    if name in _CODE:
        return list(_code_of(directive))
    if directive.domain == "" and (name in _KEPT or (name == "class" and not any(directive.body))):
        return [directive.source[0], *_written(directive.source[1:], result, depth)]
    return _plain(directive, result, depth)


def _file_of(directive: _Directive) -> str:
    """Return the name of the file that a directive would show, or ""."""
    if directive.name in ("include", "literalinclude"):
        return " ".join(directive.arguments)
    return directive.options.get("file") or directive.options.get("url") or ""


def _plain(directive: _Directive, result: Simplified, depth: int) -> list[str]:
    """Return a directive as paragraphs, a quote with a title, or a term with its definition."""
    name, indent = directive.name, directive.indent
    body = _written(directive.body, result, depth)
    inner = _indented(body, f"{indent}   ")
    first = " ".join(directive.arguments)
    if name in _VERSIONS:
        return [*_version(directive), *_indented(body, indent)]
    if name in _BOXES:
        return [*_box(indent, _BOXES[name]), f"{indent}   {first}", "", *inner]
    if name in _TITLED or name.endswith("admonition"):
        return [*_box(indent, first or name), *inner]
    if name in _UNWRAPPED or not first:
        shown = [f"{indent}{first}", ""] if name == "centered" else []
        return [*shown, *_indented(body, indent)]
    if not directive.domain and name not in _OBJECTS and _is_title(first):
        return [f"{indent}**{first}**", "", *_indented(body, indent)]
    if not any(line.strip() for line in body):
        return [f"{indent}{_signatures(directive)}"]
    return [f"{indent}{_signatures(directive)}", *_stripped(inner)]


def _is_title(argument: str) -> bool:
    """Whether an argument is made of plain words: several, or one such as "Overview"."""
    words = argument.split()
    are_plain = all(_WORD.fullmatch(word) for word in words)
    return are_plain and (len(words) > 1 or argument.istitle())


def _box(indent: str, title: str) -> list[str]:
    return [indent + ".. admonition:: " + title, ""]


def _version(directive: _Directive) -> list[str]:
    words = " ".join(directive.arguments)
    if directive.name == "availability":
        return [f"{directive.indent}**Availability:** {words}", ""]
    version, _, rest = words.partition(" ")
    colon = ":" if rest or any(directive.body) else ""
    return [f"{directive.indent}**{_VERSIONS[directive.name]} {version}{colon}** {rest}", ""]


def _signatures(directive: _Directive) -> str:
    """Return what is described as code, each on one line."""
    whole = re.sub(r"\\\n", "", "\n".join(directive.arguments)).split("\n")
    if whole[-1].endswith("."):
        return " ".join(whole)  # a sentence
    return ", ".join(line if "`" in line else f"``{line}``" for line in whole)


def _code_of(directive: _Directive) -> Iterator[str]:
    caption = directive.options.get("caption")
    if caption:
        yield f"{directive.indent}{caption}"
        yield ""
    is_language = directive.name in ("code", "code-block", "sourcecode")
    language = " ".join(directive.arguments) if is_language else ""
    lines = directive.body if is_language else [*directive.arguments, *directive.body]
    if directive.name == "parsed-literal":
        lines = [re.sub(r"(\*\*?|``|(?<!\w):[\w:]+:(?=`)|`|_\b)", "", line) for line in lines]
    yield from _code(directive.indent, language, lines)


def _code(indent: str, language: str, lines: Sequence[str]) -> list[str]:
    return [f"{indent}.. code-block:: {language}", "", *_indented(lines, f"{indent}   "), ""]


def _indented(lines: Sequence[str], indent: str) -> list[str]:
    """Return lines whose least indent is ``indent``."""
    least = min((_indent(line) for line in lines if line.strip()), default=0)
    return [indent + line[least:] if line.strip() else "" for line in lines]


def _stripped(lines: Sequence[str]) -> list[str]:
    """Return lines without the blank ones before them."""
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return list(lines[start:])
