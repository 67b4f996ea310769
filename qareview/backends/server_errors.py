"""What errors of a server with OpenAI's API mean for other requests to it, and for the next try."""

import socket
import time
from email.utils import mktime_tz, parsedate_tz
from typing import Any

from qareview.backends.patience import UnusableAnswer
from qareview.backends.pauses import Paused

# Statuses that may be others later, as all above 500; those of OpenAI's own client.
PASSING = {408, 409, 429}
OPTIONAL = {"max_tokens", "temperature", "seed", "stream_options"}  # some models refuse them


def unwrapped(error: Exception) -> Exception:
    """Return what is wrong with an answer, in place of the client library's error about it."""
    return error.__cause__ if isinstance(error.__cause__, UnusableAnswer) else error


def timeout(address: Any) -> Exception:
    """Return the client library's error about a server that has sent no whole answer in time."""
    import httpx2
    import openai

    return openai.APITimeoutError(request=httpx2.Request("POST", address))


def is_unknown_host(error: BaseException | None) -> bool:
    """Return whether an address names a host that was not found, by what led to an error."""
    while error is not None and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return error is not None


def concerns_all(error: Exception) -> bool:
    """Return whether every other request would fail with this error as well."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return False
    own = (openai.InternalServerError, openai.APIResponseValidationError)
    return isinstance(error, openai.OpenAIError | Paused) and not isinstance(error, own)


def is_passing(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code in PASSING or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def seconds_asked_for(error: Exception) -> float:
    """Return how long a server asks to wait, in seconds or until a date; 0 if it does not."""
    response = getattr(error, "response", None)
    text = response.headers.get("retry-after", "") if response is not None else ""
    try:
        return max(0.0, float(text))
    except ValueError:
        date = parsedate_tz(text)
        return max(0.0, mktime_tz(date) - time.time()) if date else 0.0


def refused_parameters(error: Any) -> set[str]:
    """Return the parameters of OPTIONAL that a model does not take, by the server's error.

    OpenAI names one as ``param``; servers that check with pydantic give the places of all. One that
    only has a wrong value may be right in another request.
    """
    if str(error.code).startswith("unsupported_"):
        return OPTIONAL & {str(error.param)}
    body = error.body if isinstance(error.body, dict) else {}
    details = body.get("detail")
    places = (
        [
            detail.get("loc") or ()
            for detail in details
            if isinstance(detail, dict) and "extra" in str(detail.get("type"))
        ]
        if isinstance(details, list)
        else []
    )
    return OPTIONAL & {str(place[-1]) for place in places if place}
