"""Text as PostgreSQL can store it."""


def storable(text: str) -> str:
    """Return a text as PostgreSQL can store it: no NUL and no surrogates. Line ends become LF."""
    if "\r" in text or "\0" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text if text.isascii() else text.encode(errors="replace").decode()
