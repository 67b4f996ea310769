"""Fetch models of a hub into the folder of models, in the background.

A fetch can be stopped at any time, by a person or because its worker dies: what has been fetched
stays in the fetch’s folder, and the next worker goes on from there, with the same commit. Only a
complete model becomes an AddedModel, which projects can choose.
"""

import logging
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from qareview import added_models, hub, jobs
from qareview.encryption import CannotDecrypt, decrypt
from qareview.hub import Snapshot, Stopped
from qareview.models import AddedModel, JobState, ModelFetch
from qareview.stored_sentences import stored

logger = logging.getLogger(__name__)

STORE_SECONDS = 0.5  # between two reports of progress; pages ask every 1.5; chosen
STOP_SECONDS = 5  # that a stopped download has to end; chosen; nobody measured
SPARE = 500_000_000  # bytes that stay free on the disk; chosen; nobody measured
UNFINISHED = ".fetching"  # a file in folders whose model is not complete

_one_at_a_time = threading.Lock()  # in this process


def start() -> None:
    """Fetch queued models in a thread, so that this worker goes on with its other work."""
    if _one_at_a_time.acquire(blocking=False):
        threading.Thread(target=_fetch_all, name="fetching", daemon=True).start()


def _fetch_all() -> None:
    try:
        work_off_fetches()
    finally:
        connection.close()
        _one_at_a_time.release()


def work_off_fetches() -> None:
    """Fetch models, one by one, until none is queued."""
    _remove_left_folders()
    jobs.work_off(ModelFetch, 1, lambda rows: carry_out(rows[0]))


def order_fetch(fetch: ModelFetch) -> None:
    """Store a new fetch, or one that was changed after it failed, and queue it from the start."""
    if fetch.folder:
        remove_files(fetch.folder)
    fetch.folder = f"{fetch.hub_id.replace('/', '--')}-{uuid.uuid4().hex[:8]}"
    fetch.commit, fetch.size, fetch.fetched = "", 0, 0
    fetch.state, fetch.attempts, fetch.error, fetch.finished_at = JobState.QUEUED, 0, "", None
    fetch.save()
    jobs.wake_workers(ModelFetch)


def carry_out(fetch: ModelFetch) -> None:
    """Fetch a claimed model; continue where it stopped.

    Raises LeaseLost if it was cancelled or another worker has claimed it, and JobFailed.
    """
    folder = folder_of(fetch.folder)
    try:
        token = _token(fetch)
        snapshot = hub.snapshot_of(fetch.hub_id, fetch.commit or fetch.revision, token)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / UNFINISHED).touch()
        _check_space(snapshot, folder)
        with jobs.storing([fetch]):
            fetch.commit, fetch.size = snapshot.commit, snapshot.size
            fetch.save(update_fields=["commit", "size"])
        if _download(fetch, snapshot, token):
            _finish(fetch)
        else:
            jobs.return_jobs([fetch])
    finally:
        if not ModelFetch.objects.filter(pk=fetch.pk, folder=fetch.folder).exists():
            remove_files(fetch.folder)


def _token(fetch: ModelFetch) -> str:
    try:
        return decrypt(fetch.encrypted_token) if fetch.encrypted_token else ""
    except CannotDecrypt:
        raise jobs.JobFailed(
            stored(
                "The token cannot be decrypted, because the secret key of this installation has "
                "changed. Enter it again."
            )
        ) from None


def _check_space(snapshot: Snapshot, folder: Path) -> None:
    needed = snapshot.size - hub.fetched_size(snapshot, folder) + SPARE
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise jobs.JobFailed(
            stored(
                "There is not enough space: the model needs %(needed)s MB, and %(free)s MB are "
                "free in the folder of models.",
                needed=needed // 1_000_000,
                free=free // 1_000_000,
            )
        )


