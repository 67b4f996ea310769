"""What it costs that templates are filled in, and outputs checked, in a process of its own.

``make bench-rendering`` prints a line for each kind of work and, as its last line, a JSON object.
The figures are microseconds of the clock, the median of many runs: ``here`` in this process, which
is what it would cost without any protection, and ``apart`` in the process that is kept warm.
``start`` are the milliseconds after which a process that was just started has filled in its first
template, and ``megabytes`` is its own memory after that.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qareview.settings")
django.setup()

from prompts import (  # noqa: E402  Django is set up first
    builtin_prompts,
    output_rules,
    sandbox,
    sandbox_process,
    templates,
)
from prompts.models import Task  # noqa: E402
from tests import running  # noqa: E402

RUNS = 2_000
STARTS = 5
PASSAGE = "The gates of the basin close by themselves when the tide falls below the sill. " * 12
LOOP = "{% for word in passage.split() %}{{ loop.index }}. {{ word|upper }}\n{% endfor %}"
SCHEMA = {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string"}}}
REPLY = json.dumps({"answer": PASSAGE})
PAGE = os.sysconf("SC_PAGESIZE")


def median(work: Callable[[], object]) -> float:
    """Return the median of the microseconds that some work takes, once it is warm."""
    work()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1_000_000, 1)


def start_milliseconds() -> float:
    """Return the median of the milliseconds from no process to the first filled-in template."""
    times = []
    for _ in range(STARTS):
        sandbox._processes.stop()
        started = time.perf_counter()
        sandbox.render(LOOP, {"passage": PASSAGE})
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1000, 1)


def memory() -> float:
    """Return the megabytes that the process has in memory, without what it shares."""
    [process] = running.processes_of(sandbox_process.__name__)
    pages = Path(f"/proc/{process}/statm").read_text().split()
    return round((int(pages[1]) - int(pages[2])) * PAGE / 1_000_000, 1)


def works() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return each kind of work, as it is done here and apart."""
    template, schema = builtin_prompts.BUILTIN[Task.SUMMARISE]["template"], json.dumps(SCHEMA)
    loop, built_in = {"passage": PASSAGE}, dict.fromkeys(templates.variables_in(template), PASSAGE)
    return {
        "a built-in template": (
            lambda: templates.render(template, built_in),
            lambda: sandbox.render(template, built_in),
        ),
        "a loop over 180 words": (
            lambda: templates.render(LOOP, loop),
            lambda: sandbox.render(LOOP, loop),
        ),
        "a pattern": (
            lambda: output_rules.matches_pattern("^The .* sill", PASSAGE),
            lambda: sandbox.matches_pattern("^The .* sill", PASSAGE),
        ),
        "a schema": (
            lambda: output_rules.meets_schema(schema, REPLY),
            lambda: sandbox.meets_schema(SCHEMA, REPLY),
        ),
    }


def main() -> None:
    figures: dict[str, float] = {"start": start_milliseconds(), "megabytes": memory()}
    for name, ways in works().items():
        here, apart = map(median, ways)
        figures |= {f"{name}, here": here, f"{name}, apart": apart}
        print(f"{name:24}{here:9}{apart:9}")  # noqa: T201
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
