"""The library huggingface_hub, with limits, and its errors in sentences."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from typing import TYPE_CHECKING

from django.conf import settings

from qareview.jobs import JobFailed
from qareview.stored_sentences import stored

if TYPE_CHECKING:
    import httpx2

CHUNK = 256 * 1024  # bytes between two reports; at a megabyte a second four reports; chosen
MOST_OF_ANSWER = 20_000_000  # bytes of a list or an error; chosen; nobody measured
UNCOMPRESSED = {"Accept-Encoding": "identity"}  # so that few bytes cannot become many
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class EndlessAnswer(ValueError):
    """The hub’s answer is longer than any list or error, or it is compressed and may become so."""


@functools.cache
def set_up_library() -> None:
    """Make huggingface_hub report often, and read no list or error that has no end."""
    from huggingface_hub import constants, set_client_factory

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK  # else people see nothing move for 10 MB
    set_client_factory(_limited_client)


def _limited_client() -> "httpx2.Client":
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.event_hooks = {**client.event_hooks, "response": [_limit]}
    return client


def _limit(response: "httpx2.Response") -> None:
    """Let a list or an error end at a limit. Raises EndlessAnswer if an answer is compressed."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise EndlessAnswer
    if response.status_code >= 400 or "/api/" in response.request.url.path:
        response.stream = _limited(response.stream)


def _limited(stream: "httpx2.SyncByteStream | httpx2.AsyncByteStream") -> "httpx2.SyncByteStream":
    import httpx2

    class Limited(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = MOST_OF_ANSWER
            for piece in stream:  # type: ignore[union-attr]  # the client is not asynchronous
                left -= len(piece)
                if left < 0:
                    raise EndlessAnswer
                yield piece

        def close(self) -> None:
            stream.close()  # type: ignore[union-attr]

    return Limited()


@contextmanager
def explaining(hub_id: str, revision: str, token: str) -> Iterator[None]:
    """Turn what goes wrong with the hub into a sentence: JobFailed."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise JobFailed(_gated(hub_id, token)) from None
    except errors.RepositoryNotFoundError:
        raise JobFailed(_not_found(hub_id, token)) from None
    except errors.RevisionNotFoundError:
        raise JobFailed(
            stored("%(id)s has no version “%(revision)s”.", id=hub_id, revision=revision)
        ) from None
    except errors.HfHubHTTPError as error:
        raise JobFailed(_refused(hub_id, token, error.response.status_code)) from None
    except (httpx2.TransportError, errors.OfflineModeIsEnabled):
        raise JobFailed(
            stored(
                "The hub cannot be reached from this machine. Copy the model’s folder here and add "
                "it by folder."
            )
        ) from None
    except OSError as error:
        raise JobFailed(_of_disk(error)) from None
    except (*_MALFORMED, httpx2.HTTPError, httpx2.InvalidURL):
        raise JobFailed(
            stored(
                "What answers at %(address)s does not answer as a hub does. Check the setting "
                "HF_ENDPOINT.",
                address=settings.HUB_ADDRESS,
            )
        ) from None


def _gated(hub_id: str, token: str) -> str:
    if token:
        return stored(
            "The owner of this token may not fetch %(id)s. Accept the model’s terms on its page at "
            "the hub, or enter another token.",
            id=hub_id,
        )
    return stored(
        "%(id)s is given only to people who accepted its terms on its page at the hub. Accept them "
        "there, then enter a token here.",
        id=hub_id,
    )


def _not_found(hub_id: str, token: str) -> str:
    if token:
        return stored(
            "The hub has no model “%(id)s” that this token may fetch. Check both.", id=hub_id
        )
    return stored(
        "The hub has no model “%(id)s”, or it is private. Check the id; for a private model, enter "
        "a token.",
        id=hub_id,
    )


def _refused(hub_id: str, token: str, status: int) -> str:
    if status in (401, 403):
        return _not_found(hub_id, token) if not token else stored("The hub refused the token.")
    return stored("The hub answered with an error (%(status)s). Retry later.", status=str(status))


def _of_disk(error: OSError) -> str:
    if error.errno == ENOSPC:
        return stored("The disk is full. Make room, then retry: what has been fetched is kept.")
    if error.errno is None:  # huggingface_hub raises it if a file ends early or late
        return stored("The hub sent less than it had listed. Retry: what has been fetched is kept.")
    return stored("The folder of models cannot be written: %(error)s", error=error.strerror)