class _Download:
    """Downloads a model in a thread, which does not use the database."""

    def __init__(self, snapshot: Snapshot, folder: Path, token: str) -> None:
        self.fetched = hub.fetched_size(snapshot, folder)
        self.error: Exception | None = None
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=self._run, args=(snapshot, folder, token), name="download", daemon=True
        )
        self.thread.start()

    def _run(self, snapshot: Snapshot, folder: Path, token: str) -> None:
        try:
            hub.fetch(snapshot, folder, token, self._report)
        except Exception as error:  # it is raised again where the job is worked on
            self.error = error

    def _report(self, count: int) -> None:
        if self.stop.is_set():
            raise Stopped
        self.fetched += count


def _download(fetch: ModelFetch, snapshot: Snapshot, token: str) -> bool:
    """Download a model and store how far it is; return False if this worker has to stop."""
    download = _Download(snapshot, folder_of(fetch.folder), token)
    try:
        while download.thread.is_alive() and not jobs.stopping.is_set():
            download.thread.join(STORE_SECONDS)
            _store_progress(fetch, download.fetched)
    finally:
        download.stop.set()
        download.thread.join(STOP_SECONDS)
    if isinstance(download.error, Stopped) or download.thread.is_alive():
        return False
    if download.error:
        raise download.error
    return True


def _store_progress(fetch: ModelFetch, fetched: int) -> None:
    with jobs.storing([fetch]):
        fetch.fetched = fetched
        fetch.save(update_fields=["fetched"])


def _finish(fetch: ModelFetch) -> None:
    """Let projects choose the model that has been fetched, and forget its token."""
    folder = folder_of(fetch.folder)
    try:
        with jobs.finishing([fetch]):
            fetch.model = AddedModel.objects.create(
                name=fetch.name,
                backend="transformers",
                path=str(folder),
                context=fetch.context,
                created_by_id=fetch.created_by_id,
            )
            fetch.encrypted_token, fetch.fetched = "", fetch.size
            fetch.save(update_fields=["model", "encrypted_token", "fetched"])
    except IntegrityError:
        raise jobs.JobFailed(
            stored(
                "There is already a model named “%(name)s”. Enter another name.", name=fetch.name
            )
        ) from None
    (folder / UNFINISHED).unlink(missing_ok=True)
    jobs.sweep()  # wakes workers for what had to wait for such a model


def cancel_fetch(fetch: ModelFetch) -> None:
    """Forget a fetch that is not done, and delete what it has fetched. Its worker soon stops."""
    deleted, _ = ModelFetch.objects.filter(pk=fetch.pk, model=None).delete()
    if deleted:
        remove_files(fetch.folder)


@transaction.atomic
def remove_fetched_model(model: AddedModel, user: Any, with_files: bool) -> None:
    """Remove a model that was fetched, and its files if they are not wanted any more.

    Raises :class:`qareview.added_models.InUse`.
    """
    folder = model.fetch.folder
    others = AddedModel.objects.exclude(pk=model.pk).filter(path__startswith=str(folder_of(folder)))
    if with_files and (other := others.first()):
        raise added_models.InUse(
            stored(
                "The files are also used by the model %(model)s. Remove that first.",
                model=other.name,
            )
        )
    added_models.remove_model(model, user)
    if with_files:
        transaction.on_commit(lambda: remove_files(folder))


def folder_of(name: str) -> Path:
    """Return the folder into which a model is fetched, by its name."""
    return Path(settings.MODELS_DIR) / "hub" / name


def remove_files(name: str) -> None:
    """Delete the folder of a fetched model, if it is there."""
    shutil.rmtree(folder_of(name), ignore_errors=True)


def _remove_left_folders() -> None:
    """Delete what a worker left that was killed right after its fetch was cancelled."""
    for marker in folder_of("").glob(f"*/{UNFINISHED}"):
        if not ModelFetch.objects.filter(folder=marker.parent.name).exists():
            remove_files(marker.parent.name)
