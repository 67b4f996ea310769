"""Refuse uploads that are too large while they arrive, before they fill memory or disk."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class TooLargeFile(UploadedFile[bytes]):
    """Stands for a file that was refused: it has a name and a size but no content."""

    def close(self) -> None:
        """Django closes every file of a request; this one was never opened."""


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
    """Return the largest size of an uploaded file."""
    return settings.UPLOAD_LIMIT_MB * 1_000_000
