"""The real settings; only password hashing is cheap, since tests make many users."""

from qareview.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
