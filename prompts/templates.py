"""The templates of prompts: what they may use of Jinja, how long they run and what they write.

Jinja's own sandbox keeps templates from reading attributes that they should not. It does not stop
endless loops, or a text that is doubled forty times. So only the parts of Jinja that prompts need
are allowed, and the lines that run and the characters that are written are counted. What a single
line does in C cannot be counted: :mod:`prompts.sandbox` runs this in a process with limits.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, meta, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_round
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qareview.storable_text import storable
from qareview.stored_sentences import StoredSentence, stored

MOST_CHARACTERS = (
    1_000_000  # of the output and of any text on the way to it; chosen; nobody measured
)
LARGEST_NUMBER = 10**18  # in a calculation; chosen; nobody measured
MOST_LINES = 200_000  # that the compiled template may run; chosen; nobody measured
LONGEST_TEMPLATE = 100_000  # characters; chosen; nobody measured
MOST_DIGITS = 300  # that numbers are rounded to: no float has more after its point than 308

ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign,
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Slice,
    nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Keyword, nodes.Filter, nodes.Test,
    nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.CondExpr,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos,
)  # fmt: skip
ALLOWED_FILTERS = {
    "count", "d", "default", "first", "last", "length", "list", "reverse", "sort", "unique",
}  # fmt: skip
TEXT_FILTERS = {
    "capitalize", "float", "int", "lower", "string", "title", "trim", "truncate", "upper",
    "wordcount",
}  # fmt: skip
ALLOWED_METHODS = {  # of texts: none of them makes a text longer
    "capitalize", "count", "endswith", "find", "isalpha", "isdigit", "islower", "isupper", "lower",
    "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip",
    "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
}  # fmt: skip
ALLOWED_IN_LOOPS = {  # attributes of ``loop``
    "cycle", "first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex",
    "revindex0",
}  # fmt: skip


# What Jinja and Python raise if a template is not valid, or nested too deep.
_UNREADABLE = (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError)


class TemplateRefused(Exception):
    """The template is not valid, not allowed or uses too much; the message says why."""


def _not_valid(error: Exception) -> TemplateRefused:
    """Return an error that says what is not valid, and in which line if Jinja tells."""
    line = getattr(error, "lineno", None)
    if line is None:
        return TemplateRefused(stored("The template is not valid: %(error)s", error=error))
    return TemplateRefused(
        stored("The template is not valid: %(error)s (line %(line)s)", error=error, line=line)
    )


class _BoundedOutput(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without the operations that can make a text grow without limit."""

    intercepted_binops = frozenset(("+", "*", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=False,
            finalize=_finalised,
            optimized=False,  # the optimizer is slow, see _variables
        )

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str):
            return attr in ALLOWED_METHODS
        return isinstance(obj, LoopContext) and attr in ALLOWED_IN_LOOPS

    def wrap_str_format(self, value: Any) -> None:
        """Treat ``format`` like any other method: it is not among ALLOWED_METHODS."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            raise SecurityError(stored("text cannot be formatted with that operator"))
        # Lists are refused: multiplied lists of lists would fill the memory.
        left, right = _text_or_number(left), _text_or_number(right)
        if operator == "*":
            text, times = (left, right) if isinstance(left, str) else (right, left)
            if isinstance(text, str) and isinstance(times, int):
                _check_length(len(text) * times)
        return _bounded(super().call_binop(context, operator, left, right))


def _check_length(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise SecurityError(
            stored("its output is longer than %(most)s characters", most=MOST_CHARACTERS)
        )


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        _check_length(len(value))
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise SecurityError(stored("it uses a number that is too large"))
    return value


def _text_or_number(value: Any) -> Any:
    """Return a value that is a text or a number. Raises SecurityError for a list."""
    if not isinstance(value, str | int | float | Undefined):
        raise SecurityError(stored("it uses a list where text or a number is needed"))
    return value


@pass_context
def _finalised(_: Context, value: Any) -> Any:
    """Return what is to be written for a value.

    It takes the context, so that Jinja writes nothing while it compiles: what is constant would be
    computed then, outside of all limits.
    """
    return _text_or_number(value)


def _of_text(text_filter: Callable[..., Any]) -> Callable[..., Any]:
    """Restrict a filter to texts and numbers."""

    @functools.wraps(text_filter)  # keeps Jinja's mark that it takes the environment first
    def checked(*arguments: Any, **options: Any) -> Any:
        _text_or_number(arguments[hasattr(text_filter, "jinja_pass_arg")])
        return text_filter(*arguments, **options)

    return checked


def _round(value: Any, precision: int = 0, method: str = "common") -> Any:
    if abs(int(precision)) > MOST_DIGITS:
        raise SecurityError(stored("it rounds to too many digits"))
    return do_round(_text_or_number(value), precision, method)  # type: ignore[arg-type]


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = (str(_text_or_number(value)) for value in (text, old, new))
    _check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _join(values: Any, between: str = "") -> str:
    texts = [str(_text_or_number(value)) for value in values]
    _check_length(sum(map(len, texts)) + len(texts) * len(between))
    return str(between).join(texts)


def _environment() -> _BoundedOutput:
    environment = _BoundedOutput()
    environment.filters = {
        **{name: environment.filters[name] for name in ALLOWED_FILTERS},
        **{name: _of_text(environment.filters[name]) for name in TEXT_FILTERS},
        "replace": _replace,
        "round": _round,
        "join": _join,
    }
    environment.globals = {"range": environment.globals["range"]}
    return environment


_environment_of_prompts = _environment()


@functools.lru_cache(maxsize=100)
def variables_in(template: str) -> frozenset[str]:
    """Return the variables that a template uses. Raises TemplateRefused if it is not valid."""
    parsed = _parsed(template)
    try:
        return frozenset(_variables(parsed) - {"range"})
    except _UNREADABLE as error:
        raise _not_valid(error) from error


def _variables(parsed: nodes.Template) -> set[str]:
    """Do the same as ``jinja2.meta.find_undeclared_variables``, but without Jinja's optimizer.

    The optimizer's time grows with the third power of the length of a chain of filters: it takes
    7 seconds for 150 filters.
    """
    generator = meta.TrackingCodeGenerator(_environment_of_prompts)
    generator.optimizer = None
    generator.visit(parsed)
    return generator.undeclared_identifiers


def render(template: str, values: dict[str, Any]) -> str:
    """Fill in a template with a value for each variable. Raises TemplateRefused."""
    compiled = _compiled(template)
    if lacking := sorted(variables_in(template) - values.keys()):
        raise TemplateRefused(
            stored(
                "The template uses variables that have no value here: %(names)s.",
                names=", ".join(lacking),
            )
        )
    parts, length = [], 0
    try:
        with _limited_lines():
            for part in compiled.generate(values):
                length += len(part)
                _check_length(length)
                parts.append(part)
    except MemoryError:  # the process is replaced
        raise
    except SecurityError as reason:
        text = str(reason)  # Jinja's own messages end with a full stop, ours do not
        text = text if isinstance(text, StoredSentence) else text.rstrip(".")
        raise TemplateRefused(
            stored("The template was stopped: %(reason)s.", reason=text)
        ) from reason
    except Exception as error:  # a template is a program: it may raise anything
        raise TemplateRefused(
            stored("The template cannot be filled in: %(error)s", error=error)
        ) from error
    return storable("".join(parts))  # of half a surrogate, which escapes may write, no model takes


@functools.lru_cache(maxsize=100)
def _parsed(template: str) -> nodes.Template:
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateRefused(
            stored("The template is longer than %(most)s characters.", most=LONGEST_TEMPLATE)
        )
    try:
        parsed = _environment_of_prompts.parse(template)
        _check_nodes(parsed)
    except _UNREADABLE as error:
        raise _not_valid(error) from error
    return parsed


def _check_nodes(parsed: nodes.Template) -> None:
    """Raise TemplateRefused if a template uses anything that prompts may not."""
    for node in parsed.find_all(nodes.Node):
        is_recursive = isinstance(node, nodes.For) and node.recursive
        if not isinstance(node, ALLOWED_NODES) or is_recursive:
            raise TemplateRefused(
                stored(
                    "Line %(line)s uses “%(name)s”, which is not allowed. Templates can "
                    "only contain values, conditions and loops.",
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
    except _UNREADABLE as error:  # such as an unknown filter
        raise _not_valid(error) from error


_FILE = "<prompt>"


@contextmanager
def _limited_lines() -> Iterator[None]:
    """Raise SecurityError in this thread once templates in it have run MOST_LINES lines."""
    lines_run = 0

    def count_line(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        nonlocal lines_run
        lines_run += 1
        if lines_run > MOST_LINES:
            raise SecurityError(stored("it loops for too long"))
        return count_line

    def trace_call(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return count_line if frame.f_code.co_filename == _FILE else None

    earlier = sys.gettrace()
    sys.settrace(trace_call)
    try:
        yield
    finally:
        sys.settrace(earlier)
