"""What reading a damaged ZIP archive raises."""

import lzma
import zipfile
import zlib

# NotImplementedError stands for a compression that Python does not know, ValueError for a name that
# is not in the encoding that it says.
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, EOFError, OSError, ValueError),
)
