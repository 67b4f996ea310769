"""Make other wordings of a prompt by rules that move, reword, add or leave out its parts.

Rules that add or reword text apply to English texts only. While a template is changed, a single
character (a slot) stands for each expression in it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, NamedTuple

from prompts import english_rules, sandbox
from qareview.stored_sentences import stored


@dataclass(frozen=True)
class Wording:
    """The parts of a variant that a candidate may change."""

    system: str
    template: str
    examples: tuple[dict[str, Any], ...]  # worked examples: {variable: text, ..., "output": text}


Restructuring = tuple[str, Wording]  # a description of the change, and the new wording

_ROLE = "You are a careful expert in this field."
_FIRST_SLOT, _SLOT = 0xF0000, "\U000f0000-\U000ffffd"  # private use plane 15 of Unicode
_QUOTED = r"""'(?:\\.|[^'\\])*+'|"(?:\\.|[^"\\])*+\""""
_PLAIN = rf"""{_QUOTED}|[^'"{{}}]"""
_EXPRESSION = re.compile(rf"(?s)\{{\{{(?:\{{(?:{_PLAIN})*+\}}|{_PLAIN})*+\}}\}}")
_CODE = re.compile(r"\{[{%#][^{}]*[}%#]\}")
_UNMOVABLE = re.compile(rf"\{{[%#]|\{{\{{-|-\}}\}}|[{_SLOT}]")
_ENDS_STICKY = re.compile(r"(?:-[}%#]\}|:)\s*\Z")  # a line appended here would join the input

# a blank line, but not after a label, which belongs to the next paragraph
_BLANK = re.compile(r"((?<![:\s])[^\S\n]*\n\s*\n)")
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


def restructurings_of(wording: Wording) -> list[Restructuring]:
    """Return restructured wordings with the same variables, the best first.

    Empty if the template cannot be filled in with texts.
    """
    if not _fits(wording.template, sandbox.usable_variables(wording.template)):
        return []
    rules = (
        _as_commands,
        _with_instruction_moved,
        _with_output_instructions,
        _with_system_text_changed,
        _with_fewer_examples,
    )
    rounds = zip_longest(*(rule(wording) for rule in rules))
    candidates = [candidate for proposals in rounds for candidate in proposals if candidate]
    return _distinct([*candidates, *_as_question(wording)], wording)


def crossings_of(first: Wording, second: Wording) -> list[Restructuring]:
    """Return crossings of two wordings, without those that equal either.

    Empty if a template cannot be filled in with texts, or the variables are not the same.
    """
    variables = sandbox.usable_variables(first.template)
    if not (_fits(first.template, variables) and _fits(second.template, variables)):
        return []
    return _distinct(_crossings(first, second, variables), first, second)


def _distinct(candidates: Iterable[Restructuring], *parents: Wording) -> list[Restructuring]:
    """Return the usable candidates that differ from their parents and from earlier ones."""
    variables = sandbox.usable_variables(parents[0].template)
    seen, distinct = [_normalised(parent) for parent in parents], []
    for how, wording in candidates:
        text = _normalised(wording)
        if text not in seen and _fits(wording.template, variables):
            seen.append(text)
            distinct.append((how, wording))
    return distinct


def _normalised(wording: Wording) -> tuple[Any, ...]:
    return wording.system.split(), wording.template.split(), wording.examples


def _fits(template: str, variables: frozenset[str]) -> bool:
    """Return whether a template has these variables and can be filled in with texts."""
    try:
        sandbox.render(template, dict.fromkeys(variables, "1"))
    except sandbox.TemplateRefused:
        return False
    return sandbox.usable_variables(template) == variables


class _Masked(NamedTuple):
    """A template with slots in place of its expressions."""

    text: str
    expressions: dict[int, str]  # by the code points of their slots

    def template(self, text: str) -> str:
        """Put the expressions back into a text."""
        return text.translate(self.expressions)


def _masked(template: str) -> _Masked | None:
    """Replace a template's expressions by slots; return None if parts of it cannot be moved."""
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
    """The parts of a text: instruction, parts with variables, and a label at the end."""

    instruction: str
    input: str
    cue: str
    is_instruction_first: bool


def _layout(text: str) -> _Layout | None:
    """Return the parts of a text, or None if instruction and input cannot be told apart."""
    pieces = [piece for piece, _ in _pieces(text)]
    cue = pieces.pop() if _CUE.fullmatch(pieces[-1]) else ""
    input_pieces = [piece for piece in pieces if _has_slot(piece)]
    instruction = [piece for piece in pieces if not _has_slot(piece)]
    if not input_pieces or not instruction or not all(piece[:1].isalpha() for piece in instruction):
        return None  # a piece that begins with punctuation may be a fence around the input
    return _Layout(
        "\n\n".join(instruction), "\n\n".join(input_pieces), cue, not _has_slot(pieces[0])
    )


def _has_slot(text: str) -> bool:
    return bool(re.search(f"[{_SLOT}]", text))


def _pieces(text: str) -> list[tuple[str, str]]:
    """Split a text into paragraphs and labelled lines, each with the whitespace after it."""
    parts = [*_BLANK.split(text.strip()), ""]
    pieces = []
    for paragraph, after in zip(parts[::2], parts[1::2], strict=True):
        *lines, last = _lines(paragraph)
        pieces += [*((line, "\n") for line in lines), (last, after)]
    return pieces


