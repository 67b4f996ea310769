"""Encrypt short texts for the database, such as keys of model servers, with the secret key.

The text is masked with a stream of HMAC-SHA256 values over a random nonce and a counter, which is
counter mode with a pseudorandom function (NIST SP 800-38A, 6.5). The result is authenticated with a
second key (encrypt-then-MAC, Bellare and Namprempre 2000), so that a changed one is refused.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from itertools import count

from django.conf import settings

VERSION = "1:"  # what an encrypted text begins with
NONCE_BYTES = 16
BLOCK_BYTES = TAG_BYTES = hashlib.sha256().digest_size


class CannotDecrypt(Exception):
    """The text was encrypted with another secret key, or it was changed."""


def encrypt(text: str) -> str:
    """Return a text that only :func:`decrypt` of an installation with this secret key can read."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + _masked(text.encode(), nonce)
    return VERSION + base64.urlsafe_b64encode(sealed + _tag(sealed)).decode()


def decrypt(encrypted: str) -> str:
    """Return the text that :func:`encrypt` was given. Raises CannotDecrypt."""
    try:
        data = base64.urlsafe_b64decode(encrypted.removeprefix(VERSION))
    except (binascii.Error, ValueError):
        raise CannotDecrypt from None
    sealed, tag = data[:-TAG_BYTES], data[-TAG_BYTES:]
    if not encrypted.startswith(VERSION) or not hmac.compare_digest(tag, _tag(sealed)):
        raise CannotDecrypt
    return _masked(sealed[NONCE_BYTES:], sealed[:NONCE_BYTES]).decode()


def _masked(data: bytes, nonce: bytes) -> bytes:
    """Return data exclusive-or the key stream of a nonce; doing it twice returns the data."""
    key = _derived_key("mask")
    blocks = (
        hmac.digest(key, nonce + number.to_bytes(8, "big"), hashlib.sha256) for number in count()
    )
    starts = range(0, len(data), BLOCK_BYTES)
    stream = b"".join(block for _, block in zip(starts, blocks, strict=False))
    return bytes(byte ^ mask for byte, mask in zip(data, stream, strict=False))


def _tag(sealed: bytes) -> bytes:
    return hmac.digest(_derived_key("tag"), sealed, hashlib.sha256)


def _derived_key(purpose: str) -> bytes:
    """Return the key for a purpose, derived from the secret key by HMAC (as HKDF, RFC 5869)."""
    label = f"qareview.encryption.{purpose}"
    return hmac.digest(settings.SECRET_KEY.encode(), label.encode(), hashlib.sha256)
