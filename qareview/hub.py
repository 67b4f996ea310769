"""Read what a model of a hub consists of, and fetch its files.

The hub’s address is settings.HUB_ADDRESS. What it says is not trusted: only files directly in the
model’s folder with names of a known kind are fetched, each must have the size and the checksum that
the hub listed before, and weights that are programs (pickles) are never fetched.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from qareview.hub_client import UNCOMPRESSED, explaining, set_up_library
from qareview.jobs import JobFailed
from qareview.stored_sentences import stored

MOST_FILES = 1000  # of a model; the largest models have some hundred; chosen; nobody measured
MOST_OF_SMALL = 100_000_000  # bytes of a file other than weights; tokenizers have up to 40 MB
MOST_OF_WEIGHTS = 50_000_000_000  # bytes of a file, as huggingface_hub’s MAX_HTTP_DOWNLOAD_SIZE
CONFIGURATION = "config.json"
PART = ".part"  # ends the name of a file that is not complete
WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")  # the names that transformers loads
OTHERS = re.compile(
    r"[\w.\-]+\.(json|jinja|model|tiktoken)|vocab\.txt|merges\.txt|LICENSE[\w.\-]*", re.ASCII
)
PICKLED = re.compile(r".*\.(bin|pt|pth|ckpt|pkl|pickle)")
COMMIT = re.compile(r"[0-9a-f]{40}")


class Stopped(Exception):
    """Fetching was asked to stop."""


@dataclass(frozen=True)
class HubFile:
    """A file of a model; ``sha256`` is empty for files that the hub keeps no checksum of."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Snapshot:
    """The files of a model at one commit: its configuration, other small ones, then its weights."""

    hub_id: str
    commit: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


def snapshot_of(hub_id: str, revision: str, token: str) -> Snapshot:
    """Return what is to be fetched of a model. Raises JobFailed, with what is wrong."""
    with explaining(hub_id, revision, token):
        from huggingface_hub import HfApi

        set_up_library()
        api = HfApi(endpoint=settings.HUB_ADDRESS, token=token or False, headers={**UNCOMPRESSED})
        info = api.model_info(hub_id, revision=revision or "main", files_metadata=True)
        if not COMMIT.fullmatch(info.sha or ""):
            raise ValueError(info.sha)
        siblings = info.siblings or []
        names = [str(sibling.rfilename) for sibling in siblings]
        wanted = set(_wanted(hub_id, names))
        files = [_file(sibling) for sibling in siblings if sibling.rfilename in wanted]
    return Snapshot(hub_id, info.sha or "", tuple(sorted(files, key=_place)))


def _wanted(hub_id: str, names: list[str]) -> list[str]:
    """Return the names of the files that transformers needs."""
    weights = [name for name in names if WEIGHTS.fullmatch(name)]
    if "model.safetensors" in weights:
        weights = ["model.safetensors"]  # transformers prefers it to shards
    if not weights and any(PICKLED.fullmatch(name) for name in names):
        raise JobFailed(
            stored(
                "%(id)s has its weights only in a format that can run programs (pickle). QAReview "
                "loads only safetensors. Choose a model that has them.",
                id=hub_id,
            )
        )
    if not weights or CONFIGURATION not in names:
        raise JobFailed(
            stored(
                "%(id)s is no model that the library transformers can load: it needs a config.json "
                "and weights in the format safetensors.",
                id=hub_id,
            )
        )
    return [*weights, *(name for name in names if OTHERS.fullmatch(name))]


def _file(sibling: Any) -> HubFile:
    """Return a file of the hub’s list. Raises JobFailed if it is too large, ValueError if wrong."""
    size, sha256 = sibling.size, sibling.lfs.sha256 if sibling.lfs else ""
    if type(size) is not int or size < 0 or not isinstance(sha256, str):
        raise ValueError(sibling.rfilename)
    most = MOST_OF_WEIGHTS if WEIGHTS.fullmatch(sibling.rfilename) else MOST_OF_SMALL
    if size > most:
        raise JobFailed(
            stored(
                "The file %(name)s has %(size)s MB. At most %(most)s MB are fetched.",
                name=sibling.rfilename,
                size=size // 1_000_000,
                most=most // 1_000_000,
            )
        )
    return HubFile(sibling.rfilename, size, sha256)


