"""Read web pages that a browser saved with their pictures in one file (MHTML, RFC 2557)."""

import email
import email.policy
import tempfile
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from generation.reading import webpages
from generation.reading.office_packages import damaged
from generation.reading.readings import Choices, Reading


def read_saved_page(path: Path, choices: Choices) -> Reading:
    """Read the page in a file; its pictures and frames are not looked at. Raises CannotRead."""
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(_page(path.read_bytes()).encode())
        file.flush()
        return webpages.read_page(Path(file.name), choices)


def _page(data: bytes) -> str:
    """Return the first page in a file. Raises CannotRead."""
    try:
        message = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
        page = next(part for part in message.walk() if part.get_content_type() == "text/html")
        content = page.get_content()
    except (StopIteration, RecursionError, ValueError, LookupError, AttributeError, TypeError):
        raise damaged("MHTML") from None
    return content if isinstance(content, str) else ""