def _lines(paragraph: str) -> list[str]:
    """Split labelled lines from sentences; return other paragraphs as one piece."""
    lines = [line.strip("\n") for line in _LABELLED.split(paragraph) if line.strip()]
    are_distinguishable = all(_has_slot(line) or _SENTENCES.fullmatch(line) for line in lines)
    return lines if lines and are_distinguishable else [paragraph]


def _arranged(layout: _Layout, is_first: bool) -> str:
    """Put the instruction before or after the input, and adjust “above” and “below”."""
    if is_first:
        parts = (_ABOVE.sub(r"\1below", layout.instruction), layout.input, layout.cue)
    else:
        pointing = _FOLLOWING.sub(r"\1\2 above", _BELOW.sub(r"\1above", layout.instruction))
        parts = (layout.input, pointing, layout.cue)
    return "\n\n".join(part for part in parts if part)


def _with_instruction_moved(wording: Wording) -> Iterator[Restructuring]:
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


def _as_commands(wording: Wording) -> Iterator[Restructuring]:
    if masked := _masked(wording.template):
        as_commands = english_rules.questions_as_commands(masked.text, masked.template)
        without_please = english_rules.without_please(masked.text)
        for how, text in (
            (stored("an instruction instead of a question"), as_commands),
            (stored("without “please”"), without_please),
        ):
            yield how, replace(wording, template=masked.template(text))


def _as_question(wording: Wording) -> Iterator[Restructuring]:
    if masked := _masked(wording.template):
        template = masked.template(english_rules.first_command_as_question(masked.text))
        yield stored("a question instead of an instruction"), replace(wording, template=template)


def _is_english(wording: Wording) -> bool:
    return english_rules.is_english(f"{wording.system} {_CODE.sub(' ', wording.template)}")


# The output, the role, the worked examples


def _with_output_instructions(wording: Wording) -> Iterator[Restructuring]:
    text = f"{wording.system} {_CODE.sub(' ', wording.template)}"
    noun, verb = ("question", "Ask") if _ASKS.search(text) else ("answer", "Answer")
    only = f"Write only the {noun}, with nothing before or after it."
    specific = "Be specific: use the names and numbers of the text."
    for how, line, pattern in (
        (stored("with the instruction to write nothing else"), only, _SAYS_ONLY),
        (
            stored("with the instruction to write one sentence"),
            f"{verb} in one sentence.",
            _SAYS_LENGTH,
        ),
        (stored("with the instruction to be specific"), specific, _SAYS_SPECIFIC),
    ):
        if _is_english(wording) and not re.search(pattern, text):
            yield how, replace(wording, template=_with_line(wording.template, line))


def _with_line(template: str, line: str) -> str:
    """Append a line to the instruction of a template, if the end of the instruction is clear."""
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


def _with_system_text_changed(wording: Wording) -> Iterator[Restructuring]:
    """Add a role to the system text, move it into the template, or leave it out."""
    system = wording.system.strip()
    has_place = not system or re.match(r"(?i)you (?!are\b)", system)
    if has_place and _is_english(wording):
        yield stored("with a role"), replace(wording, system=f"{_ROLE} {system}".strip())
    if not re.search(r"\{[{%#]", system) and not re.match(r"\s*\{[{%#]-", wording.template):
        moved = replace(wording, system="", template=f"{system}\n\n{wording.template}")
        yield stored("the system prompt at the top of the template"), moved
    yield stored("without the system prompt"), replace(wording, system="")


def _with_fewer_examples(wording: Wording) -> Iterator[Restructuring]:
    examples = wording.examples
    half = examples[: len(examples) // 2] or examples
    yield stored("the worked examples in reverse order"), replace(wording, examples=examples[::-1])
    yield stored("only the first worked example"), replace(wording, examples=examples[:1])
    yield stored("half of the worked examples"), replace(wording, examples=half)
    yield stored("without the worked examples"), replace(wording, examples=())


# Crossings


def _crossings(
    first: Wording, second: Wording, variables: frozenset[str]
) -> Iterator[Restructuring]:
    yield stored("the first with the instruction of the second"), _with_instruction(first, second)
    yield stored("the second with the instruction of the first"), _with_instruction(second, first)
    mixed = replace(first, system=second.system)
    yield stored("the first with the system prompt of the second"), mixed
    mixed = replace(second, system=first.system)
    yield stored("the second with the system prompt of the first"), mixed
    if all(variables <= example.keys() for example in first.examples + second.examples):
        mixed = replace(first, examples=second.examples)
        yield stored("the first with the worked examples of the second"), mixed
        mixed = replace(second, examples=first.examples)
        yield stored("the second with the worked examples of the first"), mixed


def _with_instruction(wording: Wording, source: Wording) -> Wording:
    """Return a wording with another's instruction, unchanged if either has no clear one."""
    masked, masked_source = _masked(wording.template), _masked(source.template)
    if not masked or not masked_source:
        return wording
    layout, source_layout = _layout(masked.text), _layout(masked_source.text)
    if not layout or not source_layout:
        return wording
    text = _arranged(
        layout._replace(instruction=source_layout.instruction), layout.is_instruction_first
    )
    return replace(wording, template=masked.template(text))
