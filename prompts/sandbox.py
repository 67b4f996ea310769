"""Templates run in a sandbox that bounds what they reach, how long they take and how much they say.

Jinja's own sandbox keeps a template from attributes it should not read. It does not keep it from
looping for ever or from doubling a text forty times. So only what prompts need is allowed, and
lines run and characters made are counted.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qareview.stored import StoredSentence, stored

MOST_CHARACTERS = 1_000_000  # of the text, and of any on the way to it
LARGEST_NUMBER = 10**18
MOST_LINES = 200_000  # of the program that Jinja makes of a template, run one after another
LONGEST_TEMPLATE = 100_000  # characters

NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign,
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Slice,
    nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Keyword, nodes.Filter, nodes.Test,
    nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.CondExpr,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos,
)  # fmt: skip
FILTERS = {"count", "d", "default", "first", "last", "length", "list", "reverse", "sort", "unique"}
TEXT_FILTERS = {
    "capitalize", "float", "int", "lower", "round", "string", "title", "trim", "truncate", "upper",
    "wordcount",
}  # fmt: skip
METHODS = {  # of texts: none of them makes a text longer
    "capitalize", "count", "endswith", "find", "isalpha", "isdigit", "islower", "isupper", "lower",
    "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip",
    "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
}  # fmt: skip


# what Jinja and Python raise of a template that is no good, or too deep for them
_UNREADABLE = (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError)


class TemplateRefused(Exception):
    """The template is not valid, not allowed, takes too long or says too much; in a sentence."""


class _Bounded(ImmutableSandboxedEnvironment):
    """Refuses what can make a text grow beyond all bounds."""

    intercepted_binops = frozenset(("+", "*", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=False,
            finalize=_plain,
            optimized=False,  # see _variables
        )

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str):
            return attr in METHODS
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Let ``format`` be a method as any other, which is not among those allowed."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            raise SecurityError(stored("a text cannot be formatted by that sign"))
        left, right = _plain(left), _plain(right)  # lists in lists grow as nothing else does
        if operator == "*":
            text, times = (left, right) if isinstance(left, str) else (right, left)
            if isinstance(text, str) and isinstance(times, int):
                _check(len(text) * times)
        return _bounded(super().call_binop(context, operator, left, right))


def _check(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise SecurityError(stored("it makes more than %(most)s characters", most=MOST_CHARACTERS))


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        _check(len(value))
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise SecurityError(stored("it computes with a number that is too large"))
    return value


def _plain(value: Any) -> Any:
    """Return a value that is a text or a number: of a list, its texts are meant one by one."""
    if not isinstance(value, str | int | float | Undefined):
        raise SecurityError(stored("it uses a list where a text or a number is needed"))
    return value


def _of_text(text_filter: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter be used on a text or a number only."""

    @functools.wraps(text_filter)  # which keeps whether it is given the environment first
    def checked(*arguments: Any, **options: Any) -> Any:
        _plain(arguments[hasattr(text_filter, "jinja_pass_arg")])
        return text_filter(*arguments, **options)

    return checked


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = (str(_plain(one)) for one in (text, old, new))
    _check(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _join(values: Any, between: str = "") -> str:
    texts = [str(_plain(value)) for value in values]
    _check(sum(map(len, texts)) + len(texts) * len(between))
    return str(between).join(texts)


def _environment() -> _Bounded:
    made = _Bounded()
    made.filters = {
        **{name: made.filters[name] for name in FILTERS},
        **{name: _of_text(made.filters[name]) for name in TEXT_FILTERS},
        "replace": _replace,
        "join": _join,
    }
    made.globals = {"range": made.globals["range"]}
    return made


_environment_of_prompts = _environment()


@functools.lru_cache(maxsize=100)
def names(template: str) -> frozenset[str]:
    """Return the variables that a template names. Raises TemplateRefused if it is not valid."""
    parsed = _parsed(template)
    try:
        return frozenset(_variables(parsed) - {"range"})
    except _UNREADABLE as error:
        raise TemplateRefused(stored("It is not valid: %(error)s", error=error)) from error


def _variables(parsed: nodes.Template) -> set[str]:
    """Do what ``jinja2.meta.find_undeclared_variables`` does, without Jinja's optimizer.

    The optimizer takes time that grows with the third power of a chain of filters: 7 seconds for
    150 of them.
    """
    generator = meta.TrackingCodeGenerator(_environment_of_prompts)
    generator.optimizer = None
    generator.visit(parsed)
    return generator.undeclared_identifiers


def render(template: str, values: dict[str, Any]) -> str:
    """Fill in a template. Raises TemplateRefused."""
    compiled = _compiled(template)
    if lacking := sorted(names(template) - values.keys()):
        raise TemplateRefused(
            stored("It names %(names)s, which has no value here.", names=", ".join(lacking))
        )
    parts, made = [], 0
    try:
        with _few_lines():
            for part in compiled.generate(values):
                made += len(part)
                _check(made)
                parts.append(part)
    except SecurityError as reason:
        text = str(reason)  # the sandbox's own ends with a full stop, ours do not
        text = text if isinstance(text, StoredSentence) else text.rstrip(".")
        raise TemplateRefused(stored("It was stopped: %(reason)s.", reason=text)) from reason
    except Exception as error:  # a template is a program: it may raise anything
        raise TemplateRefused(stored("It cannot be filled in: %(error)s", error=error)) from error
    return "".join(parts)


@functools.lru_cache(maxsize=100)
def _parsed(template: str) -> nodes.Template:
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateRefused(
            stored("It is longer than %(most)s characters.", most=LONGEST_TEMPLATE)
        )
    try:
        parsed = _environment_of_prompts.parse(template)
        _check_nodes(parsed)
    except _UNREADABLE as error:
        raise TemplateRefused(stored("It is not valid: %(error)s", error=error)) from error
    return parsed


def _check_nodes(parsed: nodes.Template) -> None:
    """Raise TemplateRefused if a template uses anything that prompts may not."""
    for node in parsed.find_all(nodes.Node):
        is_recursive = isinstance(node, nodes.For) and node.recursive
        if not isinstance(node, NODES) or is_recursive:
            raise TemplateRefused(
                stored(
                    "Line %(line)s uses “%(name)s”, which prompts may not: values, conditions and "
                    "loops are what they are made of.",
                    line=node.lineno,
                    name=type(node).__name__,
                )
            )


@functools.lru_cache(maxsize=100)
def _compiled(template: str) -> Template:
    parsed = _parsed(template)
    try:
        return Template.from_code(
            _environment_of_prompts,
            _environment_of_prompts.compile(parsed, filename=_FILE),
            dict(_environment_of_prompts.globals),
        )
    except _UNREADABLE as error:  # such as a filter that there is not
        raise TemplateRefused(stored("It is not valid: %(error)s", error=error)) from error


_FILE = "<prompt>"


@contextmanager
def _few_lines() -> Iterator[None]:
    """Stop this thread when a template in it has run too many lines."""
    run = 0

    def line(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal run
        run += 1
        if run > MOST_LINES:
            raise SecurityError(stored("it loops too long"))
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return line if frame.f_code.co_filename == _FILE else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield
    finally:
        sys.settrace(before)
