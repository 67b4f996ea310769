"""What :mod:`prompts.sandbox` asks for, done in the process that has limits of time and memory."""

from collections.abc import Callable
from typing import Any

from prompts import output_rules, templates


def load() -> None:
    """Load nothing more: all that is needed was imported with this module."""


def answer(request: list[Any]) -> dict[str, Any]:
    """Return the result of a task under “result”, or under “refused” why there is none."""
    task, *arguments = request
    try:
        return {"result": _TASKS[task](*arguments)}
    except (templates.TemplateRefused, output_rules.CannotScore) as reason:
        return {"refused": str(reason)}


def _variables(template: str) -> list[str]:
    return sorted(templates.variables_in(template))


_TASKS: dict[str, Callable[..., Any]] = {
    "render": templates.render,
    "variables": _variables,
    "match": output_rules.matches_pattern,
    "validate": output_rules.meets_schema,
    "object_to_pattern": output_rules.objection_to_pattern,
    "object_to_schema": output_rules.objection_to_schema,
}
