"""Take files only from who may send them, and only as many as there is room for."""

import enum
import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    SkipFile,
    StopUpload,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest, HttpResponse

from qareview import access
from qareview.models import Role

View = TypeVar("View", bound=Callable[..., HttpResponse])
MEGABYTE = 1_000_000


class Refusal(enum.Enum):
    """Why a file was not taken."""

    SIZE = "size"
    NUMBER = "number"
    TOTAL = "total"
    ROOM = "room"


class RefusedFile(UploadedFile[bytes]):
    """A file that was refused as it arrived: it has a name and a size, but no content."""

    def __init__(self, name: str | None, size: int, refusal: Refusal) -> None:
        super().__init__(io.BytesIO(), name=name, size=size)
        self.refusal = refusal


class NoFiles(FileUploadHandler):
    """Keeps nothing of the files of a request, and stops reading one that is too large."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        length = self.request.META.get("CONTENT_LENGTH") if self.request else None
        if length and int(length) > total_bytes():
            raise StopUpload(connection_reset=True)  # the rest is not even read
        raise SkipFile  # so that the sender is still there to read the answer


class LimitHandler(FileUploadHandler):
    """Drops a file as soon as it is too large, or there are too many, or the disk is full."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.files = 0  # that have begun
        self.taken = 0  # bytes of the files that are complete
        self.refusal: Refusal | None = None  # of the present file

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1
        is_over = self.files > settings.UPLOAD_MOST_FILES
        self.refusal = Refusal.NUMBER if is_over else None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.refusal = self.refusal or self._refusal_at(start + len(raw_data))
        return None if self.refusal else raw_data  # None: later handlers see no more of this file

    def _refusal_at(self, size: int) -> Refusal | None:
        if size > limit_bytes():
            return Refusal.SIZE
        if self.taken + size > total_bytes():
            return Refusal.TOTAL
        return None if has_room() else Refusal.ROOM

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if self.refusal is None:
            self.taken += file_size
            return None
        return RefusedFile(self.file_name, file_size, self.refusal)


def takes_files(role: Role) -> Callable[[View], View]:
    """Mark a view of a project as one that takes files from members with at least a role."""

    def mark(view: View) -> View:
        view.files_from = role  # type: ignore[attr-defined]
        return view

    return mark


def from_members_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that has files taken by views marked with :func:`takes_files`.

    Elsewhere, FILE_UPLOAD_HANDLERS keep none. It stands before CsrfViewMiddleware, which reads the
    body of a request before anyone has asked who sends it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_view = _choose_handlers  # type: ignore[attr-defined]  # Django asks for it
    return middleware


def _choose_handlers(
    request: HttpRequest, view: Callable[..., HttpResponse], _: Any, names: dict[str, Any]
) -> None:
    role = getattr(view, "files_from", None)
    is_file = request.content_type == "multipart/form-data"
    if role is not None and is_file and access.has_role(request.user, names["slug"], role):
        request.upload_handlers = [LimitHandler(request), TemporaryFileUploadHandler(request)]


def limit_bytes() -> int:
    """Return the limit of the size of an uploaded file, in bytes."""
    return settings.UPLOAD_LIMIT_MB * MEGABYTE


def total_bytes() -> int:
    """Return the limit of all files of an upload together, in bytes."""
    return settings.UPLOAD_TOTAL_MB * MEGABYTE


def has_room() -> bool:
    """Return whether the disks that files are stored on have more room than is kept free."""
    return all(free > settings.DISK_RESERVE_MB * MEGABYTE for free in _free_bytes())


def _free_bytes() -> Iterable[int]:
    for folder in (settings.FILE_UPLOAD_TEMP_DIR, settings.MEDIA_ROOT):
        existing = next(path for path in (folder, *Path(folder).parents) if Path(path).exists())
        yield shutil.disk_usage(existing).free
