"""Uploads too large are refused while they arrive, before they take memory or disk."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class TooLargeFile(UploadedFile[bytes]):
    """Stands for a file that was refused: its name, and nothing of its content."""

    def close(self) -> None:
        """Django closes every file of a request; this one was never opened."""


class LimitHandler(FileUploadHandler):
    """Drops a file as soon as it exceeds ``UPLOAD_LIMIT_MB`` megabytes."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        is_within = start + len(raw_data) <= limit()
        return raw_data if is_within else None  # None: later handlers see no more of this file

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if file_size <= limit():
            return None
        return TooLargeFile(name=self.file_name, size=file_size)


def limit() -> int:
    """Return how many bytes a document may have."""
    return settings.UPLOAD_LIMIT_MB * 1_000_000
