"""Convert a file to HTML with pandoc, which runs as a process of its own.

It is never a part of this program, since its licence is the GPL. Its sandbox reads nothing but what
is written to it. It has the limits of the process that starts it, and dies with it; so the limit of
time is that of :mod:`reader_process`.
"""

import resource
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from generation.reading.readings import CannotReadNow, damaged
from generation.reading.web import html_trees
from qareview.machine import embedded
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    from lxml.html import HtmlElement

OUT_OF_MEMORY = 251  # exit code of programs that GHC compiled
MOST_HEAP = 0.8  # share of the memory limit, the rest is for code and stacks; chosen
OPTIONS = ("--to=html", "--mathjax", "--wrap=preserve", "--syntax-highlighting=none", "--sandbox")


def html_of(data: bytes, form: str, kind: str, *options: str) -> "HtmlElement":
    """Return the body of a file as HTML.

    ``form`` is pandoc's name of its format, with extensions; ``kind`` is what people call it.
    Raises CannotRead if pandoc does not understand the file, and MemoryError.
    """
    done = subprocess.run(
        [str(_program()), *_memory(), f"--from={form}", *OPTIONS, *options],
        input=data,
        capture_output=True,
        env={"LANG": "C.UTF-8"},
        preexec_fn=embedded.die_with_parent(signal.SIGKILL),
        check=False,
    )
    if done.returncode == OUT_OF_MEMORY or done.returncode < 0:
        raise MemoryError(done.stderr.decode(errors="replace"))
    if done.returncode:
        raise damaged(kind) from ValueError(done.stderr.decode(errors="replace"))
    return html_trees.written_body(done.stdout.decode(errors="replace"))


def _program() -> Path:
    """Return the path of pandoc, which comes with the package "pypandoc". Raises CannotReadNow."""
    package = find_spec("pypandoc")
    program = Path(package.origin or "").parent / "files" / "pandoc" if package else Path()
    if not program.is_file():
        raise CannotReadNow(
            stored("The program pandoc is missing. Install QAReview again, then read this again.")
        )
    return program


def _memory() -> list[str]:
    """Return options of GHC's runtime: how much memory it takes at once, and the most of it.

    Blocks of 16 MB took 27 % less time for a DOCX file of 150 pages than the usual 4 MB, and 10 MB
    more memory; larger ones gained little.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    most = [] if limit == resource.RLIM_INFINITY else [f"-M{int(limit * MOST_HEAP)}"]
    return ["+RTS", "-A16m", *most, "-RTS"]
