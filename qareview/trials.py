"""Try a model: one request of each task, with what it took, or what is wrong in a sentence."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from qareview.backends import (
    Completion,
    ModelUnavailable,
    Request,
    Trouble,
    backend_options,
    load_backend,
    servers,
)
from qareview.completions import cost_of
from qareview.stored_sentences import SentenceDecoder, SentenceEncoder, listed, stored

TRIAL_SECONDS = 50  # that a server has for each request; proxies often give a page up after 60
MOST_TOKENS = 80  # of a reply, so that a slow model is tried in seconds; chosen; nobody measured
MOST_OF_JSON = 400  # the same where a schema is asked for, with which a cut reply is of no use
LOCAL_SECONDS = 300  # that a model on this machine has to load and answer; chosen; nobody measured


@dataclass(frozen=True)
class TrialRequest:
    """The request of a task, and what returns in a sentence why a reply to it is of no use."""

    label: str
    request: Request
    objection_to: Callable[[Completion], str]


@dataclass(frozen=True)
class Reply:
    """What a model answered to the request of a task."""

    task: str
    text: str
    error: str
    tokens_in: int
    tokens_out: int
    milliseconds: int
    cost: str

    @property
    def tokens_per_second(self) -> float:
        """How fast it wrote, from the request to the last token."""
        return 1000 * self.tokens_out / max(1, self.milliseconds)


@dataclass(frozen=True)
class Trial:
    """The replies of a model, or what keeps it from answering: its kind, and a sentence."""

    replies: list[Reply] = field(default_factory=list)
    trouble: str = ""
    kind: str = ""

    @property
    def cost(self) -> Decimal:
        """What all requests together cost."""
        return sum((Decimal(reply.cost) for reply in self.replies), Decimal(0))


def try_model(model: str) -> Trial:
    """Send one request of each task to a model, with the built-in prompts that suit it.

    A model that is loaded into memory is tried in a process of its own, which frees it afterwards.
    """
    try:
        options = backend_options(model)
    except ModelUnavailable as reason:
        return Trial(trouble=str(reason), kind=reason.kind.value)
    return _try_apart(model) if options["backend"] == "transformers" else try_here(model)


def try_here(model: str) -> Trial:
    """Try a model in this process, as :func:`try_model`."""
    asked: list[TrialRequest] = import_string(settings.MODEL_TRIALS)(model)
    try:
        options = backend_options(model)
        if options["backend"] == "openai":
            options |= {"seconds": TRIAL_SECONDS, "tries": 1}
        written = load_backend(options).complete([_shortened(each.request) for each in asked])
    except ModelUnavailable as reason:
        return _explained(model, str(reason), reason.kind)
    errors = [completion.error for completion in written]
    if all(errors):
        return _explained(model, errors[0], Trouble.OTHER)
    return Trial([_reply(model, *pair) for pair in zip(asked, written, strict=True)])


def _shortened(request: Request) -> Request:
    most = MOST_OF_JSON if request.schema else MOST_TOKENS
    return replace(request, max_tokens=min(request.max_tokens, most))


def _reply(model: str, asked: TrialRequest, completion: Completion) -> Reply:
    return Reply(
        task=asked.label,
        text=completion.text,
        error=completion.error or _why_empty(completion) or asked.objection_to(completion),
        tokens_in=completion.tokens_in,
        tokens_out=completion.tokens_out,
        milliseconds=completion.milliseconds,
        cost=str(cost_of(model, completion)),
    )


def _why_empty(completion: Completion) -> str:
    if completion.text:
        return ""
    if completion.cut_off:
        return stored(
            "The reply was cut off before its first word. A model that thinks first needs "
            "prompts with more output tokens."
        )
    return stored("The reply was empty.")


def _explained(model: str, sentence: str, kind: Trouble) -> Trial:
    """Return what went wrong, told apart by what the server says of its models.

    Servers answer alike to a name that they do not know and to an address that is not theirs.
    """
    options = backend_options(model)
    unclear = (Trouble.NAME, Trouble.PROTOCOL, Trouble.OTHER)
    if options["backend"] != "openai" or kind not in unclear:
        return Trial(trouble=sentence, kind=kind.value)
    served = servers.served_by(options)
    if served and options["name"] not in served:
        return Trial(trouble=_unknown_name(options, served), kind=Trouble.NAME.value)
    if served is None and kind is not Trouble.OTHER:
        return Trial(trouble=_no_api(options["url"]), kind=Trouble.PROTOCOL.value)
    return Trial(trouble=sentence, kind=kind.value)


def _unknown_name(options: dict[str, Any], served: list[str]) -> str:
    return stored(
        "The server at %(url)s has no model named “%(name)s”. It has: %(names)s.",
        url=options["url"],
        name=options["name"],
        names=listed(served),
    )


def _no_api(url: str) -> str:
    return stored(
        "A server answers at %(url)s, but not with OpenAI’s API. Check the address: it usually "
        "ends with /v1.",
        url=url,
    )


def _try_apart(model: str) -> Trial:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "try_model", model, "--json"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LOCAL_SECONDS)
    except subprocess.TimeoutExpired:
        return Trial(
            trouble=stored(
                "The model did not answer within %(seconds)s seconds. Other work may keep this "
                "machine busy. Try again later.",
                seconds=LOCAL_SECONDS,
            ),
            kind=Trouble.SILENT.value,
        )
    try:
        return from_json(ended.stdout)
    except ValueError:
        return Trial(
            trouble=stored(
                "The model could not be tried. The last line of the error was: %(line)s",
                line=(ended.stderr.strip().splitlines() or [""])[-1],
            ),
            kind=Trouble.OTHER.value,
        )


def as_json(trial: Trial) -> str:
    """Return a trial as JSON that :func:`from_json` reads."""
    return json.dumps(asdict(trial), cls=SentenceEncoder)


def from_json(text: str) -> Trial:
    """Return the trial that :func:`as_json` was given. Raises ValueError."""
    values = json.loads(text, cls=SentenceDecoder)
    return Trial([Reply(**reply) for reply in values["replies"]], values["trouble"], values["kind"])