def _place(file: HubFile) -> tuple[bool, bool, str]:
    """Sort the configuration first, so that a model of no use is found out early."""
    return bool(WEIGHTS.fullmatch(file.name)), file.name != CONFIGURATION, file.name


def fetched_size(snapshot: Snapshot, folder: Path) -> int:
    """Return how many bytes of a model are in a folder."""
    paths = [folder / file.name for file in snapshot.files]
    parts = [path.with_name(path.name + PART) for path in paths]
    return sum(path.stat().st_size for path in (*paths, *parts) if path.is_file())


def fetch(snapshot: Snapshot, folder: Path, token: str, report: Callable[[int], None]) -> None:
    """Fetch the files that are not yet in a folder, and go on with one that is there in part.

    ``report`` gets the number of bytes that came, which is negative if they must come again; it
    may raise Stopped. Raises JobFailed, with what is wrong.
    """
    if len(snapshot.files) > MOST_FILES:
        raise JobFailed(stored("The model has more than %(most)s files.", most=MOST_FILES))
    with explaining(snapshot.hub_id, snapshot.commit, token):
        for file in snapshot.files:
            _fetch_file(snapshot, file, folder, token, report)
            if file.name == CONFIGURATION:
                check_writes_text(snapshot.hub_id, folder / file.name)


def _fetch_file(
    snapshot: Snapshot, file: HubFile, folder: Path, token: str, report: Callable[[int], None]
) -> None:
    path = folder / file.name
    if path.is_file():
        return
    part = path.with_name(path.name + PART)
    with part.open("ab") as target:
        if target.tell() > file.size:
            report(-target.tell())
            target.truncate(0)
        _stream(snapshot, file, target, token, report)
    if part.stat().st_size != file.size or not _has_checksum(part, file.sha256):
        part.unlink()
        raise JobFailed(_other_content(file.name))
    part.rename(path)


def _stream(
    snapshot: Snapshot, file: HubFile, target: Any, token: str, report: Callable[[int], None]
) -> None:
    """Append what is missing of a file. Raises JobFailed if more comes than the hub listed."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    set_up_library()
    start = target.tell()

    class Bar:
        """Takes the place of tqdm’s bar; it is told of bytes before they are written."""

        def __init__(self, initial: int = 0, **_: Any) -> None:
            if initial < start:
                report(initial - start)  # the server sends it from the beginning
            self.count = initial

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, count: int) -> None:
            self.count += count
            if self.count > file.size:
                target.truncate(0)
                raise JobFailed(_other_content(file.name))
            report(count)

    http_get(
        hf_hub_url(
            snapshot.hub_id, file.name, revision=snapshot.commit, endpoint=settings.HUB_ADDRESS
        ),
        target,
        resume_size=start,
        headers={**build_hf_headers(token=token or False), **UNCOMPRESSED},
        expected_size=file.size,
        displayed_filename=file.name,
        tqdm_class=Bar,  # type: ignore[arg-type]  # it calls only these
    )


def _has_checksum(path: Path, sha256: str) -> bool:
    if not sha256:
        return True
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == sha256


def _other_content(name: str) -> str:
    return stored(
        "The hub sent another content of %(name)s than it had listed. Retry; if it happens again, "
        "do not use this model.",
        name=name,
    )


def check_writes_text(hub_id: str, path: Path) -> None:
    """Check that a configuration is of a model that writes text. Raises JobFailed if it is not."""
    from transformers.models.auto import modeling_auto

    known = {
        *modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values(),
        *modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES.values(),
    }
    configuration = _configuration(path)
    kinds = configuration.get("architectures")
    kinds = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []
    if known & set(kinds):
        return
    if configuration.get("auto_map"):
        raise JobFailed(
            stored(
                "%(id)s runs only with program code of its own, which QAReview does not run.",
                id=hub_id,
            )
        )
    raise JobFailed(
        stored(
            "%(id)s does not write text (%(kind)s). Choose a model for text generation.",
            id=hub_id,
            kind=", ".join(kinds)[:100] or CONFIGURATION,
        )
    )


def _configuration(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
