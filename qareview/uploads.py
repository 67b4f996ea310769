"""Refuse uploads that are too large as they arrive, before they fill memory or disk."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class TooLargeFile(UploadedFile[bytes]):
    """A file that was refused: it has a name and a size, but no content."""

    def close(self) -> None:
        """Do nothing: Django closes every file of a request, but this file was never opened."""


class LimitHandler(FileUploadHandler):
    """Drops a file as soon as it exceeds ``UPLOAD_LIMIT_MB`` megabytes."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        is_within = start + len(raw_data) <= limit_bytes()
        return raw_data if is_within else None  # None: later handlers see no more of this file

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if file_size <= limit_bytes():
            return None
        return TooLargeFile(name=self.file_name, size=file_size)


def limit_bytes() -> int:
    """Return the limit of the size of an uploaded file, in bytes."""
    return settings.UPLOAD_LIMIT_MB * 1_000_000
