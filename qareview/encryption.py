"""Encrypt short texts for the database, such as keys of model servers, with the secret key."""

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"qareview.encryption"  # so that no other use of the secret key has the same key


class CannotDecrypt(Exception):
    """The text was encrypted with another secret key, or it was changed."""


def encrypt(text: str) -> str:
    """Return a text that only :func:`decrypt` of an installation with this secret key can read."""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Return the text that :func:`encrypt` was given. Raises CannotDecrypt."""
    try:
        return _fernet(settings.SECRET_KEY).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise CannotDecrypt from None


@functools.lru_cache(maxsize=2)
def _fernet(secret: str) -> Fernet:
    """Return the cipher of a secret key, from which its key is derived (HKDF, RFC 5869)."""
    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
