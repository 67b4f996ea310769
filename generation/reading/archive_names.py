"""Tell the names of an archive's files, and which of them are no documents."""

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from generation.reading import likely_encodings

_IS_UTF_8 = 0x800  # flag of a file whose name is in UTF-8 (ZIP specification, 4.4.4)
_UNICODE_PATH = 0x7075  # field that repeats a name in UTF-8 (ZIP specification, 4.6.9)

# Folders and files that systems and programs leave behind, beside those that are hidden.
_FOLDERS = {"__macosx", "__pycache__", "node_modules"}
_FILES = re.compile(r"~\$.*|thumbs\.db|ehthumbs\.db|desktop\.ini", re.IGNORECASE)


def names_of(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of the files of an archive, with “/” between their folders.

    A name that does not say its encoding is in the one in which all such names make sense.
    """
    raw_names = [_raw_name(info) for info in infos]
    encoding = _encoding(b"\n".join(name for name in raw_names if isinstance(name, bytes)))
    return [
        (name if isinstance(name, str) else name.decode(encoding, errors="replace")).replace(
            "\\", "/"
        )
        for name in raw_names
    ]


def is_document(name: str) -> bool:
    """Return whether a file may be a document, by its name and its folders.

    What begins with a dot is hidden on most systems, such as “.env” and “.git”.
    """
    *folders, last = PurePosixPath(name).parts or ("",)
    is_hidden = any(part.startswith(".") and part != ".." for part in (*folders, last))
    is_left = _FOLDERS & {folder.lower() for folder in folders} or _FILES.fullmatch(last)
    return not is_hidden and not is_left


def _raw_name(info: zipfile.ZipInfo) -> str | bytes:
    """Return a name, or its bytes if the archive does not say in which encoding they are."""
    if info.flag_bits & _IS_UTF_8:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")  # as which zipfile decodes them
    return _unicode_path(info.extra, raw) or raw


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """Return the name that the field for it has, or ""; it counts only if its checksum fits."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            return field[5:].decode(errors="replace")
    return ""


def _encoding(names: bytes) -> str:
    try:
        names.decode()
    except UnicodeDecodeError:
        return likely_encodings.likeliest(names, is_name=True) or "cp437"
    return "utf-8"
