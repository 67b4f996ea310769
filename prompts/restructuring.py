"""Other wordings of a prompt, made by rule: its parts moved, turned, added and left out.

The rules that add or turn words know English, and give nothing for a text in another language.
While a text is changed, one character (a slot) stands for each expression in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, NamedTuple

from prompts import english_rules, sandbox
from qareview.stored import stored


@dataclass(frozen=True)
class Wording:
    """What a candidate may change in a variant."""

    system: str
    template: str
    examples: tuple[dict[str, Any], ...]  # worked examples: {variable: text, ..., "output": text}


Proposal = tuple[str, Wording]  # what was changed, and what came of it

_ROLE = "You are a careful expert in this field."
_FIRST_SLOT, _SLOT = 0xF0000, "\U000f0000-\U000ffffd"  # of a plane for private use
_QUOTED = r"""'(?:\\.|[^'\\])*+'|"(?:\\.|[^"\\])*+\""""
_PLAIN = rf"""{_QUOTED}|[^'"{{}}]"""
_EXPRESSION = re.compile(rf"(?s)\{{\{{(?:\{{(?:{_PLAIN})*+\}}|{_PLAIN})*+\}}\}}")
_CODE = re.compile(r"\{[{%#][^{}]*[}%#]\}")
_UNMOVABLE = re.compile(rf"\{{[%#]|\{{\{{-|-\}}\}}|[{_SLOT}]")
_ENDS_STICKY = re.compile(r"(?:-[}%#]\}|:)\s*\Z")

_BLANK = re.compile(r"((?<![:\s])[^\S\n]*\n\s*\n)")  # not after a label, which leads what follows
_LABEL = rf"[^\n.?!:{_SLOT}]{{0,40}}:\s*"
_LABELLED = re.compile(
    rf"(?m)((?:^(?:{_LABEL}[{_SLOT}][^\n]*|[{_SLOT}][^\n\w]*)$\n?)+|^{_LABEL}\Z)"
)
_SENTENCES = re.compile(r"(?s)[^\W\d_].*[.?!:]\s*")
_CUE = re.compile(rf"[^\n{_SLOT}]*:\s*")  # “Answer:” at the end, for the model to go on from
_ABOVE = re.compile(r"(?i)\b(the \w+ )above\b(?! *\d)")
_BELOW = re.compile(r"(?i)\b(the \w+ )below\b(?! *\d)")
_FOLLOWING = re.compile(r"(?i)\b(the )following (\w+)")
_ASKS = re.compile(r"(?i)\b(?:write|ask|form|formulate|make|create) (?:\w+ ){0,3}question\b")
_SAYS_ONLY = (
    r"(?i)\b(?:only|just) the (?:answer|question|output|result)\b|\bnothing (?:else|before)"
)
_SAYS_LENGTH = r"(?i)\b(?:sentence|phrase|paragraph|word|line)s?\b"
_SAYS_SPECIFIC = r"(?i)\bspecific|\bnames and numbers\b"


def restructured(wording: Wording) -> list[Proposal]:
    """Return other structures of one wording, each with what was changed in it, the best first.

    Each names the variables the wording names. Empty if texts cannot be filled into its template.
    """
    if _names(wording.template) is None:
        return []
    rules = (_commanded, _turned, _told_the_form, _cast, _shown)
    rounds = zip_longest(*(rule(wording) for rule in rules))
    found = [candidate for each in rounds for candidate in each if candidate]
    return _distinct([*found, *_asked(wording)], wording)


def crossed(one: Wording, other: Wording) -> list[Proposal]:
    """Return crossings of two wordings, each with what it has of which, none like a parent.

    Empty if texts cannot be filled into their templates, or these do not name the same variables.
    """
    named = _names(one.template)
    if named is None or named != _names(other.template):
        return []
    return _distinct(_crossings(one, other, named), one, other)


def _distinct(found: Iterable[Proposal], *parents: Wording) -> list[Proposal]:
    """Leave out what is like a parent or an earlier one, and what texts cannot be filled into."""
    wanted, seen, kept = _names(parents[0].template), [*map(_words, parents)], []
    for how, wording in found:
        if (words := _words(wording)) not in seen and _names(wording.template) == wanted:
            seen.append(words)
            kept.append((how, wording))
    return kept


