"""Read parts of a ZIP archive within limits, and what reading a damaged one raises."""

import lzma
import zipfile
import zlib

from generation.reading.readings import CannotRead
from qareview.stored_sentences import stored

MOST_BYTES = 200_000_000  # of the parts that are read of a file; chosen; nobody measured
# NotImplementedError stands for a compression that Python does not know, ValueError for a name that
# is not in the encoding that it says.
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, EOFError, OSError, ValueError),
)


class ZipParts:
    """The parts of a ZIP file, as many bytes as MOST_BYTES together."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_BYTES

    def read(self, part: str | zipfile.ZipInfo) -> bytes:
        """Return a part. Its size is counted, since the stated size may be wrong.

        Raises one of ZIP_ERRORS, RuntimeError if it is encrypted, and CannotRead if all parts
        together have more than MOST_BYTES.
        """
        with self._archive.open(part) as file:
            data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise CannotRead(
                stored(
                    "The file unpacks to more than %(megabytes)s MB. Split it into smaller files.",
                    megabytes=MOST_BYTES // 1_000_000,
                )
            )
        return data
