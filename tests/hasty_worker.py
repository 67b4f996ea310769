"""A web server whose limits are short, to test them: what it serves, and its worker."""

from collections.abc import Callable, Iterable
from typing import Any

from qareview.machine.web_worker import PatientWorker


class HastyWorker(PatientWorker):
    head_seconds = 1.5
    small_body = 1_000
    wait_seconds = 1.5
    silence_seconds = 1.0
    slowest = 1_000


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the number of bytes of the body."""
    try:
        answer = str(len(environ["wsgi.input"].read())).encode()
    except OSError:
        answer = b"too slow"
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]