def _words(wording: Wording) -> tuple[Any, ...]:
    return wording.system.split(), wording.template.split(), wording.examples


def _names(template: str) -> frozenset[str] | None:
    """Return the variables of a template that texts can be filled into, else None."""
    try:
        named = sandbox.names(template)
        sandbox.render(template, dict.fromkeys(named, "1"))
    except sandbox.TemplateRefused:
        return None
    return named


class _Masked(NamedTuple):
    text: str
    expressions: dict[int, str]  # by the code points of their slots

    def template(self, text: str) -> str:
        return text.translate(self.expressions)


def _masked(template: str) -> _Masked | None:
    """Put slots into a template; None if it has blocks and the like, which keep their place."""
    expressions: dict[int, str] = {}

    def slot(match: re.Match[str]) -> str:
        code = _FIRST_SLOT + len(expressions)
        expressions[code] = match[0]
        return chr(code)

    if _UNMOVABLE.search(template):
        return None
    text = _EXPRESSION.sub(slot, template)
    return None if "{{" in text else _Masked(text, expressions)


# Instruction and input


class _Layout(NamedTuple):
    instruction: str
    given: str  # what names variables
    cue: str
    is_instruction_first: bool


def _layout(text: str) -> _Layout | None:
    """Return what a text consists of; None if its instruction cannot be told from the input."""
    pieces = [piece for piece, _ in _pieces(text)]
    cue = pieces.pop() if _CUE.fullmatch(pieces[-1]) else ""
    given = [piece for piece in pieces if _has_slot(piece)]
    instruction = [piece for piece in pieces if not _has_slot(piece)]
    if not given or not instruction or not all(piece[:1].isalpha() for piece in instruction):
        return None  # what begins with a sign may be a fence around the input
    return _Layout("\n\n".join(instruction), "\n\n".join(given), cue, not _has_slot(pieces[0]))


def _has_slot(text: str) -> bool:
    return bool(re.search(f"[{_SLOT}]", text))


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return the paragraphs and labelled lines of a text, each with the space after it."""
    parts = [*_BLANK.split(text.strip()), ""]
    pieces = []
    for paragraph, after in zip(parts[::2], parts[1::2], strict=True):
        *lines, last = _lines(paragraph)
        pieces += [*((line, "\n") for line in lines), (last, after)]
    return pieces


def _lines(paragraph: str) -> list[str]:
    """Part labelled lines from sentences; a paragraph that has anything else stays whole."""
    lines = [line.strip("\n") for line in _LABELLED.split(paragraph) if line.strip()]
    are_told_apart = all(_has_slot(line) or _SENTENCES.fullmatch(line) for line in lines)
    return lines if lines and are_told_apart else [paragraph]


def _arranged(layout: _Layout, is_first: bool) -> str:
    """Put an instruction before or after the input, and have it point there."""
    if is_first:
        parts = (_ABOVE.sub(r"\1below", layout.instruction), layout.given, layout.cue)
    else:
        pointing = _FOLLOWING.sub(r"\1\2 above", _BELOW.sub(r"\1above", layout.instruction))
        parts = (layout.given, pointing, layout.cue)
    return "\n\n".join(part for part in parts if part)


def _turned(wording: Wording) -> Iterator[Proposal]:
    masked = _masked(wording.template)
    layout = masked and _layout(masked.text)
    if not masked or not layout:
        return
    before, after = (masked.template(_arranged(layout, is_first)) for is_first in (True, False))
    sides = [
        (stored("the instruction after the input"), replace(wording, template=after)),
        (stored("the instruction before the input"), replace(wording, template=before)),
    ]
    yield from sides if layout.is_instruction_first else reversed(sides)


# Questions and commands


def _commanded(wording: Wording) -> Iterator[Proposal]:
    if masked := _masked(wording.template):
        told = english_rules.commanded(masked.text, masked.template)
        plain = english_rules.without_please(masked.text)
        for how, text in (
            (stored("an instruction instead of a question"), told),
            (stored("without “please”"), plain),
        ):
            yield how, replace(wording, template=masked.template(text))


def _asked(wording: Wording) -> Iterator[Proposal]:
    if masked := _masked(wording.template):
        template = masked.template(english_rules.asked(masked.text))
        yield stored("a question instead of an instruction"), replace(wording, template=template)


def _is_english(wording: Wording) -> bool:
    return english_rules.is_english(f"{wording.system} {_CODE.sub(' ', wording.template)}")


# The form of the output, the role, the worked examples


def _told_the_form(wording: Wording) -> Iterator[Proposal]:
    said = f"{wording.system} {_CODE.sub(' ', wording.template)}"
    noun, verb = ("question", "Ask") if _ASKS.search(said) else ("answer", "Answer")
    only = f"Write only the {noun}, with nothing before or after it."
    specific = "Be specific: use the names and numbers of the text."
    for how, line, says_so in (
        (stored("told to write nothing else"), only, _SAYS_ONLY),
        (stored("told to write one sentence"), f"{verb} in one sentence.", _SAYS_LENGTH),
        (stored("told to be specific"), specific, _SAYS_SPECIFIC),
    ):
        if _is_english(wording) and not re.search(says_so, said):
            yield how, replace(wording, template=_with_line(wording.template, line))


def _with_line(template: str, line: str) -> str:
    """End the instruction of a template with a line; the same if there is no telling where."""
    masked = _masked(template)
    if not masked:
        return template if _ENDS_STICKY.search(template) else f"{template.rstrip()}\n\n{line}"
    pieces = _pieces(masked.text)
    cue = pieces.pop()[0] if _CUE.fullmatch(pieces[-1][0]) else ""
    ends = [piece.endswith((".", "?", "!")) or not _has_slot(piece) for piece, _ in pieces]
    last = max((n for n, is_end in enumerate(ends) if is_end), default=len(pieces) - 1)
    if last >= 0:
        piece, after = pieces[last]
        space = " " if piece.endswith((".", "?", "!")) else "\n\n"
        pieces[last] = (f"{piece}{space}{line}".strip(), after)
    return masked.template("".join(map("".join, pieces)) + cue)


def _cast(wording: Wording) -> Iterator[Proposal]:
    """Change the system text, which says who the model is."""
    system = wording.system.strip()
    has_place = not system or re.match(r"(?i)you (?!are\b)", system)
    if has_place and _is_english(wording):
        yield stored("with a role"), replace(wording, system=f"{_ROLE} {system}".strip())
    if not re.search(r"\{[{%#]", system) and not re.match(r"\s*\{[{%#]-", wording.template):
        moved = replace(wording, system="", template=f"{system}\n\n{wording.template}")
        yield stored("the system text at the top of the template"), moved
    yield stored("without the system text"), replace(wording, system="")


def _shown(wording: Wording) -> Iterator[Proposal]:
    examples = wording.examples
    half = examples[: len(examples) // 2] or examples
    yield stored("the worked examples in reverse order"), replace(wording, examples=examples[::-1])
    yield stored("only the first worked example"), replace(wording, examples=examples[:1])
    yield stored("half of the worked examples"), replace(wording, examples=half)
    yield stored("without the worked examples"), replace(wording, examples=())


# Crossings


def _crossings(one: Wording, other: Wording, named: frozenset[str]) -> Iterator[Proposal]:
    yield stored("the first with the instruction of the second"), _with_instruction(one, other)
    yield stored("the second with the instruction of the first"), _with_instruction(other, one)
    mixed = replace(one, system=other.system)
    yield stored("the first with the system text of the second"), mixed
    mixed = replace(other, system=one.system)
    yield stored("the second with the system text of the first"), mixed
    if all(named <= example.keys() for example in one.examples + other.examples):
        mixed = replace(one, examples=other.examples)
        yield stored("the first with the worked examples of the second"), mixed
        mixed = replace(other, examples=one.examples)
        yield stored("the second with the worked examples of the first"), mixed


def _with_instruction(wording: Wording, source: Wording) -> Wording:
    """Return a wording with the instruction of another; the same if either has none of its own."""
    masked, of_source = _masked(wording.template), _masked(source.template)
    if not masked or not of_source:
        return wording
    layout, other = _layout(masked.text), _layout(of_source.text)
    if not layout or not other:
        return wording
    text = _arranged(layout._replace(instruction=other.instruction), layout.is_instruction_first)
    return replace(wording, template=masked.template(text))
